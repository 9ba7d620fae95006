"""Verify an Entra ID access token against a given key; claims become a Principal.

The caller's order: `bearer` takes the token from the request, `header` names the key,
`claimed_tenant` the key set, and `verify` decides, signature first.
"""
