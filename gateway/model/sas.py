"""Shared access signatures: what gives one away."""

from typing import Final

_PARAMETERS: Final = """
    rscc rscd rsce rscl rsct saoid scid sdd sduoid se ses si sig sip ske skdutid skoid sks skt sktid
    skv sp spr sr srh srq srt ss st suoid sv
"""
SAS_PARAMETERS: Final = frozenset(_PARAMETERS.split())
"""Query parameters of service, account and user delegation SAS ("Create a service SAS" and its
neighbours in the REST reference); no parameter of a Blob operation has one of these names."""
