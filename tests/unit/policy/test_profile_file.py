import pytest

from gateway.masking.kinds import Kind
from gateway.policy.faults import ManifestInvalid
from gateway.policy.profile_file import read_profile

HEAD = """\
version: 1
agents:
  triage-bot:
    application: 5f0c2d4e-8a51-4b1e-9d3e-0f6b7a2c9e11
    sponsor: {name: dr.lee@example.org, object_id: 2b8e1c90-77aa-4a0c-8f4e-3d1f5b6c7d82}
"""

ONE = b"extends: safe-harbor\nrank: 41\noperators: {name: drop}\n"
TWO = b"profiles:\n  a: {extends: safe-harbor, rank: 41}\n  b: {extends: a, rank: 42, text: drop}\n"


def test_a_file_holds_one_profile_as_in_a_manifest() -> None:
    assert read_profile(ONE).operators[Kind.NAME] == "drop"
    assert read_profile(b'{"extends": "safe-harbor", "rank": 41}').rank == 41


def test_of_several_one_is_chosen_by_name() -> None:
    assert read_profile(TWO, "b").rank == 42
    assert read_profile(HEAD.encode() + TWO, "a").rank == 41
    for name in ("", "c"):
        with pytest.raises(ManifestInvalid, match="profile"):
            read_profile(TWO, name)


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", "expected a mapping"),
        (b"- a", "expected a mapping"),
        (b"profiles: {}", "no masking profile"),
        (b"extends: safe-harbor\nrank: 41\ntexts: drop\n", "3:1: profiles.own.texts: unknown key"),
        (b"extends: nowhere\nrank: 41\n", "1:1: profiles.own.extends: unknown profile"),
        (b"extends: safe-harbor\nrank: 41\noperators: {mrn: keep}\n", "2:1: profiles.own.rank: a"),
        (b"rank: 41\nrank: 42\n", "twice"),
    ],
)
def test_every_fault_has_its_place(data: bytes, fault: str) -> None:
    with pytest.raises(ManifestInvalid) as caught:
        read_profile(data)

    assert fault in str(caught.value)
