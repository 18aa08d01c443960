"""The whole way of a read on one page: bytes in, hits out.

    records ─▶ decode ─▶ columns of keys ─▶ index ─▶ judge ─▶ matches ─▶ correlator ─▶ hits

Nothing here knows a broker, a file or a clock: times come in with the records or as `now`.
"""

from collections.abc import Sequence
from typing import NamedTuple

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
from streams.records.times import to_ms
from streams.records.verdict import Verdict


class PipelineResult(NamedTuple):
    """What a batch of reads gave: hits in order, rejected records, and the numbers of reads and matches."""

    hits: list[Hit]
    rejected: list[RejectedRecord]
    read_count: int
    match_count: int


class Pipeline:
    """Reads, changes of lists and verdicts in; revisions of hits out.

    Without a given `now`, now is the latest `captured_at` so far. It never falls: a smaller one is taken as
    the largest so far.
    """

    def __init__(
        self,
        index: Index,
        rules: MatchingRules,
        correlation: CorrelationConfig,
        places: Places,
        models: ConfusionModels | None = None,
        cooperation: CooperationRules | None = None,
    ) -> None:
        """`models`: how readers misread; None for those shipped. `cooperation`: handovers and operations."""
        self._index = index
        self._matcher = Matcher(rules, models=models)
        audiences = {list_id: policy.audience for list_id, policy in rules.lists.items()}
        self._correlator = Correlator(
            CorrelationRules(correlation, places, audiences, cooperation or CooperationRules()),
            index,
            self._matcher,
            build_budgets(rules),
        )
        self._now_ms = 0

    @property
    def now_ms(self) -> int:
        """The latest time so far, in ms since 1970 UTC; 0 before the first."""
        return self._now_ms

    def handle_reads(self, records: Sequence[bytes], now_ms: int | None = None) -> PipelineResult:
        """Takes a batch of reads as JSON records; `now` in ms since 1970 UTC."""
        matched = match_batch(records, self._index, self._matcher)
        hits: list[Hit] = []
        for match, newest in zip(matched.matches, matched.watermarks_ms, strict=True):
            hits += self._correlator.handle_match(
                match, self._advance_now(newest if now_ms is None else now_ms)
            )
        end = matched.watermark_ms if now_ms is None else now_ms
        if end is not None:
            hits += self._correlator.handle_time(self._advance_now(end))
        return PipelineResult(hits, matched.rejected, matched.read_count, len(matched.matches))

    def handle_matches(self, matches: Sequence[Match], now_ms: int) -> list[Hit]:
        """Takes matches made elsewhere, as by looking back; `now` in ms since 1970 UTC."""
        return [
            hit
            for match in matches
            for hit in self._correlator.handle_match(match, self._advance_now(now_ms))
        ]

    def handle_alert(self, alert: Alert, now_ms: int) -> list[Hit] | Fault:
        """Takes a new alert or version; the reads that matched an earlier one are looked at again.

        Returns the fault of an alert whose plate is none.
        """
        fault = self._index.put(alert)
        if fault is not None:
            return fault
        return self._correlator.handle_alert_change(alert_key(alert), self._advance_now(now_ms))

    def handle_withdrawal(self, withdrawal: Withdrawal, now_ms: int) -> list[Hit]:
        """Takes the withdrawal of an alert; hits that stand are withdrawn when its time has come."""
        self._index.withdraw(withdrawal)
        return self._correlator.handle_alert_change(alert_key(withdrawal), self._advance_now(now_ms))

    def handle_verdict(self, verdict: Verdict, now_ms: int) -> list[Hit]:
        """Takes a centre's verdict on a hit."""
        return self._correlator.handle_verdict(verdict, self._advance_now(now_ms))

    def schedule_verdict(self, verdict: Verdict) -> None:
        """Takes a verdict that is in force from its own time on."""
        self._correlator.schedule_verdict(verdict, to_ms(verdict.at))

    def flush(self) -> list[Hit]:
        """At the end of files: the hits that follow from withdrawals and verdicts that still lie ahead."""
        return self._correlator.flush()

    def has_hit(self, hit_id: str) -> bool:
        """Whether a hit of this id was ever made."""
        return self._correlator.has_hit(hit_id)

    def suppressed(self) -> dict[tuple[str, str], int]:
        """How many passages are withheld by a list's budget, by list and UTC day as in 2026-05-21."""
        return self._correlator.suppressed_counts()

    def _advance_now(self, now_ms: int) -> int:
        self._now_ms = max(self._now_ms, now_ms)
        return self._now_ms
