"""What the name of a field, a label beside a value, or a bare number says."""
