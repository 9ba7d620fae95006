"""FHIR R4: a walk over resources, and plans for shapes of resources that come often."""
