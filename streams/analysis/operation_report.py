"""Report: what came of an operation. No plates are in it, nor anything else of a vehicle or a person.

What counts, of the hits that the operation admits:

- Of a hit the highest revision. A hit beside which another tells of the same passage (a better read, a later
  version of the alert, a handover) does not count, unless it was judged itself.
- Historical hits and those whose alert ended count: they were told.
- A hit is confirmed or rejected by the latest judgement on it, else open; it is intercepted if a centre says
  that the vehicle was stopped.
- **Chosen** are vehicles, not hits: those that crews could have gone for had all been known beforehand, each
  by its passage with the highest score, out of the live hits. It says what the capacity was enough for, not
  what crews were told at each moment.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from msgspec import Struct

from streams.analysis.crew_allocation import Candidate, Crews, Slot, candidate_of
from streams.analysis.hit_ledger import Account, Vehicle, admission_of, beside, vehicle_of
from streams.network.config import Site
from streams.operations.admission import crews_of
from streams.operations.config import Operation
from streams.records.hit import Hit
from streams.records.times import MINUTE_MS, from_ms, to_ms
from streams.records.types import MatchClass
from streams.records.verdict import Verdict

CLASSES: Final[tuple[MatchClass, ...]] = ("exact", "confusable", "fuzzy", "pattern")
CHOICES: Final = {
    "chosen": "could go for it",
    "full": "had better ones all the time it could come",
    "no-crew": "could not be ready on its way",
    "over": "would have met it after the end",
}
"""The keys of `Report.crews` in order, in words of the crews."""
_MOST_SPANS: Final = 24
_SPANS: Final = (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440)
"""Minutes that a bar of the plot over time may be of."""


class Outcome(Struct, frozen=True):
    """How many there are, and what came of them."""

    hits: int = 0
    confirmed: int = 0
    rejected: int = 0
    open: int = 0
    intercepted: int = 0


class Span(Struct, frozen=True):
    """A part of the operation's time, and the hits of reads captured in it, by class."""

    begins: datetime
    ends: datetime
    hits: dict[MatchClass, int]


class Choice(Struct, frozen=True):
    """Vehicles that crews could go for or not: how many there were, and what came of them."""

    vehicles: int = 0
    confirmed: int = 0
    rejected: int = 0
    intercepted: int = 0


class Report(Struct, frozen=True):
    """What came of an operation. `windows` are (from, until); `reads` None if they were not counted."""

    operation_id: str
    name: str | None
    participants: list[str]
    windows: list[tuple[datetime, datetime]]
    reads: int | None
    total: Outcome
    live: int
    withdrawn: int
    by_class: dict[MatchClass, Outcome]
    by_list: dict[str, Outcome]
    by_site: dict[str, Outcome]
    over_time: list[Span]
    crews: dict[str, Choice]
    """By the keys of `CHOICES`."""


