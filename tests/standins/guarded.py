"""The storage emulator as the gateway's identity meets it: its evidence lies behind a proxy."""

from dataclasses import dataclass, field

from gateway.local.azurite import Azurite
from gateway.local.seed import EVIDENCE_ACCOUNT
from tests.standins.worm_proxy import WormProxy


@dataclass(frozen=True)
class Guarded(Azurite):
    """An emulator whose evidence account is reached as a deployment's would be."""

    proxy: WormProxy = field(repr=False, kw_only=True)

    @classmethod
    def of(cls, azurite: Azurite, proxy: WormProxy) -> "Guarded":
        """The emulator, with what stands before its evidence account."""
        return cls(
            azurite.blob_url, azurite.queue_url, azurite.table_url, azurite.keys, proxy=proxy
        )

    def account_url(self, account: str) -> str:
        """Where the gateway finds an account's blobs."""
        if account == EVIDENCE_ACCOUNT:
            return self.proxy.account_url
        return super().account_url(account)

    def connection_string(self, account: str) -> str:
        """What the gateway is given for an account."""
        if account == EVIDENCE_ACCOUNT:
            return self.proxy.connection_string
        return super().connection_string(account)

    def direct(self, account: str) -> str:
        """A connection string that goes round the proxy, for who provisions and who attacks."""
        return super().connection_string(account)
