"""The report of an operation: hits, verdicts, interceptions and crew capacity, without personal data.

Of the hits that the operation admits:

- Of a hit, the latest revision counts. A hit does not count if another hit is of the same passage (a better
  read, a later version of the alert, a handover), unless it was adjudicated itself.
- Historical hits and those whose alert has ended count like any other.
- A hit is confirmed or rejected by its latest adjudication, otherwise open. It is intercepted if a centre
  reported that the vehicle was stopped.
- The crew choices count vehicles, not hits, as if all of them had been known beforehand; each vehicle by the
  passage with its highest score among live hits. They show what the crews' capacity was sufficient for, not
  what the crews were sent to at the time.
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
from streams.records.times import MINUTE_MS, Millis, from_ms, to_ms
from streams.records.types import MatchClass
from streams.records.verdict import Verdict

MATCH_CLASSES: Final[tuple[MatchClass, ...]] = ("exact", "confusable", "fuzzy", "pattern")
CREW_CHOICES: Final = {
    "chosen": "within capacity",
    "full": "no free slot in its arrival window",
    "no-crew": "no crew ready on its way",
    "over": "arrived after the end",
}
"""The keys of `OperationReport.crews` in order, with their meaning as shown to people."""
_MAX_SPANS: Final = 24
_SPAN_MINUTES: Final = (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440)
"""The possible lengths of the spans over time, in minutes."""


class ReportedOutcome(Struct, frozen=True):
    """The number of hits, and their outcomes."""

    hits: int = 0
    confirmed: int = 0
    rejected: int = 0
    open: int = 0
    intercepted: int = 0


class ReportSpan(Struct, frozen=True):
    """A part of the operation's time, and the number of hits of reads captured in it, by class."""

    begins: datetime
    ends: datetime
    hits: dict[MatchClass, int]


class CrewChoice(Struct, frozen=True):
    """The number of vehicles with the same result of the crew allocation, and their outcomes."""

    vehicles: int = 0
    confirmed: int = 0
    rejected: int = 0
    intercepted: int = 0


class OperationReport(Struct, frozen=True):
    """The report; `windows` are (from, until), `reads` is None if the reads were not counted."""

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
    """By the keys of `CREW_CHOICES`."""


class OperationReportBuilder:
    """Builder of an operation's report from hits and verdicts in any order."""

    def __init__(
        self, operation_id: str, operation: OperationConfig, sites: Mapping[str, SiteConfig]
    ) -> None:
        self._operation_id = operation_id
        self._operation = operation
        self._crew_sites = crew_site_ids(operation, sites)
        self._ledger = HitLedger()

    def add_hit(self, hit: Hit) -> None:
        """Add a revision of a hit, with the verdict on it."""
        self._ledger.add_hit(hit)

    def add_verdict(self, verdict: Verdict) -> None:
        """Add a verdict on a known or unknown hit."""
        self._ledger.add_verdict(verdict)

    def build(self, reads: int | None = None) -> OperationReport:
        """Build the report; `reads` is the number of reads in the operation's time and area."""
        allocation = CrewAllocation(self._operation, self._crew_sites)
        hits = [hit for hit in self._ledger.hits() if self._is_counted(hit)]
        outcomes = _OutcomeCounter(self._ledger)
        return OperationReport(
            operation_id=self._operation_id,
            name=self._operation.name,
            participants=self._operation.participants,
            windows=[(from_ms(begins_ms), from_ms(ends_ms)) for begins_ms, ends_ms in allocation.windows],
            reads=reads,
            total=outcomes.count(hits),
            live=sum(hit.mode == "live" for hit in hits),
            withdrawn=sum(hit.kind == "withdrawn" for hit in hits),
            by_class={
                class_: outcomes.count(hit for hit in hits if hit.match.class_ == class_)
                for class_ in MATCH_CLASSES
            },
            by_list=outcomes.count_by_key((hit.alert.list_id, hit) for hit in hits),
            by_site=outcomes.count_by_key((_site_or_camera(hit), hit) for hit in hits),
            over_time=_build_spans(allocation.windows, hits),
            crews=self._crew_choices(allocation, hits, outcomes),
        )

    def _is_counted(self, hit: Hit) -> bool:
        if find_admission(hit, self._operation_id) is None:
            return False
        return self._ledger.adjudication(hit.hit_id) is not None or not is_duplicate(hit)

    def _crew_choices(
        self, allocation: CrewAllocation, hits: list[Hit], outcomes: "_OutcomeCounter"
    ) -> dict[str, CrewChoice]:
        live_hits: dict[VehicleId, list[Hit]] = {}
        for hit in hits:
            if hit.mode == "live":
                live_hits.setdefault(vehicle_id(hit), []).append(hit)
        candidates = {
            vehicle: min(map(self._candidate, vehicle_hits), key=lambda candidate: candidate.sort_key)
            for vehicle, vehicle_hits in live_hits.items()
        }
        slots = allocation.allocate(list(candidates.values()))
        choices: dict[str, CrewChoice] = dict.fromkeys(CREW_CHOICES, CrewChoice())
        for vehicle, candidate in candidates.items():
            slot = slots[candidate.hit_id]
            key = "chosen" if isinstance(slot, CrewSlot) else slot
            choices[key] = _add_vehicle(choices[key], outcomes.count(live_hits[vehicle]))
        return choices

    def _candidate(self, hit: Hit) -> RankedCandidate:
        admission = find_admission(hit, self._operation_id)
        assert admission is not None, "counted hits are admitted"
        return build_candidate(hit, admission, self._operation.setup_minutes * MINUTE_MS)


