"""Whether two contenders mask a document to the same bytes, numbers of one payload aside."""

import http.client
import re

from bench.rig.contender import Contender

_STEM = re.compile(rb"masked-[0-9a-f]{8}-")


def fetch(contender: Contender, size: str, seconds: float = 30) -> tuple[int, bytes]:
    """Status and body of one request.

    Raises:
        OSError: no answer in time.
    """
    host = contender.origin.removeprefix("http://")
    connection = http.client.HTTPConnection(host, timeout=seconds)
    try:
        path = contender.url(size).removeprefix(contender.origin)
        connection.request("GET", path, headers=dict(contender.headers))
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def difference(one: Contender, other: Contender, size: str) -> str:
    """What to read where both answer differently, otherwise an empty text."""
    first, second = (_STEM.sub(b"", fetch(item, size)[1]) for item in (one, other))
    if first == second:
        return ""
    at = next((n for n, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), 0)
    return f"{first[at - 30 : at + 30]!r} against {second[at - 30 : at + 30]!r}"
