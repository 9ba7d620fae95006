"""Values that every stage speaks: frozen, without I/O, without a clock."""
