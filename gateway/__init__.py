"""Chaperone: the one door between autonomous agents and Azure.

`pipeline.py` holds one request on one screen; `docs/architecture.md` names the file of each stage.
"""

__version__ = "0.1.0"
