import pytest

from gateway.approvals.wording import WithheldWording


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("   ", ""),
        (" treatment ", "treatment"),
        ("0a7d3f52-1b6c-4e8d-9f20-a1b2c3d4e5f6", "0a7d3f52-1b6c-4e8d-9f20-a1b2c3d4e5f6"),
        ("treatment of Jane Doe", "[withheld]"),
        ("Jane Doe", "[withheld]"),
        ("treatment\n", "treatment"),
    ],
)
def test_only_what_leaves_no_room_for_a_message_is_shown(text: str, shown: str) -> None:
    assert WithheldWording().shown(text) == shown
