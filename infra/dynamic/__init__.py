"""Resources that Azure's resource model has no type for: what they do is one call each."""
