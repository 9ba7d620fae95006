"""What the first masked answer needs, made ready while the gateway waits for the network."""


def warm_up() -> None:
    """Import the masking engine and compile its recognisers; for a thread.

    A request would otherwise spend that time between its upstream's answer and its own.
    """
    from gateway.masking import engine  # noqa: PLC0415 - large: see `terms`

    engine.warm_up()
