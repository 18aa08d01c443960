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
from streams.matching.matcher import Matcher
from streams.network.config import Places
from streams.records.alert import Alert, Withdrawal, alert_key
from streams.records.decode import RejectedRecord
from streams.records.faults import Fault
from streams.records.hit import Hit
from streams.records.match import Match
from streams.records.times import Millis, to_ms
from streams.records.verdict import Verdict


class PipelineConfig(Struct, frozen=True):
    """The part of the settings that the two stages need."""

    matching: MatchingRules = MatchingRules()
    correlation: CorrelationConfig = CorrelationConfig()
    places: Places = Places()
    cooperation: CooperationRules = CooperationRules()
    models: ConfusionModels | None = None
    """How recognisers misread plates; None for the built-in models."""


def build_matcher(config: PipelineConfig) -> Matcher:
    """Return the matcher of the first stage."""
    return Matcher(config.matching, models=config.models)


def build_correlator(
    config: PipelineConfig, index: Index, matcher: Matcher, partitions: int = 1
) -> Correlator:
    """Return the correlator of the second stage, with an empty state.

    `partitions` is the number of correlators that share the work; each has an equal part of the lists'
    budgets.
    """
    audiences = {list_id: each.audience for list_id, each in config.matching.lists.items()}
    rules = CorrelationRules(config.correlation, config.places, audiences, config.cooperation)
    return Correlator(rules, index, matcher, build_budgets(config.matching, partitions))


class PipelineResult(NamedTuple):
    """The result of a batch of reads: hits in order, rejected records, counts of reads and matches."""

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
        self._index = index
        self._matcher = build_matcher(config)
        self._correlator = build_correlator(config, index, self._matcher)
        self._now_ms = 0

    @property
    def now_ms(self) -> Millis:
        """The greatest time so far; 0 before the first."""
        return self._now_ms

    def handle_reads(self, records: Sequence[bytes], now_ms: Millis | None = None) -> PipelineResult:
        """Handle a batch of reads, given as JSON records."""
        matched = match_batch(records, self._index, self._matcher)
        hits: list[Hit] = []
        for match, watermark_ms in zip(matched.matches, matched.watermarks_ms, strict=True):
            hits += self._correlator.handle_match(
                match, self._advance_now(watermark_ms if now_ms is None else now_ms)
            )
        end_ms = matched.watermark_ms if now_ms is None else now_ms
        if end_ms is not None:
            hits += self._correlator.handle_time(self._advance_now(end_ms))
        return PipelineResult(hits, matched.rejected, matched.read_count, len(matched.matches))

    def handle_matches(self, matches: Sequence[Match], now_ms: Millis) -> list[Hit]:
        """Handle matches made elsewhere, as by a lookback."""
        return [
            hit
            for match in matches
            for hit in self._correlator.handle_match(match, self._advance_now(now_ms))
        ]

    def handle_alert(self, alert: Alert, now_ms: Millis) -> list[Hit] | Fault:
        """Handle a new alert or a new version of one; match the stored reads of earlier versions again.

        Return the fault of an alert whose plate is invalid.
        """
        fault = self._index.put(alert)
        if fault is not None:
            return fault
        return self._correlator.handle_alert_change(alert_key(alert), self._advance_now(now_ms))

    def handle_withdrawal(self, withdrawal: Withdrawal, now_ms: Millis) -> list[Hit]:
        """Handle the withdrawal of an alert; its active hits are retracted once it takes effect."""
        self._index.withdraw(withdrawal)
        return self._correlator.handle_alert_change(alert_key(withdrawal), self._advance_now(now_ms))

    def handle_verdict(self, verdict: Verdict, now_ms: Millis) -> list[Hit]:
        """Handle a centre's verdict on a hit."""
        return self._correlator.handle_verdict(verdict, self._advance_now(now_ms))

    def schedule_verdict(self, verdict: Verdict) -> None:
        """Schedule a verdict to take effect at its own time."""
        self._correlator.schedule_verdict(verdict, to_ms(verdict.at))

    def flush(self) -> list[Hit]:
        """Return, at the end of the input, the hits due to withdrawals and verdicts of later times."""
        return self._correlator.flush()

    def has_hit(self, hit_id: str) -> bool:
        """True if a hit of this id was ever emitted."""
        return self._correlator.has_hit(hit_id)

    def suppressed(self) -> dict[tuple[str, str], int]:
        """Return the counts of passages suppressed by budget, by list and UTC day (2026-05-21)."""
        return self._correlator.suppressed_counts()

    def _advance_now(self, now_ms: Millis) -> Millis:
        self._now_ms = max(self._now_ms, now_ms)
        return self._now_ms
