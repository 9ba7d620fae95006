"""The version of the masking engine, for those who say it and need nothing else of the engine."""

ENGINE_VERSION = "17"
"""Part of derived entity tags: changes whenever the same input would be masked to other bytes."""
