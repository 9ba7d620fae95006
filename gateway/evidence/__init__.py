"""Evidence as values: record schema, hash chain, offline verification, the three answers."""