class Reporter:
    """Makes the report of an operation: a fold over hits and verdicts, in any order."""

    def __init__(self, operation_id: str, operation: Operation, sites: Mapping[str, Site]) -> None:
        self._operation_id = operation_id
        self._operation = operation
        self._sites = crews_of(operation, sites)
        self._account = Account()

    def note(self, hit: Hit) -> None:
        """Takes a revision of a hit, and the verdict on it."""
        self._account.note(hit)

    def judge(self, verdict: Verdict) -> None:
        """Takes a verdict, on a hit known already or not."""
        self._account.judge(verdict)

    def report(self, reads: int | None = None) -> Report:
        """The report; `reads` is how many reads there were in the operation's time and place."""
        crews = Crews(self._operation, self._sites)
        hits = [hit for hit in self._account.hits() if self._counts(hit)]
        found = _Outcomes(self._account)
        return Report(
            operation_id=self._operation_id,
            name=self._operation.name,
            participants=self._operation.participants,
            windows=[(from_ms(begins), from_ms(ends)) for begins, ends in crews.windows],
            reads=reads,
            total=found.of(hits),
            live=sum(hit.mode == "live" for hit in hits),
            withdrawn=sum(hit.kind == "withdrawn" for hit in hits),
            by_class={each: found.of(hit for hit in hits if hit.match.class_ == each) for each in CLASSES},
            by_list=found.by((hit.alert.list_id, hit) for hit in hits),
            by_site=found.by((_place_of(hit), hit) for hit in hits),
            over_time=_spans(crews.windows, hits),
            crews=self._choices(crews, hits, found),
        )

    def _counts(self, hit: Hit) -> bool:
        judged = self._account.judgement(hit.hit_id) is not None
        return admission_of(hit, self._operation_id) is not None and (judged or not beside(hit))

    def _choices(self, crews: Crews, hits: list[Hit], found: "_Outcomes") -> dict[str, Choice]:
        passages: dict[Vehicle, list[Hit]] = {}
        for hit in hits:
            if hit.mode == "live":
                passages.setdefault(vehicle_of(hit), []).append(hit)
        best = {
            vehicle: min(map(self._candidate, each), key=lambda one: one.order)
            for vehicle, each in passages.items()
        }
        given = crews.allot(list(best.values()))
        sums: dict[str, Choice] = dict.fromkeys(CHOICES, Choice())
        for vehicle, candidate in best.items():
            slot = given[candidate.hit_id]
            key = "chosen" if isinstance(slot, Slot) else slot
            sums[key] = _with(sums[key], found.of(passages[vehicle]))
        return sums

    def _candidate(self, hit: Hit) -> Candidate:
        admission = admission_of(hit, self._operation_id)
        assert admission is not None, "only such hits count"
        return candidate_of(hit, admission, self._operation.setup_minutes * MINUTE_MS)


class _Outcomes:
    """What came of hits, by what an account has of them."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._stopped = account.stopped()

    def of(self, hits: Iterable[Hit]) -> Outcome:
        """What came of some hits."""
        ids = [hit.hit_id for hit in hits]
        said = [self._account.judgement(hit_id) for hit_id in ids]
        return Outcome(
            hits=len(ids),
            confirmed=said.count("confirmed"),
            rejected=said.count("rejected"),
            open=said.count(None),
            intercepted=sum(hit_id in self._stopped for hit_id in ids),
        )

    def by(self, hits: Iterable[tuple[str, Hit]]) -> dict[str, Outcome]:
        """What came of hits with a key, by key in order."""
        found: dict[str, list[Hit]] = {}
        for key, hit in hits:
            found.setdefault(key, []).append(hit)
        return {key: self.of(found[key]) for key in sorted(found)}


def _with(choice: Choice, outcome: Outcome) -> Choice:
    """With one more vehicle: it is confirmed, say, if any of its hits is."""
    return Choice(
        choice.vehicles + 1,
        choice.confirmed + (outcome.confirmed > 0),
        choice.rejected + (outcome.rejected > 0),
        choice.intercepted + (outcome.intercepted > 0),
    )


def _place_of(hit: Hit) -> str:
    return hit.place.site_id or hit.place.camera_id


def _spans(windows: list[tuple[int, int]], hits: list[Hit]) -> list[Span]:
    """The operation's time in equal spans of whole minutes, so many that a plot can show them."""
    minutes = sum(ends - begins for begins, ends in windows) / MINUTE_MS
    # Longer operations have longer spans; of many short windows each has one at least.
    length = next((each for each in _SPANS if minutes <= each * _MOST_SPANS), -(-minutes // _MOST_SPANS))
    step = int(length) * MINUTE_MS
    times = sorted((to_ms(hit.read.captured_at), hit.match.class_) for hit in hits)
    spans = []
    for begins, ends in windows:
        for start in range(begins, ends, step):
            end = min(start + step, ends)
            inside = [class_ for time, class_ in times if start <= time < end]
            spans.append(Span(from_ms(start), from_ms(end), {each: inside.count(each) for each in CLASSES}))
    return spans
