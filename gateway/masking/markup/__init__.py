"""XML, CDA and HTML: a walk over elements."""
