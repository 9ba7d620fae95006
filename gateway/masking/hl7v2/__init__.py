"""HL7 v2: what stands in segments, fields and components, and what becomes of it."""