class _OutcomeCounter:
    """Counter of the outcomes of hits in a ledger."""

    def __init__(self, ledger: HitLedger) -> None:
        self._ledger = ledger
        self._interceptions = ledger.interception_times()

    def count(self, hits: Iterable[Hit]) -> ReportedOutcome:
        """Return the outcomes of hits."""
        hit_ids = [hit.hit_id for hit in hits]
        adjudications = [self._ledger.adjudication(hit_id) for hit_id in hit_ids]
        return ReportedOutcome(
            hits=len(hit_ids),
            confirmed=adjudications.count("confirmed"),
            rejected=adjudications.count("rejected"),
            open=adjudications.count(None),
            intercepted=sum(hit_id in self._interceptions for hit_id in hit_ids),
        )

    def count_by_key(self, keyed_hits: Iterable[tuple[str, Hit]]) -> dict[str, ReportedOutcome]:
        """Return the outcomes of the hits with each key, sorted by key."""
        grouped: dict[str, list[Hit]] = {}
        for key, hit in keyed_hits:
            grouped.setdefault(key, []).append(hit)
        return {key: self.count(grouped[key]) for key in sorted(grouped)}


def _add_vehicle(choice: CrewChoice, outcome: ReportedOutcome) -> CrewChoice:
    """Return a choice with one more vehicle, which is confirmed, for example, if any of its hits is."""
    return CrewChoice(
        choice.vehicles + 1,
        choice.confirmed + (outcome.confirmed > 0),
        choice.rejected + (outcome.rejected > 0),
        choice.intercepted + (outcome.intercepted > 0),
    )


def _site_or_camera(hit: Hit) -> str:
    return hit.place.site_id or hit.place.camera_id


def _build_spans(windows: list[tuple[Millis, Millis]], hits: list[Hit]) -> list[ReportSpan]:
    """Divide the operation's time into equal spans of whole minutes, few enough for a chart."""
    minutes = sum(ends_ms - begins_ms for begins_ms, ends_ms in windows) / MINUTE_MS
    # A longer operation has longer spans; each of many short windows has at least one.
    length = next(
        (length for length in _SPAN_MINUTES if minutes <= length * _MAX_SPANS), -(-minutes // _MAX_SPANS)
    )
    step_ms = int(length) * MINUTE_MS
    captured = sorted((to_ms(hit.read.captured_at), hit.match.class_) for hit in hits)
    spans = []
    for begins_ms, ends_ms in windows:
        for start_ms in range(begins_ms, ends_ms, step_ms):
            end_ms = min(start_ms + step_ms, ends_ms)
            classes = [class_ for captured_ms, class_ in captured if start_ms <= captured_ms < end_ms]
            counts = {class_: classes.count(class_) for class_ in MATCH_CLASSES}
            spans.append(ReportSpan(from_ms(start_ms), from_ms(end_ms), counts))
    return spans
