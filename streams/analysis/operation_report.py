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

from streams.analysis.crew_allocation import CrewAllocation, CrewSlot, RankedCandidate, build_candidate
from streams.analysis.hit_ledger import HitLedger, VehicleId, find_admission, is_duplicate, vehicle_id
from streams.network.config import SiteConfig
from streams.operations.admission import crew_site_ids
from streams.operations.config import OperationConfig
from streams.records.hit import Hit
from streams.records.times import MINUTE_MS, from_ms, to_ms
from streams.records.types import MatchClass
from streams.records.verdict import Verdict

MATCH_CLASSES: Final[tuple[MatchClass, ...]] = ("exact", "confusable", "fuzzy", "pattern")
CREW_CHOICES: Final = {
    "chosen": "could go for it",
    "full": "had better ones all the time it could come",
    "no-crew": "could not be ready on its way",
    "over": "would have met it after the end",
}
"""The keys of `Report.crews` in order, in words of the crews."""
_MAX_SPANS: Final = 24
_SPAN_MINUTES: Final = (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440)
"""Minutes that a bar of the plot over time may be of."""


class ReportedOutcome(Struct, frozen=True):
    """How many there are, and what came of them."""

    hits: int = 0
    confirmed: int = 0
    rejected: int = 0
    open: int = 0
    intercepted: int = 0


class ReportSpan(Struct, frozen=True):
    """A part of the operation's time, and the hits of reads captured in it, by class."""

    begins: datetime
    ends: datetime
    hits: dict[MatchClass, int]


class CrewChoice(Struct, frozen=True):
    """Vehicles that crews could go for or not: how many there were, and what came of them."""

    vehicles: int = 0
    confirmed: int = 0
    rejected: int = 0
    intercepted: int = 0


class OperationReport(Struct, frozen=True):
    """What came of an operation. `windows` are (from, until); `reads` None if they were not counted."""

    operation_id: str
    name: str | None
    participants: list[str]
    windows: list[tuple[datetime, datetime]]
    reads: int | None
    total: ReportedOutcome
    live: int
    withdrawn: int
    by_class: dict[MatchClass, ReportedOutcome]
    by_list: dict[str, ReportedOutcome]
    by_site: dict[str, ReportedOutcome]
    over_time: list[ReportSpan]
    crews: dict[str, CrewChoice]
    """By the keys of `CHOICES`."""


class OperationReportBuilder:
    """Makes the report of an operation: a fold over hits and verdicts, in any order."""

    def __init__(
        self, operation_id: str, operation: OperationConfig, sites: Mapping[str, SiteConfig]
    ) -> None:
        self._operation_id = operation_id
        self._operation = operation
        self._crew_sites = crew_site_ids(operation, sites)
        self._ledger = HitLedger()

    def add_hit(self, hit: Hit) -> None:
        """Takes a revision of a hit, and the verdict on it."""
        self._ledger.add_hit(hit)

    def add_verdict(self, verdict: Verdict) -> None:
        """Takes a verdict, on a hit known already or not."""
        self._ledger.add_verdict(verdict)

    def build(self, reads: int | None = None) -> OperationReport:
        """The report; `reads` is how many reads there were in the operation's time and place."""
        crews = CrewAllocation(self._operation, self._crew_sites)
        hits = [hit for hit in self._ledger.hits() if self._is_counted(hit)]
        found = _OutcomeCounter(self._ledger)
        return OperationReport(
            operation_id=self._operation_id,
            name=self._operation.name,
            participants=self._operation.participants,
            windows=[(from_ms(begins), from_ms(ends)) for begins, ends in crews.windows],
            reads=reads,
            total=found.count(hits),
            live=sum(hit.mode == "live" for hit in hits),
            withdrawn=sum(hit.kind == "withdrawn" for hit in hits),
            by_class={
                each: found.count(hit for hit in hits if hit.match.class_ == each) for each in MATCH_CLASSES
            },
            by_list=found.count_by_key((hit.alert.list_id, hit) for hit in hits),
            by_site=found.count_by_key((_site_or_camera(hit), hit) for hit in hits),
            over_time=_build_spans(crews.windows, hits),
            crews=self._crew_choices(crews, hits, found),
        )

    def _is_counted(self, hit: Hit) -> bool:
        judged = self._ledger.adjudication(hit.hit_id) is not None
        return find_admission(hit, self._operation_id) is not None and (judged or not is_duplicate(hit))

    def _crew_choices(
        self, allocation: CrewAllocation, hits: list[Hit], outcomes: "_OutcomeCounter"
    ) -> dict[str, CrewChoice]:
        passages: dict[VehicleId, list[Hit]] = {}
        for hit in hits:
            if hit.mode == "live":
                passages.setdefault(vehicle_id(hit), []).append(hit)
        best = {
            vehicle: min(map(self._candidate, each), key=lambda one: one.sort_key)
            for vehicle, each in passages.items()
        }
        given = allocation.allocate(list(best.values()))
        sums: dict[str, CrewChoice] = dict.fromkeys(CREW_CHOICES, CrewChoice())
        for vehicle, candidate in best.items():
            slot = given[candidate.hit_id]
            key = "chosen" if isinstance(slot, CrewSlot) else slot
            sums[key] = _add_vehicle(sums[key], outcomes.count(passages[vehicle]))
        return sums

    def _candidate(self, hit: Hit) -> RankedCandidate:
        admission = find_admission(hit, self._operation_id)
        assert admission is not None, "only such hits count"
        return build_candidate(hit, admission, self._operation.setup_minutes * MINUTE_MS)


