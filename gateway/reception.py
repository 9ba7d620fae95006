"""The part of the composition root that receives people: sign-in and the reviewers' pages.

Imported when the first of them comes.
"""

from contextlib import AsyncExitStack

from gateway.adapters.oidc_client import Client, EntraSignIn
from gateway.adapters.system import SystemClock, SystemEntropy
from gateway.authn.token import Accepted
from gateway.ingress.contract import Pages
from gateway.ingress.reviewing import ClosedPages, Desk, open_pages
from gateway.ingress.sessions import Lifetimes
from gateway.ingress.signin import Rules
from gateway.ports import Reviews, Secrets, StateStore
from gateway.refresh.digest_keys import SecretDigestKeys
from gateway.refresh.id_tokens import EntraIdTokens
from gateway.refresh.keyring import KeyRing
from gateway.settings import Settings


def closed_pages() -> Pages:
    """Pages of a gateway that asks nobody."""
    return ClosedPages()


def review_pages(  # noqa: PLR0913 - what pages for people rest on
    config: Settings,
    secrets: Secrets,
    state: StateStore,
    key_ring: KeyRing,
    reviews: Reviews,
    *,
    stack: AsyncExitStack,
) -> Pages:
    """The reviewers' pages, or closed ones where no sign-in application is configured."""
    client_id, tenant = config.signin_client_id, config.tenants[0]
    if not client_id:
        return ClosedPages()
    clock, callback = SystemClock(), f"{config.public_url}/signin/callback"
    client = Client(config.authority, tenant, client_id, config.signin_secret, callback)
    provider = EntraSignIn(client, secrets, clock, ca_file=config.dev_ca_file)
    stack.push_async_callback(provider.close)
    accepted = Accepted(
        frozenset({tenant}), frozenset({client_id}), config.authority, config.token_leeway_seconds
    )
    desk = Desk(
        provider=provider,
        id_tokens=EntraIdTokens(key_ring, accepted, clock),
        cookie_keys=SecretDigestKeys(secrets, config.cookie_key_secret, "cookie key"),
        state=state,
        reviews=reviews,
        clock=clock,
        entropy=SystemEntropy(),
    )
    rules = Rules(
        client_id=client_id,
        redirect_uri=callback,
        require_mfa=config.signin_require_mfa,
        auth_context=config.signin_auth_context,
        max_age=config.signin_max_age_seconds,
    )
    lifetimes = Lifetimes(config.session_idle_seconds, config.session_max_seconds)
    return open_pages(config.public_url, rules, lifetimes, desk)
