"""Masking profiles in the manifest's schema."""

import json
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from gateway.errors import ConfigurationError
from gateway.masking.profiles import paths as field_paths
from gateway.masking.profiles.patterns import MAX_PATTERNS, compile_pattern
from gateway.policy.profiles import MAX_RANK
from gateway.policy.scalars import OPTIONAL_NAME, Part, Text, plain_text, whole_number
from gateway.policy.syntax import Plain

REPLACEMENT = r"^[^\x00-\x1f\x7f]{0,64}$"
MAX_RULES = 200


def _field_path(value: str) -> str:
    try:
        field_paths.parse(value)
    except ValueError as error:
        raise PydanticCustomError("path", "{why}", {"why": str(error)}) from None
    return value


def _user_pattern(value: str) -> str:
    try:
        compile_pattern(value)
    except ValueError as error:
        raise PydanticCustomError("pattern", "{why}", {"why": str(error)}) from None
    return value


def _imported(value: object) -> object:
    """The configuration as JSON text, checked."""
    # Reading one needs tables of FHIR, which few manifests ask for.
    from gateway.masking.profiles.imported import ImportedConfiguration  # noqa: PLC0415

    text = json.dumps(_typed(value))
    try:
        ImportedConfiguration(text)
    except ConfigurationError as error:
        raise PydanticCustomError("imported", "{why}", {"why": str(error)}) from None
    return text


def _typed(value: object) -> object:
    """Scalars without quotes are the numbers and words of JSON; all else is text."""
    if isinstance(value, dict):
        return {str(name): _typed(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_typed(item) for item in value]
    if isinstance(value, Plain):
        try:
            return json.loads(value)
        except ValueError:
            return str(value)
    return value


Imported = Annotated[str, BeforeValidator(_imported, json_schema_input_type=dict[str, object])]
# Spelt out, since a type checker reads them; a test holds them against the engine's own.
KindWord = Literal[
    "name",
    "address",
    "city",
    "zip",
    "date",
    "age",
    "phone",
    "fax",
    "email",
    "ssn",
    "mrn",
    "health-plan",
    "account",
    "license",
    "vehicle",
    "device",
    "url",
    "ip",
    "biometric",
    "photo",
    "id",
    "text",
    "secret",
]
OperatorWord = Literal[
    "keep",
    "redact",
    "replace",
    "tokenise",
    "hash",
    "generalise",
    "date-shift",
    "number",
    "drop",
]
Replacement = Annotated[
    str,
    Field(pattern=REPLACEMENT),
    BeforeValidator(plain_text),
]


class Operation(Part):
    """What is done to a kind of value; a bare word such as `redact` says only `do`."""

    do: OperatorWord = Field(description="the operator")
    with_: Replacement = Field(default="", alias="with", description="for `replace`: the text")


def _operation(value: object) -> object:
    return {"do": value} if isinstance(value, str) else value


OperationText = Annotated[
    Operation, BeforeValidator(_operation, json_schema_input_type=OperatorWord | Operation)
]


class FieldRule(Part):
    """What is done with one field; it goes over what the field's name says by itself."""

    path: Annotated[Text, Field(max_length=200), AfterValidator(_field_path)] = Field(
        description="`Patient.identifier.value`, `**.note`, `column:ssn` or `PID-5`"
    )
    as_: KindWord | None = Field(
        default=None, alias="as", description="the kind of value that it holds"
    )
    do: OperatorWord | None = Field(
        default=None, description="the operator; without it, the profile's for that kind"
    )
    with_: Replacement = Field(default="", alias="with", description="for `replace`: the text")


class TextPattern(Part):
    """What is looked for in text beside the built-in recognisers."""

    kind: KindWord = Field(description="the kind of value that it finds")
    pattern: Annotated[Text, AfterValidator(_user_pattern)] = Field(
        description="RE2 syntax; the group `(?P<value>…)` is what is masked, without one all of it"
    )


class Profile(Part):
    """A masking profile of your own: what it changes of the one that it extends."""

    extends: Annotated[str, Field(pattern=OPTIONAL_NAME), BeforeValidator(plain_text)] = Field(
        default="",
        description="the profile it adds to; without it, the strictest built-in of no higher rank",
    )
    rank: Annotated[int, Field(ge=1, le=MAX_RANK), BeforeValidator(whole_number)] = Field(
        description="strictness; `manifest check` says which ranks the profile may claim"
    )
    operators: dict[KindWord, OperationText] = Field(
        default={}, description="what is done to each kind of value"
    )
    fields: tuple[FieldRule, ...] = Field(
        default=(), max_length=MAX_RULES, description="what is done with single fields"
    )
    text: Literal["", "mask", "structure", "withhold", "drop"] = Field(
        default="",
        description="free text: `mask` where a rule accepts it, keep its `structure` alone, or "
        "`withhold` or `drop` it always; without it, as the extended profile",
    )
    patterns: tuple[TextPattern, ...] = Field(
        default=(), max_length=MAX_PATTERNS, description="what else is looked for in text"
    )
    scope: Literal["", "principal", "connection", "tenant"] = Field(
        default="",
        description="within what equal values have equal tokens: one principal on one connection, "
        "all principals on one connection, or the tenant; without it, as the extended profile",
    )
    imported: Imported = Field(
        default="",
        description="a configuration of Microsoft's FHIR anonymizer, which masks FHIR JSON in "
        "place of the profile's own rules",
    )
