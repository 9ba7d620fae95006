"""The grammar as a page: `python -m gateway.operations.fhir.reference`."""

import sys
from collections.abc import Iterator
from typing import Final

from gateway.model.fhir import Interaction
from gateway.operations.fhir import actions as a
from gateway.operations.fhir import search
from gateway.operations.fhir.classification import NOT_WRITTEN, REFUSALS
from gateway.operations.fhir.facts import DESCRIBED
from gateway.operations.fhir.forms import FORMS

_PREFIX: Final = "Microsoft.HealthcareApis/workspaces/fhirservices/resources"

_HEAD: Final = """\
# FHIR operations

How the gateway reads a request for a FHIR R4 service: as one or more pairs of an Azure data
action and a resource. Every pair must be allowed. This page is made from the code (`python -m
gateway.operations.fhir.reference > docs/operations-fhir.md`); a test keeps the two in step.
Actions are those of
[Microsoft.HealthcareApis](https://learn.microsoft.com/azure/role-based-access-control/permissions/integration#microsofthealthcareapis),
shortened here: `…` stands for `Microsoft.HealthcareApis/workspaces/fhirservices/resources`. Azure
grants them for a whole service; rules of a manifest name types and ids as well: `ehr/Patient/**`
is the type with every resource of it, `ehr/Patient` the type alone, `ehr/Patient/*` each
resource.

What is not on this page is denied with `OperationUnknown`, and nothing of it is sent.

## Interactions

| interaction | request | actions |
| --- | --- | --- |
"""

_NOTES: Final = """\

`{type}` is a type of FHIR R4, `{id}` an id of the form `[A-Za-z0-9.-]{1,64}`.

- A **search** reads the type. Rules on single resources do not hold for it (`manifest check` says
  so), and areas of a FHIR connection are whole types.
- A **conditional create** is a create with `If-None-Exist`. Conditional changes need criteria, read
  the type as well, and go up with `Prefer: handling=strict`, so that no criterion is left out.
- **Patch** is JSON Patch with `add`, `replace` and `remove`; `test` would compare, `copy` and
  `move` would bring masked elements to where codes are shown. Its answer is the whole resource,
  so it reads.
- **`hardDelete=true`** on a delete asks for `…/hardDelete/action` in place of `…/delete`.
- **`$everything`** names its types: `_type=Condition,Observation`; each is an access.
- **Compartments** (`/Patient/1/Observation`), searches of the whole service, GraphQL, `_filter`,
  `_query`, `_text`, `_content`, `_contained` and `_list` are unknown.
- A **batch or transaction** has at most 100 entries: reads, searches, creates, updates and deletes,
  conditional ones included. Each is read as a request of its own, and every pair of every entry
  must be allowed. No bundle waits for a person: an entry that a rule wants approved is sent by
  itself. Tokens in bundles are refused. What goes up is composed anew from what was judged.
- **Bodies** are JSON in UTF-8 with each key once, of the type that the path names; references in
  them name resources and do not search.
- `If-Match` holds one version, `W/"3"`. `X-Provenance` and `X-HTTP-Method-Override` are refused.
"""

_SEARCH: Final = """\

## Search parameters

A parameter is a code of FHIR with at most one modifier. A parameter that reaches another type names
the type, and reading that type is an access of its own:

| form | reaches |
| --- | --- |
| `_include=Observation:subject:Patient`, `_revinclude=…`, with `:iterate` \
| both types; the answer may hold them |
| `subject:Patient.family=…`, one step; `patient.…` is `patient:Patient.…` \
| the type after the colon |
| `_has:Observation:patient:code=…`, one step | the type after `_has` |

"""

