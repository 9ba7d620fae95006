"""How each credential kind signs a request: pure, the credential and the time passed in."""
