"""Tokens in an agent's request, turned back into values on their way to the upstream.

Only where every access is let through by a rule with `tokens: resolve`; only in the path of a read
and in equality searches, by kind; never in what is stored. How many a principal may have turned
back in an hour is bounded, so that tokens cannot be tried in numbers.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.errors import InvalidRequest, Reason
from gateway.masking.fhir.search import held, opened, refuse_guesses, refuse_tokens
from gateway.masking.tokens import Tokeniser
from gateway.model.exchange import Authorised
from gateway.ports import TokenBudget, TokenKeys
from gateway.serving.terms import makes_tokens, profile_of, scope_of


@dataclass(frozen=True, slots=True)
class Opened:
    """Tokens and their values, and how many by kind."""

    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    kinds: Mapping[str, int] = field(default_factory=dict)


def admit(authorised: Authorised) -> None:
    """Pass a FHIR request whose answer would tell no more than it shows.

    Raises:
        Blocked: it compares masked values, or holds tokens that no rule turns back.
        InvalidRequest: it holds marks that stand for nothing.
    """
    call = authorised.classified.operation.fhir
    masking = authorised.obligations.masking
    if call is None or not masking.masks:
        return
    held(call)  # whatever the rules say, tokens stand alone and marks nowhere
    if call.stores or not authorised.obligations.resolve_tokens:
        refuse_tokens(call, stores=call.stores)
    if not authorised.obligations.any_search:
        refuse_guesses(call, profile_of(masking))


async def open_tokens(authorised: Authorised, keys: TokenKeys, budget: TokenBudget) -> Opened:
    """The tokens of an admitted request and what they stand for.

    Raises:
        InvalidRequest: a token of another scope or key, or where its kind is not compared.
        Denied: the principal has had too many turned back.
        Unavailable: there is no key, or it cannot be known how many there were.
    """
    call = authorised.classified.operation.fhir
    masking = authorised.obligations.masking
    if call is None or not masking.masks or call.stores:
        return Opened()
    tokens = held(call)
    if not tokens:
        return Opened()
    if not makes_tokens(masking):
        raise InvalidRequest(
            "The masking here makes no tokens, so none can be turned back.",
            reason=Reason.TOKEN_NOT_RESOLVED,
        )
    principal = authorised.classified.authenticated.principal
    owner = f"{principal.tenant}|{principal.object_id}|{principal.application}"
    # Counted before the first is tried: a token that fails is a try as well.
    await budget.take(owner, len(tokens))
    scope = scope_of(masking, principal, authorised.classified.connection.name)
    tokeniser = Tokeniser(await keys.current(), scope)
    found = {item.text: opened(item, tokeniser) for item in tokens}
    kinds = Counter(kind.value for kind, _ in found.values())
    return Opened({text: value for text, (_, value) in found.items()}, dict(sorted(kinds.items())))
