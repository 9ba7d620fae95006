"""Which interaction a method and a path ask for; whatever is not in this table is refused."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gateway.model.fhir import RESOURCE_TYPES, Interaction
from gateway.operations.fhir.words import unknown

_ID: Final = "{id}"
_TYPE: Final = "{type}"


@dataclass(frozen=True, slots=True)
class Form:
    """How requests for an interaction look.

    Attributes:
        method: HTTP method.
        path: segments, `{type}` and `{id}` standing for any.
        interaction: what it is.
    """

    method: str
    path: tuple[str, ...]
    interaction: Interaction


FORMS: Final = (
    Form("GET", ("metadata",), Interaction.CAPABILITIES),
    Form("GET", (_TYPE, _ID), Interaction.READ),
    Form("GET", (_TYPE, _ID, "_history", _ID), Interaction.VREAD),
    Form("GET", (_TYPE, _ID, "_history"), Interaction.HISTORY_INSTANCE),
    Form("GET", (_TYPE, "_history"), Interaction.HISTORY_TYPE),
    Form("GET", (_TYPE,), Interaction.SEARCH),
    Form("POST", (_TYPE, "_search"), Interaction.SEARCH),
    Form("POST", (_TYPE,), Interaction.CREATE),
    Form("PUT", (_TYPE, _ID), Interaction.UPDATE),
    Form("PUT", (_TYPE,), Interaction.CONDITIONAL_UPDATE),
    Form("PATCH", (_TYPE, _ID), Interaction.PATCH),
    Form("DELETE", (_TYPE, _ID), Interaction.DELETE),
    Form("DELETE", (_TYPE,), Interaction.CONDITIONAL_DELETE),
    Form("GET", ("Patient", _ID, "$everything"), Interaction.EVERYTHING),
    Form("POST", (_TYPE, "$validate"), Interaction.VALIDATE),
    Form("GET", ("$export",), Interaction.EXPORT),
    Form("GET", ("Patient", "$export"), Interaction.EXPORT),
    Form("GET", ("Group", _ID, "$export"), Interaction.EXPORT),
    Form("POST", (), Interaction.BATCH),
)
"""Every form; a bundle's `type` tells a transaction from a batch, a header a conditional create."""

CRITERIA: Final = frozenset(
    {
        Interaction.CONDITIONAL_CREATE,
        Interaction.CONDITIONAL_UPDATE,
        Interaction.CONDITIONAL_DELETE,
    }
)
"""Interactions that search before they change."""

_BY_LENGTH: Final[Mapping[tuple[str, int], tuple[Form, ...]]] = {
    (method, length): tuple(
        form for form in FORMS if form.method == method and len(form.path) == length
    )
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE")
    for length in range(5)
}


def recognise(method: str, path: tuple[str, ...]) -> Interaction:
    """The interaction.

    Raises:
        Blocked: none has this form.
    """
    for form in _BY_LENGTH.get((method, len(path)), ()):
        if all(map(_fits, form.path, path)):
            return form.interaction
    raise unknown("No interaction of the FHIR service has this form.")


def _fits(wanted: str, given: str) -> bool:
    if wanted == _TYPE:
        return given in RESOURCE_TYPES
    if wanted == _ID:
        return given[:1] not in {"_", "$"}
    return wanted == given
