"""The ledger of a run: what was sent, what the broker confirmed, and the hits that are due of it."""

from collections.abc import Collection, Iterable, Sequence
from math import inf
from typing import NamedTuple

from streams.records.alert import Alert
from streams.records.hit import compute_hit_id
from streams.records.read import Read
from tests.chaos.traffic import PlateText, matching_alerts


class RecordPosition(NamedTuple):
    """Where the broker put a record."""

    partition: int
    offset: int


class MalformedRecord(NamedTuple):
    """A record that is no read: where it stood, its key and its bytes."""

    position: RecordPosition
    key: bytes
    value: bytes | None


class AlertLifetime(NamedTuple):
    """One version of an alert, and for reads of which times it is effective, in seconds since 1970.

    Reads from `maybe_from` up to `maybe_until` may have its hits, those from `surely_from` up to
    `surely_until` must. `ended`: in the end no hit of it stands. `amended`: it replaced a version that seeks
    the same vehicle, whose hits stand and in the end show this version.
    """

    alert: Alert
    maybe_from: float = 0
    surely_from: float = 0
    surely_until: float = inf
    maybe_until: float = inf
    ended: bool = False
    amended: bool = False


class ExpectedHits(NamedTuple):
    """What is due of hits: ids that must have been emitted, ids that may have been, and ids not to stand now.

    An id that is neither among those that must nor those that may must never be emitted.
    """

    required: dict[str, str]
    """To each id, which read it is of, for the report."""
    allowed: dict[str, str]
    withdrawn: set[str]
    """Those whose last revision, if they were emitted, says so; all others stand."""
    amended: dict[str, int]
    """To each id that may have one revision more, the version of its alert that the last one shows."""


class Ledger:
    """What happened to each record that was sent. Written by the sender's callbacks, read when it is done.

    A read whose confirmation did not come may be on the topic or not, so its hits may be there or not.
    """

    def __init__(self) -> None:
        self.reads: dict[int, tuple[Read, PlateText]] = {}
        self.malformed: dict[int, tuple[bytes, bytes | None]] = {}
        self.confirmed: dict[int, RecordPosition] = {}
        self.refused: dict[int, str] = {}

    def record_answer(self, number: int, error: object, partition: int | None, offset: int | None) -> None:
        """Takes the broker's answer on a record."""
        if error is None and partition is not None and offset is not None:
            self.confirmed[number] = RecordPosition(partition, offset)
        else:
            self.refused[number] = str(error)

    @property
    def confirmed_malformed(self) -> list[MalformedRecord]:
        """The records that are no reads and were confirmed."""
        return [
            MalformedRecord(self.confirmed[number], *record)
            for number, record in self.malformed.items()
            if number in self.confirmed
        ]

    @property
    def confirmed_positions(self) -> set[RecordPosition]:
        """Where the reads stood that were confirmed."""
        return {self.confirmed[number] for number in self.reads if number in self.confirmed}

    def expected_hits(self, lives: Iterable[AlertLifetime]) -> ExpectedHits:
        """The hits due of alerts, each during its life."""
        lives = list(lives)
        alerts = [life.alert for life in lives]
        of_text = {
            text: self._matching_indices(text, alerts) for text in {text for _, text in self.reads.values()}
        }
        due = ExpectedHits({}, {}, set(), {})
        for number, (read, text) in self.reads.items():
            at = read.captured_at.timestamp()
            for place in of_text[text]:
                life = lives[place]
                if not life.maybe_from <= at < life.maybe_until:
                    continue
                sure = number in self.confirmed and life.surely_from <= at < life.surely_until
                hit = compute_hit_id(life.alert, read)
                (due.required if sure else due.allowed)[hit] = (
                    f"{self.describe_read(number)} for {life.alert.alert_id}"
                )
                if life.ended:
                    due.withdrawn.add(hit)
                if life.amended:
                    due.amended[hit] = life.alert.version
        return due

    def last_stale_read(
        self, begun: Sequence[Alert], ended: Sequence[Alert], at: float, emitted_ids: Collection[str]
    ) -> float:
        """When the last read was taken that was not judged by a change of alerts.

        Of the reads from the time of the change on: one of an alert that had begun and has no hit in
        `emitted`, or of one that had ended and has. If there is none, the time of the change.
        """
        last = at
        for number in self.confirmed.keys() & self.reads.keys():
            read, text = self.reads[number]
            taken = read.captured_at.timestamp()
            if taken > last and (
                any(compute_hit_id(each, read) not in emitted_ids for each in matching_alerts(text, begun))
                or any(compute_hit_id(each, read) in emitted_ids for each in matching_alerts(text, ended))
            ):
                last = taken
        return last

    @staticmethod
    def _matching_indices(text: PlateText, alerts: Sequence[Alert]) -> list[int]:
        """The places, in a list of alerts, of those that a text matches."""
        return [place for place, alert in enumerate(alerts) if matching_alerts(text, [alert])]

    def describe_read(self, number: int) -> str:
        """Where a read stood and when it was taken, without its plate."""
        read, text = self.reads[number]
        stood = self.confirmed.get(number)
        where = f"partition {stood.partition}, offset {stood.offset}" if stood else "unconfirmed"
        return f"{read.read_id} ({text.kind}, {where}, {read.captured_at.time()})"
