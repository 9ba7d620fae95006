"""What field rules make of values: in JSON trees, in records' columns and segments."""
