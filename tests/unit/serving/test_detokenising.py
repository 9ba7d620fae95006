from gateway.model.message import Headers, UpstreamRequest
from gateway.serving.detokenising import TokenDesk
from tests.fakes.masking import FakeTokenKeys
from tests.fakes.upstream import FakeUpstream, response


async def test_every_other_request_goes_to_its_service_and_needs_no_key() -> None:
    upstream, keys = FakeUpstream(), FakeTokenKeys()
    upstream.then(response(200, b"hello"))
    request = UpstreamRequest("GET", "https://clinicdata.example/a/b", Headers(), b"")
    answer = await TokenDesk(upstream, keys).send(request, 100)
    assert answer.body == b"hello"
    assert upstream.sent == [request]
    assert keys.asked == 0
