"""The table of operations as a page: `python -m gateway.operations.blob.reference`."""

import sys
from collections.abc import Iterator
from typing import Final

from gateway.operations.blob import headers as h
from gateway.operations.blob.facts import DESCRIBED
from gateway.operations.blob.spec import Body, Level, Scope, Spec, Variant
from gateway.operations.blob.table import OPERATIONS

_HEAD: Final = """\
# Blob operations

How the gateway reads a Blob service request: as one or more pairs of an Azure RBAC action and a
resource. Every pair must be allowed. This page is made from the code
(`python -m gateway.operations.blob.reference > docs/operations-blob.md`); a test keeps the two in
step. Actions are those of
[Authorize with Microsoft Entra ID](https://learn.microsoft.com/rest/api/storageservices/authorize-with-azure-active-directory),
shortened here: `…` stands for `Microsoft.Storage/storageAccounts/blobServices`.

What is not on this page is denied with `OperationUnknown`: another method, another `comp` or
`restype`, a query parameter that the operation does not have, or a header of the list below that
it does not have.

## Operations
"""

_NOTES: Final = """\

`timeout` may occur everywhere. `*` marks a required parameter or header, `!` a header that must be
absent.

- **Write or add.** Where Azure accepts `blobs/write` or `blobs/add/action`, the gateway asks for
  `blobs/write`: only the service knows whether a request creates or overwrites. The fact
  `create_only` says that nothing can be overwritten.
- **List Blobs** is `blobs/read` on the container, as in Azure. A rule for `container/**` covers it,
  a rule for a folder does not.
- **Undelete Blob, Set Blob Legal Hold.** Azure's table of permissions and its pages on these
  operations differ; the gateway follows the data actions.
- **Expiry** counts as `blobs/delete` too, which Azure does not ask for: a blob that expires is a
  blob deleted later.
- **Restore and Rename Container** under another name read the old container and write the new one,
  like a copy. They are recognised and blocked: rules on blobs would not hold under the new name.
- **Preflight** needs no permission in Azure; here it reads the service's CORS rules.
- **Batch and query** are recognised and not carried out.
- **HEAD** discloses properties and metadata, not content.

## What headers and parameters add

| present | adds |
| --- | --- |
| `x-ms-copy-source` | `…/containers/blobs/read` on the source |
| `x-ms-copy-source-tag-option: COPY` | `…/blobs/tags/read` on the source, `…/blobs/tags/write` |
| `x-ms-source-if-tags` | `…/blobs/tags/read` on the source |
| `x-ms-previous-snapshot-url`, `prevsnapshot` | `…/containers/blobs/read` on that snapshot |
| `x-ms-tags` | `…/blobs/tags/write` |
| `x-ms-if-tags` | `…/blobs/tags/read` |
| `x-ms-immutability-policy-*`, `x-ms-legal-hold` \
| `…/blobs/immutableStorage/runAsSuperUser/action` |
| `x-ms-expiry-option` other than `NeverExpire` | `…/containers/blobs/delete` |
| `include=tags` in List Blobs | `…/blobs/tags/read` |
| `versionid` in Delete Blob | `…/blobs/deleteBlobVersion/action` in place of `…/blobs/delete` |
| `deletetype=permanent` | `…/blobs/permanentDelete/action` |

## Names

- A container has Azure's name rules, or is `$root`, `$web`, `$logs` or `$blobchangefeed`. A path of
  one segment without `restype=container` is a blob in `$root`, as Azure reads it.
- Paths are decoded once, as UTF-8. Refused: control characters, backslashes, segments that are or
  end in dots, names over 1,024 characters, and names that after decoding still hold a `%` with two
  hex digits. The last is a limit: the Functions front decodes such names a second time.
- `//` inside a blob name is legal.
- Query parameters are read without regard to case, and a repeated one is refused.
- `x-ms-version` before 2017-11-09 is refused.

## Headers that decide

Each is refused where the operation does not have it:
"""

_FACTS: Final = """\

## Facts

Names for conditions in rules. A fact that does not apply is empty, 0 or false.

| fact | type | meaning |
| --- | --- | --- |
"""

_PREFIX: Final = "Microsoft.Storage/storageAccounts/blobServices"
_TYPES: Final = {str: "string", int: "int", bool: "bool"}
_VARIANTS: Final = {
    Variant.NONE: "",
    Variant.DELETE_BLOB: "`…/containers/blobs/delete` (data)",
    Variant.SET_EXPIRY: "`…/containers/blobs/delete` (data)",
    Variant.RESTORE_CONTAINER: "",
    Variant.RENAME_CONTAINER: "`…/containers/delete` on the source",
}


def page() -> str:
    """The whole page, Markdown."""
    headers = ", ".join(f"`{name}`" for name in sorted(h.EFFECTS))
    facts = (
        f"| `{name}` | {_TYPES[kind]} | {meaning} |\n"
        for name, (kind, meaning) in DESCRIBED.items()
    )
    return "".join((_HEAD, *_rows(), _NOTES, "\n", headers, ".\n", _FACTS, *facts))


def _rows() -> Iterator[str]:
    for level, title in (
        (Level.ACCOUNT, "Account"),
        (Level.CONTAINER, "Container"),
        (Level.BLOB, "Blob"),
    ):
        yield f"\n### {title}\n\n"
        yield "| operation | request | actions | effect | answer | body |\n"
        yield "| --- | --- | --- | --- | --- | --- |\n"
        for spec in OPERATIONS:
            if level in spec.levels:
                yield _row(spec)


def _row(spec: Spec) -> str:
    cells = (
        spec.name + (" (refused)" if spec.refused else ""),
        _form(spec),
        _actions(spec),
        ", ".join(dict.fromkeys(grant.effect.value for grant in spec.grants)) or "delete",
        spec.shape.value,
        {Body.NONE: "", Body.BYTES: "bytes"}.get(spec.body, f"XML `{spec.body.value}`"),
    )
    return "| " + " | ".join(cells) + " |\n"


def _form(spec: Spec) -> str:
    fixed = [("restype", spec.restype), ("comp", spec.comp)]
    query = "&".join(f"{name}={value}" for name, value in fixed if value)
    form = f"{' '.join(sorted(spec.methods))}{f' `?{query}`' if query else ''}"
    marks = [f"`{name}`{'*' if name in spec.required else ''}" for name in sorted(spec.parameters)]
    marks += [f"`{name}`{'*' if name in spec.needs else ''}" for name in sorted(spec.headers)]
    marks += [f"`{name}`!" for name in sorted(spec.lacks)]
    return form + (f"<br>{', '.join(marks)}" if marks else "")


def _actions(spec: Spec) -> str:
    suffix = " on the account" if spec.scope is Scope.ACCOUNT else ""
    lines = [
        f"`{grant.action.replace(_PREFIX, '…')}`{' (data)' if grant.data_action else ''}{suffix}"
        for grant in spec.grants
    ]
    variant = _VARIANTS[spec.variant]
    return "<br>".join([*lines, variant] if variant else lines)


if __name__ == "__main__":
    sys.stdout.write(page())
