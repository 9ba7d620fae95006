"""Cards to a Teams workflow's webhook; where there is none, to where a developer finds them."""

import re
from typing import Final
from urllib.parse import urlsplit

import aiohttp

from gateway.errors import PreconditionFailed, Reason, StoreError, Unavailable
from gateway.ports import Secrets, StateStore

HOSTS: Final = re.compile(
    r"([a-z0-9-]+\.)+(logic\.azure\.com|api\.powerplatform\.com|api\.powerautomate\.com)"
)
"""Where the webhooks of Teams workflows live. The URL is a secret: its `sig` opens it."""
_ACCEPTED: Final = frozenset({200, 202})


class TeamsCards:
    """`ports.Cards`; the URL comes from the secret that the workflow names."""

    def __init__(
        self, secrets: Secrets, session: aiohttp.ClientSession, *, timeout_seconds: float = 15
    ) -> None:
        self._secrets = secrets
        self._session = session
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)

    async def post(self, ticket_id: str, card: bytes, webhook_secret: str) -> None:
        """See `ports.Cards`."""
        del ticket_id
        url = (await self._secrets.get(webhook_secret)).value.strip()
        require_webhook(url)
        try:
            async with self._session.post(
                url,
                data=card,
                headers={"content-type": "application/json"},
                allow_redirects=False,
                timeout=self._timeout,
            ) as response:
                status = response.status
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _unavailable(type(error).__name__) from None
        if status not in _ACCEPTED:
            raise _unavailable(f"status {status}")


class NotedCards:
    """`ports.Cards` without Teams: keeps each card as `cards/{ticket}.json` in the state store."""

    def __init__(self, state: StateStore) -> None:
        self._state = state

    async def post(self, ticket_id: str, card: bytes, webhook_secret: str) -> None:
        """See `ports.Cards`."""
        del webhook_secret
        try:
            await self._state.swap(f"cards/{ticket_id}.json", card, None)
        except PreconditionFailed:
            # A repeated notice of the same ticket.
            return
        except StoreError as error:
            raise _unavailable(type(error).__name__) from error


def require_webhook(url: str) -> None:
    """Pass the address of a Teams workflow.

    Raises:
        Unavailable: it is another address, and the card is not sent there.
    """
    parts = urlsplit(url)
    if parts.scheme != "https" or not HOSTS.fullmatch((parts.hostname or "").lower()):
        raise Unavailable(
            "the webhook is not the address of a Teams workflow",
            reason=Reason.CREDENTIAL_UNAVAILABLE,
            advice="store the URL of the workflow's HTTP trigger in the secret",
        )
    if parts.port not in {None, 443} or parts.username:
        raise Unavailable(
            "the webhook's address holds a port or a user", reason=Reason.CREDENTIAL_UNAVAILABLE
        )


def _unavailable(detail: str) -> Unavailable:
    return Unavailable(
        "reviewers could not be told by Teams",
        reason=Reason.APPROVAL_UNAVAILABLE,
        details=(("error", detail),),
    )
