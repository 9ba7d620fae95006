"""The text of a configuration file, read as leniently as the tool reads it.

Comments and trailing commas are passed over; a key that stands twice is refused.
"""

import json
import re
from collections.abc import Mapping

from gateway.errors import ConfigurationError
from gateway.masking.codecs.json_codec import Node, Number

MAX_BYTES = 1_000_000
MAX_RULES = 5_000
_LENIENT = re.compile(
    r'(?P<text>"(?:[^"\\]|\\.)*")|(?P<comment>//[^\n]*|/\*.*?\*/)|(?P<comma>,)(?=\s*[}\]])',
    re.DOTALL,
)
_RULES = re.compile(r'"fhirPathRules"\s*:\s*\[')
_SKIPPED = re.compile(r"[\s,]*")
_ADVICE = "Give the JSON of a configuration file for Microsoft's FHIR anonymizer."


class Source:
    """A configuration's tree, and the line that each of its rules begins on.

    Raises:
        ConfigurationError: not JSON, a key twice, too large.
    """

    def __init__(self, source: bytes | str | Mapping[str, object]) -> None:
        if isinstance(source, Mapping):
            self.text = json.dumps(source, sort_keys=False, default=_plain)
        else:
            self.text = _decoded(source)
        if len(self.text) > MAX_BYTES:
            raise ConfigurationError(
                f"The configuration has more than {MAX_BYTES} characters.", advice=_ADVICE
            )
        # What is taken out is replaced with as much space, so that lines and columns stay.
        self._strict = _LENIENT.sub(_blanked, self.text)
        self.tree = self._parsed()
        self.lines = self._rule_lines()

    def _parsed(self) -> dict[str, Node]:
        try:
            tree = json.loads(
                self._strict, parse_float=Number, object_pairs_hook=_once, parse_constant=_constant
            )
        except json.JSONDecodeError as error:
            raise ConfigurationError(
                f"The configuration is not JSON: line {error.lineno}, column {error.colno}.",
                advice=_ADVICE,
            ) from error
        except (RecursionError, ValueError) as error:
            raise ConfigurationError("The configuration is not JSON.", advice=_ADVICE) from error
        try:
            json.dumps([self.text, tree], ensure_ascii=False, default=_plain).encode()
        except UnicodeEncodeError as error:
            raise ConfigurationError("The configuration is not UTF-8.", advice=_ADVICE) from error
        if not isinstance(tree, dict):
            raise ConfigurationError("The configuration is not a JSON object.", advice=_ADVICE)
        return tree

    def _rule_lines(self) -> list[int]:
        lines: list[int] = []
        match = _RULES.search(self._strict)
        decoder = json.JSONDecoder()
        position = match.end() if match else len(self._strict)
        while len(lines) <= MAX_RULES:
            position = _space_after(self._strict, position)
            if self._strict[position : position + 1] in {"", "]"}:
                break
            lines.append(self._strict.count("\n", 0, position) + 1)
            _, position = decoder.raw_decode(self._strict, position)
        return lines


def _decoded(source: bytes | str) -> str:
    if isinstance(source, str):
        return source.removeprefix("\ufeff")
    try:
        return source.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigurationError("The configuration is not UTF-8.", advice=_ADVICE) from error


def _blanked(match: re.Match[str]) -> str:
    if match["text"]:
        return match[0]
    return "".join(character if character == "\n" else " " for character in match[0])


def _space_after(text: str, position: int) -> int:
    match = _SKIPPED.match(text, position)
    return match.end() if match else position


def _once(pairs: list[tuple[str, Node]]) -> dict[str, Node]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ConfigurationError(
            "An object of the configuration has a key twice; which of them counts is not known.",
            advice="Remove one of them.",
        )
    return made


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Number):
        return float(value.text)
    raise ConfigurationError("The configuration is not made of JSON values.", advice=_ADVICE)


def _constant(_: str) -> Node:
    raise ValueError
