"""The whole way of a read on one page: bytes in, hits out.

    records ─▶ decode ─▶ columns of keys ─▶ index ─▶ judge ─▶ matches ─▶ correlator ─▶ hits

Nothing here knows a broker, a file or a clock: times come in with the records or as `now`.
"""

from collections.abc import Sequence
from typing import NamedTuple

from streams.alerts.index import Index
from streams.confusions.model import Models
from streams.correlation.budget import budgets_of
from streams.correlation.config import Cooperation, CorrelationPolicy
from streams.correlation.correlator import Correlator
from streams.matching.batch import match_batch
from streams.matching.config import Policies
from streams.matching.matcher import Judge
from streams.network.config import Places
from streams.records.alert import Alert, Withdrawal, key_of
from streams.records.decode import Rejected
from streams.records.faults import Fault
from streams.records.hit import Hit
from streams.records.match import Match
from streams.records.times import to_ms
from streams.records.verdict import Verdict


class Outcome(NamedTuple):
    """What a batch of reads gave: hits in order, rejected records, and the numbers of reads and matches."""

    hits: list[Hit]
    rejected: list[Rejected]
    reads: int
    matches: int


class Pipeline:
    """Reads, changes of lists and verdicts in; revisions of hits out.

    Without a given `now`, now is the latest `captured_at` so far. It never falls: a smaller one is taken as
    the largest so far.
    """

    def __init__(
        self,
        index: Index,
        policies: Policies,
        correlation: CorrelationPolicy,
        places: Places,
        models: Models | None = None,
        cooperation: Cooperation | None = None,
    ) -> None:
        """`models`: how readers misread; None for those shipped. `cooperation`: handovers and operations."""
        self._index = index
        self._judge = Judge(policies, models=models)
        audiences = {list_id: policy.audience for list_id, policy in policies.lists.items()}
        self._correlator = Correlator(
            correlation,
            places,
            audiences,
            index,
            self._judge,
            budgets_of(policies),
            cooperation or Cooperation(),
        )
        self._now = 0

    @property
    def now(self) -> int:
        """The latest time so far, in ms since 1970 UTC; 0 before the first."""
        return self._now

    def reads(self, records: Sequence[bytes], now: int | None = None) -> Outcome:
        """Takes a batch of reads as JSON records; `now` in ms since 1970 UTC."""
        matched = match_batch(records, self._index, self._judge)
        hits: list[Hit] = []
        for match, newest in zip(matched.matches, matched.newest, strict=True):
            hits += self._correlator.match(match, self._at(newest if now is None else now))
        end = matched.newest_of_all if now is None else now
        if end is not None:
            hits += self._correlator.advance(self._at(end))
        return Outcome(hits, matched.rejected, matched.reads, len(matched.matches))

    def matches(self, matches: Sequence[Match], now: int) -> list[Hit]:
        """Takes matches made elsewhere, as by looking back; `now` in ms since 1970 UTC."""
        return [hit for match in matches for hit in self._correlator.match(match, self._at(now))]

    def put(self, alert: Alert, now: int) -> list[Hit] | Fault:
        """Takes a new alert or version; the reads that matched an earlier one are looked at again.

        Returns the fault of an alert whose plate is none.
        """
        fault = self._index.put(alert)
        if fault is not None:
            return fault
        return self._correlator.changed(key_of(alert), self._at(now))

    def withdraw(self, withdrawal: Withdrawal, now: int) -> list[Hit]:
        """Takes the withdrawal of an alert; hits that stand are withdrawn when its time has come."""
        self._index.withdraw(withdrawal)
        return self._correlator.changed(key_of(withdrawal), self._at(now))

    def verdict(self, verdict: Verdict, now: int) -> list[Hit]:
        """Takes a centre's verdict on a hit."""
        return self._correlator.verdict(verdict, self._at(now))

    def expect(self, verdict: Verdict) -> None:
        """Takes a verdict that is in force from its own time on."""
        self._correlator.expect(verdict, to_ms(verdict.at))

    def conclude(self) -> list[Hit]:
        """At the end of files: the hits that follow from withdrawals and verdicts that still lie ahead."""
        return self._correlator.conclude()

    def knows(self, hit_id: str) -> bool:
        """Whether a hit of this id was ever made."""
        return self._correlator.knows(hit_id)

    def withheld(self) -> dict[tuple[str, str], int]:
        """How many passages are withheld by a list's budget, by list and UTC day as in 2026-05-21."""
        return self._correlator.withheld()

    def _at(self, now: int) -> int:
        self._now = max(self._now, now)
        return self._now
