"""The local host: Azurite, a development identity provider, synthetic patients, the demo."""
