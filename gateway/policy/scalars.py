"""What every part of the manifest's schema is made of: strict text, numbers, closed mappings."""

import re
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict
from pydantic_core import PydanticCustomError

from gateway.policy.syntax import Plain

_WHOLE = re.compile(r"0|[1-9][0-9]{0,14}")
OPTIONAL_NAME = r"^([a-z0-9][a-z0-9-]{0,62})?$"


def whole_number(value: object) -> object:
    """A whole number, written without quotes."""
    if isinstance(value, Plain) and _WHOLE.fullmatch(value):
        return int(value)
    raise PydanticCustomError("number", "expected a whole number without quotes, such as 60")


def plain_text(value: object) -> object:
    """Text, with or without quotes."""
    if isinstance(value, str):
        return str(value)
    found = "nothing" if value is None else "a list" if isinstance(value, list) else "a mapping"
    raise PydanticCustomError("text", "expected text, found {found}", {"found": found})


Text = Annotated[str, BeforeValidator(plain_text)]


class Part(BaseModel):
    """One mapping of the manifest."""

    # A part is validated as part of the whole: building a validator for each would be work for
    # nothing, at every cold start.
    model_config = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, defer_build=True
    )
