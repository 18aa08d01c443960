"""Both stages wired together: reads in, hits out.

    reads ─▶ decode ─▶ packed keys ─▶ index ─▶ prefilter ─▶ matcher ─▶ matches ─▶ correlator ─▶ hits

Replay and lookback over files run both stages in one process, through `Pipeline`. The worker runs them apart,
with Kafka between them, and builds them with the same functions. Nothing in this module reads a broker, a
file or a clock: times come with the records or as `now_ms`.
"""

from collections.abc import Sequence
from typing import NamedTuple

from msgspec import Struct

from streams.alerts.index import Index
from streams.confusions.model import ConfusionModels
from streams.correlation.budget import build_budgets
from streams.correlation.config import CooperationRules, CorrelationConfig, CorrelationRules
from streams.correlation.correlator import Correlator
from streams.matching.batch import match_batch
from streams.matching.config import MatchingRules
from streams.matching.estimated_present import EstimatedPresent
from streams.matching.matcher import Matcher
from streams.matching.plausible_time import KnownPresent, TimeCheck
from streams.network.config import Places
from streams.records.alert import Alert, Withdrawal, alert_key
from streams.records.decode import RejectedRecord
from streams.records.faults import Fault
from streams.records.hit import Hit
from streams.records.match import Match
from streams.records.times import SECOND_MS, Millis, to_ms
from streams.records.verdict import Verdict
from streams.rules.verdicts import VerdictRefusal, VerdictRules


class PipelineConfig(Struct, frozen=True):
    """The part of the settings that the two stages need."""

    matching: MatchingRules = MatchingRules()
    correlation: CorrelationConfig = CorrelationConfig()
    places: Places = Places()
    cooperation: CooperationRules = CooperationRules()
    centres: frozenset[str] | None = None
    """The centres whose verdicts count; None for all."""
    models: ConfusionModels | None = None
    """How recognisers misread plates; None for the built-in models."""


def build_matcher(config: PipelineConfig) -> Matcher:
    """Return the matcher of the first stage."""
    return Matcher(config.matching, models=config.models)


def build_verdict_rules(config: PipelineConfig) -> VerdictRules:
    """Return who may judge hits."""
    owners = {name: each.owner for name, each in config.matching.lists.items() if each.owner is not None}
    return VerdictRules(config.centres, owners, round(config.correlation.clock_error_s * SECOND_MS))


def build_correlator(
    config: PipelineConfig, index: Index, matcher: Matcher, partitions: int = 1
) -> Correlator:
    """Return the correlator of the second stage, with an empty state.

    `partitions` is the number of correlators that share the work; each has an equal part of the lists'
    budgets.
    """
    audiences = {list_id: each.audience for list_id, each in config.matching.lists.items()}
    rules = CorrelationRules(
        config.correlation, config.places, audiences, config.cooperation, build_verdict_rules(config)
    )
    return Correlator(rules, index, matcher, build_budgets(config.matching, partitions))


class PipelineResult(NamedTuple):
    """The result of a batch of reads: hits in order, rejected records, counts of reads and matches.

    Reads that were set aside for their times are among the rejected records.
    """

    hits: list[Hit]
    rejected: list[RejectedRecord]
    read_count: int
    match_count: int


