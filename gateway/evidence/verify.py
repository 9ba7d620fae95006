"""Offline verification of journals: every fault found and located, no Azure needed.

What the chain alone cannot show, the log and its signed checkpoints do: that journals were
recomputed from some line on, all together or one that no other cites; that a writer's last
journals are missing; that a journal was cut at a line boundary.
"""

from collections.abc import Iterable, Mapping

from gateway.evidence.chain import JournalName
from gateway.evidence.findings import Finding, Kind, Report, ordered
from gateway.evidence.log import PREFIX
from gateway.evidence.log_check import LogBlobs, check
from gateway.evidence.reading import Place, Reading
from gateway.evidence.schema import Executed, Outcome, Swept
from gateway.evidence.signing_keys import PublicKey
from gateway.evidence.walk import read


def verify(
    blobs: Iterable[tuple[str, bytes | None]],
    *,
    partial: bool = False,
    keys: tuple[PublicKey, ...] = (),
) -> Report:
    """Check journals and log, as (name, bytes), or (name, None) for what could not be read."""
    verification = Verification(keys)
    for name, data in blobs:
        verification.add(name, data)
    return verification.report(partial=partial)


class Verification:
    """Takes journals and the log's blobs one by one, in any order, and keeps little of each.

    Args:
        keys: public keys that are known to be the gateway's; then something must be signed by one
            of them. Without any, keys that lie with the evidence are used.
    """

    def __init__(self, keys: tuple[PublicKey, ...] = ()) -> None:
        self._log = LogBlobs(keys)
        self._readings: dict[str, Reading] = {}
        self._unreadable: set[str] = set()
        self._findings: list[Finding] = []
        self._bytes = 0

    @property
    def journals(self) -> int:
        """How many were given."""
        return len(self._readings)

    def remember(self, label: str, data: bytes) -> None:
        """Take a checkpoint that was kept elsewhere, which the log must still fit."""
        self._log.remember(label, data)

    def add(self, name: str, data: bytes | None) -> None:
        """Check one journal or blob of the log; `data` is None where it could not be read."""
        if name.startswith(PREFIX):
            self._log.add(name, data)
        elif name in self._readings:
            self._findings.append(Finding(name, 0, 0, Kind.INVALID, "there are two of this name"))
        elif data is None:
            self._findings.append(Finding(name, 0, 0, Kind.UNREADABLE, "cannot be read"))
            self._unreadable.add(name)
            self._readings[name] = Reading(name)
        else:
            self._readings[name] = read(name, data)
            self._bytes += len(data)

    def report(self, *, partial: bool = False) -> Report:
        """What was found; call once, after the last journal.

        Args:
            partial: the journals are a part of the container on purpose: what is cited and not
                given is incomplete and not missing.
        """
        absent = Kind.INCOMPLETE if partial else Kind.MISSING
        _Across(self._readings, self._unreadable, absent).check()
        findings = list(self._findings)
        for reading in self._readings.values():
            findings.extend(reading.findings)
        found, signatures = check(self._log, self._readings, self._unreadable, absent)
        findings.extend(found)
        records = sum(reading.lines for reading in self._readings.values())
        return Report(ordered(findings), self.journals, records, self._bytes, signatures)


class _Across:
    """What journals say of each other."""

    def __init__(self, readings: Mapping[str, Reading], unreadable: set[str], absent: Kind) -> None:
        self._readings = readings
        self._unreadable = unreadable
        self._absent = absent

    def check(self) -> None:
        for reading in self._readings.values():
            for outcome, place in reading.foreign:
                self._outcome(reading, outcome, place)
            for record, place in reading.swept:
                self._swept(reading, record, place)
        for journals in self._writers().values():
            self._sequence(journals)
        for reading in self._readings.values():
            for _, place in reading.unsettled.values():
                reading.report(
                    place, Kind.INDETERMINATE, "an intent without outcome: its end is unknown"
                )

    def _outcome(self, reading: Reading, outcome: Outcome | Executed, place: Place) -> None:
        cited = self._cited(reading, outcome["intent"]["journal"], place)
        if cited is not None and (fault := cited.settle(outcome)):
            reading.report(place, Kind.INVALID, fault)

    def _swept(self, reading: Reading, record: Swept, place: Place) -> None:
        cited = self._cited(reading, record["journal"], place)
        if cited is None:
            return
        close = cited.closed
        if close is None or close["by"] != record["writer"]:
            reading.report(place, Kind.INVALID, "the swept journal lacks the sweeper's CLOSE")
        elif any(close[key] != record[key] for key in ("count", "bytes", "tip", "torn")):
            reading.report(place, Kind.INVALID, "the swept journal's CLOSE says otherwise")

    def _cited(self, reading: Reading, name: str, place: Place) -> Reading | None:
        if name in self._unreadable:
            return None
        cited = self._readings.get(name)
        if cited is None:
            reading.report(place, self._absent, "cites a journal that is not here")
        return cited

    def _writers(self) -> dict[str, dict[int, Reading]]:
        writers: dict[str, dict[int, Reading]] = {}
        for reading in self._readings.values():
            if (name := JournalName.parse(reading.name)) is not None:
                writers.setdefault(name.writer, {})[name.number] = reading
        return writers

    def _sequence(self, journals: Mapping[int, Reading]) -> None:
        """One writer's journals, by number."""
        expected = 0
        opened = False
        for number in sorted(journals):
            reading = journals[number]
            if number > expected:
                kind = self._absent if expected == 0 else Kind.MISSING
                count = number - expected
                reading.report(
                    Place(1, 0), kind, f"{count} earlier journal(s) of this writer are not here"
                )
            if reading.opened:
                self._continues(reading, journals, first=number == 0 or not opened)
                opened = True
            expected = number + 1

    def _continues(self, reading: Reading, journals: Mapping[int, Reading], *, first: bool) -> None:
        place, before = Place(1, 0), reading.before
        if before is None:
            if not first:
                reading.report(place, Kind.INVALID, "before: the journal before is not cited")
            return
        name = JournalName.parse(before.journal)
        own = JournalName.parse(reading.name)
        if name is None or own is None or name.writer != own.writer or name.number >= own.number:
            reading.report(place, Kind.INVALID, "before: not an earlier journal of this writer")
        elif (cited := journals.get(name.number)) is None or cited.name in self._unreadable:
            # Reported by its number already, or unreadable.
            return
        elif cited.name != before.journal or cited.hash_at(before.seq) != before.tip:
            reading.report(place, Kind.INVALID, "before: the journal before does not hold this tip")
