from gateway.model.signals import Signal
from gateway.recording.package_note import NOTE, PackageNote
from tests.fakes.store import FakeStateStore
from tests.fakes.telemetry import Heard
from tests.fakes.time import FakeClock


async def test_the_first_package_is_no_change_and_another_is_one() -> None:
    state, heard = FakeStateStore(FakeClock()), Heard()
    await PackageNote(state, "sha256:aa", heard.telemetry).check()
    await PackageNote(state, "sha256:aa", heard.telemetry).check()
    assert heard.of(Signal.PACKAGE_CHANGED) == []

    changed = PackageNote(state, "sha256:bb", heard.telemetry)
    await changed.check()
    await changed.check()

    assert heard.of(Signal.PACKAGE_CHANGED) == [({}, 1)]
    assert (await state.get(NOTE)).data == b"sha256:bb"