class _OutcomeCounter:
    """What came of hits, by what an account has of them."""

    def __init__(self, ledger: HitLedger) -> None:
        self._ledger = ledger
        self._interceptions = ledger.interception_times()

    def count(self, hits: Iterable[Hit]) -> ReportedOutcome:
        """What came of some hits."""
        ids = [hit.hit_id for hit in hits]
        said = [self._ledger.adjudication(hit_id) for hit_id in ids]
        return ReportedOutcome(
            hits=len(ids),
            confirmed=said.count("confirmed"),
            rejected=said.count("rejected"),
            open=said.count(None),
            intercepted=sum(hit_id in self._interceptions for hit_id in ids),
        )

    def count_by_key(self, hits: Iterable[tuple[str, Hit]]) -> dict[str, ReportedOutcome]:
        """What came of hits with a key, by key in order."""
        found: dict[str, list[Hit]] = {}
        for key, hit in hits:
            found.setdefault(key, []).append(hit)
        return {key: self.count(found[key]) for key in sorted(found)}


def _add_vehicle(choice: CrewChoice, outcome: ReportedOutcome) -> CrewChoice:
    """With one more vehicle: it is confirmed, say, if any of its hits is."""
    return CrewChoice(
        choice.vehicles + 1,
        choice.confirmed + (outcome.confirmed > 0),
        choice.rejected + (outcome.rejected > 0),
        choice.intercepted + (outcome.intercepted > 0),
    )


def _site_or_camera(hit: Hit) -> str:
    return hit.place.site_id or hit.place.camera_id


def _build_spans(windows: list[tuple[int, int]], hits: list[Hit]) -> list[ReportSpan]:
    """The operation's time in equal spans of whole minutes, so many that a plot can show them."""
    minutes = sum(ends - begins for begins, ends in windows) / MINUTE_MS
    # Longer operations have longer spans; of many short windows each has one at least.
    length = next((each for each in _SPAN_MINUTES if minutes <= each * _MAX_SPANS), -(-minutes // _MAX_SPANS))
    step = int(length) * MINUTE_MS
    times = sorted((to_ms(hit.read.captured_at), hit.match.class_) for hit in hits)
    spans = []
    for begins, ends in windows:
        for start in range(begins, ends, step):
            end = min(start + step, ends)
            inside = [class_ for time, class_ in times if start <= time < end]
            spans.append(
                ReportSpan(from_ms(start), from_ms(end), {each: inside.count(each) for each in MATCH_CLASSES})
            )
    return spans
