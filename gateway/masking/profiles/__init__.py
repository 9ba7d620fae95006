"""Profiles: what is done to which kind of value, and the rules of their own that they have."""
