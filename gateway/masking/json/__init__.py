"""JSON: a walk over members by their names."""
