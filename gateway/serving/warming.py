"""What the first forwarded answer needs, made ready while the gateway waits for the network."""

from contextlib import suppress


def warm_up() -> None:
    """Import the masking engine and the manifest's schema, compile recognisers; for a thread.

    A request would otherwise spend that time between its upstream's answer and its own.
    """
    from gateway.evidence.schema import RecordInvalid, parse  # noqa: PLC0415
    from gateway.masking import engine  # noqa: PLC0415 - large: see `terms`
    from gateway.operations import fhir as _  # noqa: F401, PLC0415
    from gateway.policy import compiler, manifest  # noqa: F401, PLC0415
    from gateway.serving import fhir, opening  # noqa: F401, PLC0415

    with suppress(RecordInvalid):
        parse(b"")  # builds the validator of records
    engine.warm_up()
