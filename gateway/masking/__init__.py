"""Masking: what may be seen of an answer, by profile; the engine is `gateway.masking.engine`."""
