"""Cards go to the address of a Teams workflow and nowhere else."""

from types import TracebackType
from typing import Any, Self

import aiohttp
import pytest

from gateway.adapters.teams import NotedCards, TeamsCards, require_webhook
from gateway.errors import StoreUnavailable, Unavailable
from tests.fakes.secrets import FakeSecrets
from tests.fakes.store import FakeStateStore
from tests.fakes.time import FakeClock

URL = "https://prod-1.westeurope.logic.azure.com:443/workflows/1/triggers/manual?sig=secret"


class Response:
    def __init__(self, status: int) -> None:
        self.status = status

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        return None


class Session:
    """In place of `aiohttp.ClientSession`: answers as told, or raises."""

    def __init__(self, end: int | Exception = 202) -> None:
        self.end = end
        self.posts: list[tuple[str, dict[str, Any]]] = []

    def post(self, url: str, **options: Any) -> Response:
        self.posts.append((url, options))
        if isinstance(self.end, Exception):
            raise self.end
        return Response(self.end)


def cards(session: Session, url: str = URL) -> TeamsCards:
    return TeamsCards(FakeSecrets({"teams": url}), session)  # type: ignore[arg-type]


async def test_a_card_is_posted_as_json_without_following_anybody() -> None:
    session = Session()
    await cards(session).post("t", b"{}", "teams")
    ((url, options),) = session.posts
    assert url == URL
    assert (options["data"], options["allow_redirects"]) == (b"{}", False)
    assert options["headers"] == {"content-type": "application/json"}


@pytest.mark.parametrize(
    "end", [400, 302, 500, TimeoutError(), OSError(), aiohttp.ClientError("sig=secret")]
)
async def test_what_is_not_accepted_is_unavailable_and_says_no_secret(
    end: int | Exception,
) -> None:
    with pytest.raises(Unavailable) as caught:
        await cards(Session(end)).post("t", b"{}", "teams")
    assert "secret" not in f"{caught.value} {caught.value.details}"


@pytest.mark.parametrize(
    "url",
    [
        "http://prod.logic.azure.com/x",
        "https://logic.azure.com/x",
        "https://logic.azure.com.evil.example/x",
        "https://evil.example/logic.azure.com",
        "https://prod.logic.azure.com:8443/x",
        "https://user@prod.logic.azure.com/x",
        "https://127.0.0.1/x",
        "https://outlook.office.com/webhook/x",
        "",
    ],
)
async def test_another_address_is_refused_before_anything_is_sent(url: str) -> None:
    session = Session()
    with pytest.raises(Unavailable):
        await cards(session, url or " ").post("t", b"{}", "teams")
    assert session.posts == []


@pytest.mark.parametrize(
    "url",
    [
        URL,
        "https://default1.2.environment.api.powerplatform.com/powerautomate/x?sig=1",
        "https://emea.api.powerautomate.com/x",
    ],
)
def test_addresses_of_workflows_pass(url: str) -> None:
    require_webhook(url)


async def test_without_teams_a_developer_finds_the_card() -> None:
    state = FakeStateStore(FakeClock())
    noted = NotedCards(state)
    await noted.post("t", b"{}", "")
    await noted.post("t", b"again", "")
    assert (await state.get("cards/t.json")).data == b"{}"
    state.fail_next(StoreUnavailable("x"))
    with pytest.raises(Unavailable):
        await noted.post("u", b"{}", "")
