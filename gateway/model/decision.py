"""What the manifest's rules said, as values; no boolean that a caller could forget to test."""

from dataclasses import dataclass

from gateway.model.connection import Masking


@dataclass(frozen=True, slots=True)
class RuleMatch:
    """One rule that applied to one access, for records and `manifest explain`."""

    rule: str
    effect: str
    action: str
    resource: str


@dataclass(frozen=True, slots=True)
class Obligations:
    """What must happen if the request goes on.

    Attributes:
        masking: the strictest of the place and the matching rules, over all accesses that read.
        accept_free_text: a rule accepts masked free text from an ePHI place.
        remember_names: some rule of the manifest accepts it, so that a session remembers names.
        workflow: name of the approval workflow, "" for none.
        demanded: the strictest masking that matching rules ask for, whatever the place has.
        any_search: rules accept searches by values that are masked in the answer.
        resolve_tokens: rules let tokens in the request be turned back into values.
    """

    masking: Masking
    accept_free_text: bool = False
    remember_names: bool = False
    workflow: str = ""
    demanded: Masking | None = None
    any_search: bool = False
    resolve_tokens: bool = False


@dataclass(frozen=True, slots=True)
class Permit:
    """Every access is allowed by a rule; none is denied or asks for a person."""

    rule: str
    sponsor: str
    obligations: Obligations
    matches: tuple[RuleMatch, ...]
    agent: str = ""


@dataclass(frozen=True, slots=True)
class Refuse:
    """At least one access is denied, allowed by no rule, or a rule failed."""

    reason: str
    message: str
    rule: str
    sponsor: str
    matches: tuple[RuleMatch, ...]
    agent: str = ""


@dataclass(frozen=True, slots=True)
class Ask:
    """Allowed only after a person has approved exactly this request."""

    rule: str
    sponsor: str
    obligations: Obligations
    matches: tuple[RuleMatch, ...]
    agent: str = ""


Decision = Permit | Refuse | Ask
