"""How a package is published: what the site is asked, and what is made of its answers."""

from pathlib import Path
from typing import Any

import pytest
import requests

from infra.dynamic.publication import _ATTEMPTS, _PublicationProvider
from tests.infra.dynamic.answers import Answer, Session, bearer
from tests.infra.dynamic.handed import handed

SITE = "https://func-stmarys.scm.azurewebsites.net/api"
PUBLISH = f"POST {SITE}/publish?RemoteBuild=false&Deployer=chaperone"
TAKEN = Answer(202, "8ad0b7ed-7bd8-4fa0-8677-e38dcfb79a1a")
DONE = Answer(200, {"status": 4})
FORBIDDEN = {"status": 3, "status_text": "Azure Storage responded with Forbidden"}


def build(target: Path) -> str:
    target.write_bytes(b"the package")
    return "sha256:of-the-package"


def publishing(*script: Answer | Exception) -> tuple[_PublicationProvider, Session]:
    session = Session(list(script))
    return _PublicationProvider(lambda: session, bearer, build, (0.0, 0.0)), session


def props(**others: Any) -> dict[str, Any]:
    given = {"subscription": "s-1", "app": "func-stmarys", "digest": "sha256:1", "package": None}
    return handed(**{**given, **others})


def test_it_is_posted_and_waited_for() -> None:
    provider, session = publishing(TAKEN, Answer(404), Answer(200, {"status": 1}), DONE)
    made = provider.create(props())
    assert made.outs is not None
    assert made.outs["package"] == "sha256:of-the-package"
    assert session.asked == [PUBLISH, *[f"GET {SITE}/deployments/{TAKEN.content}"] * 3]
    assert session.sent == [b"the package"]
    assert session.headers[0] == {
        "Authorization": "Bearer for s-1",
        "Content-Type": "application/zip",
    }


def test_a_deployment_without_an_id_is_the_latest() -> None:
    provider, session = publishing(Answer(200, "../settings"), DONE)
    provider.create(props())
    assert session.asked[1] == f"GET {SITE}/deployments/latest"


def test_rights_that_have_not_arrived_are_waited_for() -> None:
    provider, session = publishing(
        requests.ConnectionError("no such name yet"),
        Answer(503),
        TAKEN,
        Answer(200, FORBIDDEN),
        TAKEN,
        DONE,
    )
    provider.update("", props(), props(digest="sha256:2"))
    assert session.asked.count(PUBLISH) == 4
    assert session.sent == [b"the package"] * 4


def test_what_fails_for_good_says_why() -> None:
    provider, session = publishing(*[TAKEN, Answer(200, FORBIDDEN)] * _ATTEMPTS)
    with pytest.raises(RuntimeError, match="not deployed: Azure Storage responded with Forbidden"):
        provider.create(props())
    assert not session.script


def test_another_digest_is_published_again_and_another_app_anew() -> None:
    provider, _ = publishing()
    assert provider.diff("", props(), props()).changes is False
    newer = provider.diff("", props(), props(digest="sha256:2"))
    assert (newer.changes, newer.replaces) == (True, [])
    assert provider.diff("", props(), props(app="func-other")).replaces == ["app"]
