"""HTTP in and out: Functions messages to model values, errors to Azure's shapes, triggers."""
