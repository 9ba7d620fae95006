"""What mitmproxy is compared by: its add-on must do what the engine does to the same documents."""

import importlib
import json
import re
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from bench.rig import documents
from gateway.masking import engine
from gateway.masking.generalise import year_end

STEM = re.compile(rb"masked-[0-9a-f]{8}-")


def by_the_addon(body: bytes, monkeypatch: pytest.MonkeyPatch) -> bytes:
    addon: Any = importlib.import_module("bench.rig.fields_addon")
    monkeypatch.setattr(addon, "MASKS", True)
    response = SimpleNamespace(headers={"content-type": "application/json"}, content=body)
    addon.response(SimpleNamespace(response=response))
    return bytes(response.content)


def by_the_engine(body: bytes) -> bytes:
    context = engine.Context(
        profile="safe-harbor",
        digest="",
        ephi=True,
        accept_free_text=False,
        key=None,
        scope="agent|clinic",
        today=year_end(datetime.now(UTC).date()),
    )
    return engine.mask(body, "application/json", "", context).body


@pytest.mark.parametrize("size", ["2k", "200k"])
def test_the_same_bytes_come_out(size: str, monkeypatch: pytest.MonkeyPatch) -> None:
    body = documents.document(documents.SIZES[size])
    masked = by_the_addon(body, monkeypatch)
    assert STEM.sub(b"", masked) == STEM.sub(b"", by_the_engine(body))
    assert masked != body


def test_names_and_numbers_of_people_are_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    body = documents.document(documents.SIZES["2k"])
    patient = json.loads(body)["entry"][0]["resource"]
    masked = by_the_addon(body, monkeypatch).decode()
    for value in (patient["name"][0]["family"], patient["identifier"][0]["value"]):
        assert value not in masked
