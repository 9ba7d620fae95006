"""Adapters: one module per outside system, each translating its library for `gateway.ports`."""
