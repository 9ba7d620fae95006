"""The bound on the time that masking one payload takes, in every format."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from gateway.errors import Reason, Withheld
from gateway.masking.engine import mask
from tests.unit.masking.contexts import context

PERSON = '{"resourceType":"Patient","name":[{"family":"Winter"}]}'
ENTRY = f'{{"resource":{PERSON}}}'
MESSAGE = "MSH|^~\\&|A|B|C|D|20240102||ADT^A01|1|P|2.5.1\rPID|1||77^^^A^MR||Winter^Ada\r"
ELEMENT = "<row><name>Ada Winter</name><note>She was seen on 2 April.</note></row>"
PART = '--b\r\nContent-Disposition: form-data; name="note"\r\n\r\nSeen in week {}.\r\n'


def paragraphs(count: int) -> str:
    return "".join(f"Ada Winter was seen on {day} April.\n\n" for day in range(count))


Made = Callable[[int], str]
FORMATS: dict[str, tuple[str, Made]] = {
    "json": ("application/json", lambda n: '[{"note": "' + "Seen by Ada. " * n + '"}]'),
    "fhir": ("application/fhir+json", lambda _: PERSON),
    "bundle": (
        "application/fhir+json",
        lambda n: '{"resourceType":"Bundle","entry":[' + ",".join([ENTRY] * n) + "]}",
    ),
    "ndjson": ("application/fhir+ndjson", lambda n: "\n".join([PERSON] * n)),
    "csv": ("text/csv", lambda n: "name,dob\n" + "Ada Winter,1961-04-02\n" * 10 * n),
    "hl7v2": ("x-application/hl7-v2+er7", lambda n: MESSAGE * n),
    "xml": ("application/xml", lambda n: "<rows>" + ELEMENT * n + "</rows>"),
    "html": ("text/html", lambda n: "<p>Ada Winter was seen.</p>" * n),
    "multipart": (
        "multipart/form-data; boundary=b",
        lambda n: "".join(map(PART.format, range(n))) + "--b--\r\n",
    ),
    "text": ("text/plain", paragraphs),
}
LONG = ("bundle", "ndjson", "csv", "hl7v2", "multipart", "text")
"""Formats that are masked part by part."""


class Steps:
    """A clock that goes on by a second whenever it is looked at."""

    def __init__(self) -> None:
        self.now = 0

    def __call__(self) -> float:
        self.now += 1
        return self.now


def looks(kind: str, body: str, seconds: float = 1e9) -> int:
    """How often the clock is looked at while a body is masked."""
    clock = Steps()
    mask(body.encode(), kind, "", replace(context(accept=True), clock=clock, seconds=seconds))
    return clock.now


@pytest.mark.parametrize("name", FORMATS)
def test_what_takes_too_long_is_withheld(name: str) -> None:
    kind, made = FORMATS[name]
    body = made(3)
    for _ in range(20):  # what has been met before is looked at less
        looks(kind, body)
    number = looks(kind, body)
    assert number > 1
    looks(kind, body, seconds=number - 1)
    with pytest.raises(Withheld, match=f"longer than {number - 2} seconds") as caught:
        looks(kind, body, seconds=number - 2)
    assert caught.value.reason is Reason.MASKING_FAILED
    assert "less at once" in caught.value.advice


@pytest.mark.parametrize("name", LONG)
def test_the_clock_is_looked_at_again_and_again(name: str) -> None:
    kind, made = FORMATS[name]
    assert looks(kind, made(900)) >= looks(kind, made(5)) + 5


def test_a_clock_that_stands_still_bounds_nothing() -> None:
    assert mask(PERSON.encode(), "application/fhir+json", "", context(accept=True)).body
