"""Who can be kept out, and by what: identifiers of the deny list."""

import re
from collections.abc import Mapping

from gateway.errors import InvalidRequest

# None of these characters is one that Table storage forbids in keys (/ \ # ? and control
# characters), so that nothing needs escaping.
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
FORMS: Mapping[str, re.Pattern[str]] = {
    "oid": _GUID,
    "azp": _GUID,
    "uti": re.compile(r"[0-9a-z_-]{1,128}", re.ASCII),
    "session": re.compile(r"[0-9a-f]{32}", re.ASCII),
}
"""What an identifier of each kind looks like, in lower case."""


def identifier(kind: str, value: str) -> tuple[str, str]:
    """Kind and value as the deny list and its records have them.

    Raises:
        InvalidRequest: an unknown kind, or a value that cannot be an identifier of that kind.
    """
    form = FORMS.get(kind)
    if form is None:
        raise InvalidRequest("the kind of a denial is oid, azp, uti or session")
    value = value.strip().lower()
    if not form.fullmatch(value):
        raise InvalidRequest(
            "the value cannot be an identifier of that kind",
            advice="oid and azp are GUIDs, a session is 32 hex digits, a uti letters, digits, _, -",
        )
    return kind, value