class Pipeline:
    """Both stages in one process: reads, alert changes and verdicts in, hit revisions out.

    Without a `now_ms` the present time is the watermark, the greatest `captured_at` so far. Time never falls:
    a smaller `now_ms` counts as the greatest so far.
    """

    def __init__(self, config: PipelineConfig, index: Index) -> None:
        self._times = config.matching.matching
        self._index = index
        self._matcher = build_matcher(config)
        self._correlator = build_correlator(config, index, self._matcher)
        self._now_ms = 0

    @property
    def now_ms(self) -> Millis:
        """The greatest time so far; 0 before the first."""
        return self._now_ms

    def check_times(self, now_ms: Millis | None) -> TimeCheck:
        """Return the check of the times of one replay as of `now_ms`; without it, by its reads alone.

        No read is too old: a file keeps all.
        """
        if now_ms is None:
            return EstimatedPresent(self._times.lone_ahead_hours)
        return KnownPresent(now_ms, self._times.max_ahead_s)

    def handle_reads(
        self,
        records: Sequence[bytes],
        now_ms: Millis | None = None,
        times: TimeCheck | None = None,
        positions: Sequence[int] | None = None,
    ) -> PipelineResult:
        """Handle a batch of reads, given as JSON records; `times` and `positions` are as in `match_batch`."""
        matched = match_batch(records, self._index, self._matcher, times, positions)
        hits: list[Hit] = []
        for match, watermark_ms in zip(matched.matches, matched.watermarks_ms, strict=True):
            hits += self._correlator.handle_match(
                match, self._advance_now(watermark_ms if now_ms is None else now_ms)
            )
            hits += self._finish()
        end_ms = matched.watermark_ms if now_ms is None else now_ms
        if end_ms is not None:
            hits += self._correlator.handle_time(self._advance_now(end_ms)) + self._finish()
        rejected = [*matched.rejected, *(read.record for read in matched.implausible)]
        rejected.sort(key=lambda record: record.position)
        return PipelineResult(hits, rejected, matched.read_count, len(matched.matches))

    def handle_matches(self, matches: Sequence[Match], now_ms: Millis) -> list[Hit]:
        """Handle matches made elsewhere, as by a lookback."""
        hits: list[Hit] = []
        for match in matches:
            hits += self._correlator.handle_match(match, self._advance_now(now_ms)) + self._finish()
        return hits

    def handle_alert(self, alert: Alert, now_ms: Millis) -> list[Hit] | Fault:
        """Handle a new alert or a new version of one; match the stored reads of earlier versions again.

        Return the fault of an alert whose plate is invalid.
        """
        fault = self._index.put(alert)
        if fault is not None:
            return fault
        hits = self._correlator.handle_alert_change(alert_key(alert), self._advance_now(now_ms))
        return hits + self._finish()

    def handle_withdrawal(self, withdrawal: Withdrawal, now_ms: Millis) -> list[Hit]:
        """Handle the withdrawal of an alert; its active hits are retracted once it takes effect."""
        self._index.withdraw(withdrawal)
        key = alert_key(withdrawal)
        return self._correlator.handle_alert_change(key, self._advance_now(now_ms)) + self._finish()

    def handle_verdict(self, verdict: Verdict, now_ms: Millis) -> list[Hit]:
        """Handle a centre's verdict on a hit."""
        return self._correlator.handle_verdict(verdict, self._advance_now(now_ms)) + self._finish()

    def schedule_verdict(self, verdict: Verdict, now_ms: Millis | None = None) -> None:
        """Schedule a verdict to take effect at its own time; with `now_ms`, refuse one of the future."""
        if now_ms is None or self._correlator.check_time(verdict, now_ms):
            self._correlator.schedule_verdict(verdict, to_ms(verdict.at))

    def flush(self) -> list[Hit]:
        """Return, at the end of the input, the hits due to withdrawals and verdicts of later times."""
        return self._correlator.flush()

    def end_passages(self, now_ms: Millis) -> list[Hit]:
        """Return, at the end of the input, the final hits of passages that are over by a time."""
        return self._correlator.end_passages(now_ms)

    def has_hit(self, hit_id: str) -> bool:
        """True if a hit of this id was ever emitted."""
        return self._correlator.has_hit(hit_id)

    def pop_refusals(self) -> list[VerdictRefusal]:
        """Return the verdicts refused since the last call."""
        return self._correlator.pop_refusals()

    def suppressed(self) -> dict[tuple[str, str], int]:
        """Return the counts of passages suppressed by budget, by list and UTC day (2026-05-21)."""
        return self._correlator.suppressed_counts()

    def _finish(self) -> list[Hit]:
        """Return the revisions of work that an event has left: files have no other events that wait."""
        return self._correlator.finish_work() if self._correlator.has_work else []

    def _advance_now(self, now_ms: Millis) -> Millis:
        self._now_ms = max(self._now_ms, now_ms)
        return self._now_ms