_GUESSES: Final = """\

`_format` and `_pretty` may ask for JSON and are left out; answers are FHIR JSON.

### What a search may compare

Whether a search finds something tells whether a guess is right. Where a profile masks, a search
may compare only what its answer shows: codes, references and ids always; dates, names, numbers
and addresses where the profile keeps them; years (`date=ge2023`, not of birth) where dates are
reduced to years. Everything else, `_sort` and parameters that are not known here included, is
`SearchByMaskedValue`, and so is everything but references and ids under a profile with field rules
or an imported configuration, unless every access is let through by a rule with `searches: any`.

### Tokens

Where every access is let through by a rule with `tokens: resolve`, tokens of an earlier answer are
turned back into values on their way up:

| token | where |
| --- | --- |
| `tk-…` | the id in the path of a read, `_id`, reference parameters (`subject=Patient/tk-…`) |
| `[name:…]` | `name:exact`, `family:exact`, `given:exact` |
| `[mrn:…]`, `[ssn:…]` and other numbers \
| `identifier`, with or without `system\\|`, and `:identifier` |
| `[phone:…]`, `[fax:…]`, `[email:…]` | `phone`, `email`, `telecom` |

A token stands as a whole value, at most 20 in one request; keyed hashes are not opened. It opens
in the scope that it was made in (the profile's: principal, connection or tenant), under the key in
force. In changes tokens are refused, in the
path, in criteria and in bodies. `CHAPERONE_TOKEN_OPENINGS_PER_HOUR` (600) bounds the tokens that
one principal may have turned back in an hour; the count is a blob of the state store, moved by
its ETag, so it holds over all instances, and where it cannot be known, nothing is turned back.
Intents record how many, by kind.

## Answers

- Every resource is masked as strictly as the strictest place that the request reads; an answer that
  holds a type which no rule was asked about is withheld.
- `link`, `fullUrl` and `Location` are addresses of the gateway. A `next` link holds the search
  and the service's continuation token, sealed (AES-SIV) for the caller and the connection; a page
  is judged as the search that it belongs to, under the manifest in force.
- `Location` is left out where the profile leaves no id that leads back.
- The `ETag` is the version, where that is a number; `Last-Modified` is left out where the answer is
  masked, and so are `If-None-Match` and `If-Modified-Since` of a read: its answer is always whole.
- Errors are OperationOutcomes made anew from severity, code and the path of the element;
  diagnostics and texts of the service do not pass. The service's 401 and 403 are about the
  gateway's own credential: `UpstreamCredentialRefused`.
- The capability statement is reduced to types, interactions and search parameters.

## Records

Types, words of the protocol and codes of parameters stand in records in clear. Values of parameters
never do, nor do ids unless the connection says `names: plain`: a keyed digest stands for each.

## Types that are not written

"""

_FACTS: Final = """\

## Facts

Names for conditions in rules. A fact that does not apply is empty, 0 or false. `container` is the
type of the resource that is judged, `blob` its id.

| fact | type | meaning |
| --- | --- | --- |
"""
_TYPES: Final = {str: "string", int: "int", bool: "bool"}
_ACTIONS: Final = {
    Interaction.CREATE: (a.WRITE,),
    Interaction.UPDATE: (a.WRITE,),
    Interaction.CONDITIONAL_UPDATE: (a.WRITE, a.READ),
    Interaction.PATCH: (a.WRITE, a.READ),
    Interaction.DELETE: (a.DELETE,),
    Interaction.CONDITIONAL_DELETE: (a.DELETE, a.READ),
    Interaction.VALIDATE: (a.VALIDATE,),
    Interaction.EXPORT: (a.EXPORT,),
    Interaction.BATCH: (),
}


def page() -> str:
    """The whole page, Markdown."""
    facts = (
        f"| `{name}` | {_TYPES[kind]} | {meaning} |\n"
        for name, (kind, meaning) in DESCRIBED.items()
    )
    modifiers = ", ".join(f"`:{name}`" for name in sorted(search.MODIFIERS))
    controls = ", ".join(f"`{name}`" for name in sorted(search.CONTROLS))
    words = (
        f"Modifiers: {modifiers}, and a type behind a reference. Controls: {controls}, `_sort`; "
        f"`_count` is at most {search.MAX_COUNT}.\n"
    )
    closed = ", ".join(f"`{name}`" for name in sorted(NOT_WRITTEN))
    reasons = (
        "They change what the service does by itself, or where it sends data: " + closed + ".\n"
    )
    return "".join((_HEAD, *_rows(), _NOTES, _SEARCH, words, _GUESSES, reasons, _FACTS, *facts))


def _rows() -> Iterator[str]:
    for form in FORMS:
        grants = _ACTIONS.get(form.interaction, (a.READ,))
        shown = ", ".join(f"`{grant.action.replace(_PREFIX, '…')}`" for grant in grants)
        shown = shown or "those of its entries"
        refused = " (refused)" if form.interaction in REFUSALS else ""
        path = "/" + "/".join(form.path)
        yield f"| {form.interaction.value}{refused} | {form.method} `{path}` | {shown} |\n"


if __name__ == "__main__":
    sys.stdout.write(page())
