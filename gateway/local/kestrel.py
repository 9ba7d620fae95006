"""Kestrel's front door for the local host: which requests it takes, and the URL it shows.

Path and query follow the rules of `gateway/ingress/kestrel.py`; here is what happens before them
(`Http1Connection` in dotnet/aspnetcore) and after them (routing). Forms that no agent needs and
that Kestrel treats in ways of their own (absolute-form, `*`, authority-form) are refused.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.ingress import kestrel

MAX_BODY = 104_857_600
"""Bytes of request body that the host lets in unless told otherwise."""

_HOST = re.compile(r"[0-9A-Za-z._~-]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?")
_PARAMETER = re.compile(r"\{(?P<rest>\*{0,2})(?P<name>[A-Za-z_]\w*)\}")


class BadRequest(Exception):
    """Kestrel would answer 400 without asking the app."""


@dataclass(frozen=True, slots=True)
class Received:
    """A request target as Kestrel understood it.

    Attributes:
        raw: path and query as sent.
        path: decoded, for routing.
        url: absolute, as the classic `HttpRequest` shows it.
        query: raw, without "?".
    """

    raw: str
    path: str
    url: str
    query: str


def receive(target: bytes, hosts: Sequence[str]) -> Received:
    """The URL of a request.

    Args:
        target: the request target as it stands in the request line.
        hosts: every Host field value.

    Raises:
        BadRequest: not origin-form, not ASCII, an encoded null, or not exactly one good Host.
    """
    if len(hosts) != 1 or not _HOST.fullmatch(hosts[0]):
        raise BadRequest("one valid Host header is required")
    try:
        raw = target.decode("ascii")
        path, mark, query = raw.partition("?")
        decoded = kestrel.decode(path)
    except ValueError:
        raise BadRequest("the request target is not valid in origin-form") from None
    if "\0" in query:
        raise BadRequest("the request target is not valid in origin-form")
    shown = f"{kestrel.encode(decoded)}{mark}{kestrel.encode_query(query)}"
    return Received(raw, decoded, f"https://{hosts[0]}{shown}", query)


def match(template: str, path: str) -> dict[str, str] | None:
    """Route values of a decoded path, or None where the template does not match.

    ASP.NET Core's rules for the templates used here: literals without regard to case, a parameter
    is one segment and never empty, a catch-all takes the rest, slashes included, and may be empty;
    one trailing slash is ignored.
    """
    segments = path.removeprefix("/").split("/")
    values: dict[str, str] = {}
    for index, part in enumerate(template.split("/")):
        parameter = _PARAMETER.fullmatch(part)
        if parameter and parameter["rest"]:
            return {**values, parameter["name"]: "/".join(segments[index:])}
        if index >= len(segments) or not segments[index]:
            return None
        if parameter:
            values[parameter["name"]] = segments[index]
        elif part.lower() != segments[index].lower():
            return None
    rest = segments[len(template.split("/")) :]
    return values if rest in ([], [""]) else None
