"""Documents of one format each: what the engine hands a body to."""
