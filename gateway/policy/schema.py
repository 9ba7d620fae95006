"""The schema applied to a tree: a document, or every place where it does not fit."""

import re
from typing import Annotated, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from gateway.policy.document import FORMS, Document
from gateway.policy.faults import Fault, Path, suggestion
from gateway.policy.profile_document import Profile
from gateway.policy.syntax import MISSING, Tree, step

_QUOTED = re.compile(r"'([^']*)'")
_FIXED = {
    "union_tag_not_found": '"kind" is missing',
    "too_short": "must not be empty",
    "too_long": "at most {max_length} entries",
    "tuple_type": "expected a list",
    "dict_type": "expected a mapping",
    "model_type": "expected a mapping",
    "model_attributes_type": "expected a mapping",
}


def validate(tree: Tree) -> Document | tuple[Fault, ...]:
    """The document in `tree`, or its faults."""
    try:
        return Document.model_validate(tree.value)
    except ValidationError as error:
        details = error.errors(include_url=False)
        return tuple(_fault(tree, detail) for detail in details if not _follows(detail))


def validate_profile(tree: Tree, name: str) -> Profile | tuple[Fault, ...]:
    """The profile of this name under `profiles` in `tree`, or its faults."""
    here: Path = ("profiles", name)
    value = tree.value
    for part in here:
        value = step(value, part)
    try:
        return Profile.model_validate(value)
    except ValidationError as error:
        details = error.errors(include_url=False)
        placed: list[ErrorDetails] = [{**one, "loc": (*here, *one["loc"])} for one in details]
        return tuple(_fault(tree, detail) for detail in placed if not _follows(detail))


def _follows(detail: ErrorDetails) -> bool:
    """Whether the fault only follows from others: a list is "too short" if its items are bad."""
    return detail["type"] == "too_short" and bool(detail["input"])


def _fault(tree: Tree, detail: ErrorDetails) -> Fault:
    location = detail["loc"]
    path = _path(tree.value, location)
    if detail["type"] == "missing":
        return tree.fault(path, f'"{location[-1]}" is missing')
    return tree.fault(path, _message(detail))


def _path(value: object, location: Path) -> Path:
    """`location` without the tags of unions, which stand in no file."""
    path: list[str | int] = []
    for part in location:
        inner = step(value, part)
        if inner is not MISSING:
            value = inner
            path.append(part)
    return tuple(path)


def _message(detail: ErrorDetails) -> str:
    context = detail.get("ctx", {})
    kind = detail["type"]
    if kind in _FIXED:
        return _FIXED[kind].format(**context)
    match kind:
        case "extra_forbidden":
            word = str(detail["loc"][-1])
            return f'unknown key "{word[:80]}"{suggestion(word, _keys(detail["loc"][:-1]))}'
        case "literal_error":
            return _choice(detail["input"], str(context["expected"]))
        case "union_tag_invalid":
            return _choice(context["tag"], str(context["expected_tags"]))
        case "string_pattern_mismatch":
            return f"expected {FORMS[str(context['pattern'])]}"
        case _:
            return detail["msg"].replace("Input should be", "must be").replace("String", "Text")


def _choice(found: object, expected: str) -> str:
    choices = _QUOTED.findall(expected) or [expected]
    word = str(found) if isinstance(found, str | int) else ""
    return f'"{word[:80]}" is not one of {", ".join(choices)}{_close(word, choices)}'


def _close(word: str, choices: list[str]) -> str:
    hint = suggestion(word, choices)
    return hint if "did you mean" in hint else ""


def _keys(location: Path) -> tuple[str, ...]:
    """The keys that the schema knows at `location`."""
    kind: object = Document
    for part in location:
        kind = _inner(kind, part)
    model = _model(kind)
    fields = model.model_fields.items() if model else ()
    return tuple(field.alias or name for name, field in fields)


def _inner(kind: object, part: str | int) -> object:
    model = _model(kind)
    if model is not None:
        field = model.model_fields.get(str(part))
        return _plain(field.annotation) if field else None
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is dict:
        return _plain(arguments[1])
    if origin is tuple:
        return _plain(arguments[0])
    return next((member for member in arguments if _tag(member) == part), None)


def _plain(kind: object) -> object:
    return get_args(kind)[0] if get_origin(kind) is Annotated else kind


def _model(kind: object) -> type[BaseModel] | None:
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _tag(kind: object) -> object:
    """The word that chooses this member of a union."""
    model = _model(kind)
    return get_args(model.model_fields["kind"].annotation)[0] if model else None
