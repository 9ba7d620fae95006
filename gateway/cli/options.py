"""Options that several commands have."""

from typing import Annotated

import typer

PersonToken = Annotated[
    str,
    typer.Option(
        envvar="CHAPERONE_TOKEN", show_default=False, help="Your own access token for the gateway."
    ),
]
"""Who acts, where an act is put on record."""
