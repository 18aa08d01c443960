"""The table of hits: what was emitted, verdicts, and the pairs to which adjudications apply."""

from bisect import bisect_left, insort
from collections.abc import Callable, Collection, Sequence

from msgspec.structs import replace

from streams.correlation.budget import Budgets
from streams.correlation.passages import Passage
from streams.correlation.tables import HitState, Pair, pair_of
from streams.records.alert import Alert, AlertKey
from streams.records.hit import Hit
from streams.records.times import HOUR_MS, Millis, to_ms, truncate_to_ms
from streams.records.verdict import Verdict, verdict_order
from streams.rules.verdicts import JudgedHit, VerdictRefusal, VerdictRules


class HitTable:
    """The hits by id. Emitted revisions are charged to the budgets of their lists."""

    def __init__(
        self,
        budgets: Budgets,
        verdict_rules: VerdictRules,
        audience_of: Callable[[Alert], Sequence[str]],
    ) -> None:
        """`audience_of` returns the centres notified of the hits of an alert."""
        self._budgets = budgets
        self._verdict_rules = verdict_rules
        self._audience_of = audience_of
        self._pending: dict[str, list[Verdict]] = {}
        """The verdicts on hits that are not known, by hit."""
        self._refusals: list[VerdictRefusal] = []
        self._hits: dict[str, HitState] = {}
        self._adjudications: dict[Pair, list[tuple[tuple[object, ...], str]]] = {}
        """By pair, the adjudicated hits; the last has the newest adjudication."""
        self._given_in: dict[int, set[str]] = {}
        """The hits with verdicts given in an hour, so that expiry need not search all hits."""

    def get(self, hit_id: str) -> HitState | None:
        """Return the state of a hit, if it is known."""
        return self._hits.get(hit_id)

    def get_or_create(self, hit_id: str) -> HitState:
        """Return the state of a hit, which is created if it is not known."""
        hit = self._hits.get(hit_id)
        if hit is None:
            hit = self._hits[hit_id] = HitState()
        return hit

    def is_active(self, hit_id: str) -> bool:
        """True if a hit was emitted and not retracted since."""
        hit = self._hits.get(hit_id)
        return hit is not None and hit.is_active

    def is_emitted(self, hit_id: str) -> bool:
        """True if a hit was ever emitted."""
        hit = self._hits.get(hit_id)
        return hit is not None and hit.emitted is not None

    def alert_of(self, hit_id: str) -> AlertKey | None:
        """Return the key of the alert of a hit, if it is known."""
        hit = self._hits.get(hit_id)
        if hit is None:
            return None
        if hit.emitted is not None:
            return hit.emitted.alert.list_id, hit.emitted.alert.alert_id
        pair = self.pair_for(hit_id)
        return pair.alert if pair is not None else None

    def record_emitted(self, revision: Hit, hit: HitState | None = None) -> None:
        """Record an emitted revision, which is charged to the budget of its list; `hit` is its state."""
        if hit is None:
            hit = self.get_or_create(revision.hit_id)
        hit.emitted = revision
        if revision.handover is None and self._budgets:
            # A handover repeats a passage, whose own hit is charged.
            self._budgets.charge(revision)

    def restore_emitted(self, revision: Hit) -> None:
        """Record a revision that was emitted before, unless a higher one of the hit is known."""
        emitted = self.get_or_create(revision.hit_id).emitted
        if emitted is None or revision.revision >= emitted.revision:
            self.record_emitted(revision)
        if self._pending:
            self._judge_pending(revision.hit_id, _judged(revision))

    # Passages

    def set_passage(self, passage: Passage, hit: HitState | None = None) -> Collection[Pair]:
        """Record that a hit is that of a passage; return the pairs whose rejection has changed.

        `hit` is the state of the hit.
        """
        if hit is None:
            hit = self.get_or_create(passage.hit_id)
        hit.passage = passage
        is_pending = bool(self._pending) and passage.hit_id in self._pending
        if hit.adjudication is None and not is_pending:
            return ()
        pairs = {pair for pair in (hit.pair, pair_of(passage)) if pair is not None}
        rejected = {pair for pair in pairs if self.is_pair_rejected(pair)}
        if is_pending:
            self._judge_pending(passage.hit_id, self._judged_passage(passage))
        self.set_pair(passage.hit_id, pair_of(passage))
        return {pair for pair in pairs if self.is_pair_rejected(pair) != (pair in rejected)}

    def rename(self, passage: Passage, hit_id: str) -> None:
        """Let a passage have another hit, which was emitted when an earlier sighting was still retained."""
        former = self._hits.get(passage.hit_id)
        if former is not None and former.emitted is None and former.verdict is None:
            del self._hits[passage.hit_id]
        passage.hit_id = hit_id
        self.set_passage(passage)

    def release(self, hit_id: str) -> None:
        """Record that a hit is no longer that of a passage."""
        hit = self._hits.get(hit_id)
        if hit is not None:
            hit.passage = None

    def drop(self, hit_id: str) -> None:
        """Drop the emitted revision of a hit, and its verdict unless it is adjudicated."""
        hit = self._hits.get(hit_id)
        if hit is None:
            return
        hit.emitted = hit.passage = None
        if hit.adjudication is None:
            del self._hits[hit_id]

    # Verdicts

    def judge(self, verdict: Verdict, judged: JudgedHit | None = None) -> bool:
        """Record a verdict on a known hit, unless it is refused; return True if that changes anything.

        `judged` is what decides who may judge the hit, if that is not on record.
        """
        hit = self._hits.get(verdict.hit_id)
        if hit is not None and hit.emitted is not None:
            judged = _judged(hit.emitted)
        elif hit is not None and hit.passage is not None:
            judged = self._judged_passage(hit.passage)
        refusal = self._verdict_rules.check_centre(verdict)
        if refusal is None and judged is not None:
            refusal = self._verdict_rules.check_hit(verdict, judged)
        if refusal is not None:
            self.refuse(refusal)
            return False
        return self._record_verdict(verdict)

    def add_pending(self, verdict: Verdict) -> None:
        """Add a verdict on a hit that is not known: it is another partition's, or its read is late."""
        refusal = self._verdict_rules.check_centre(verdict)
        if refusal is not None:
            self.refuse(refusal)
            return
        self._pending.setdefault(verdict.hit_id, []).append(verdict)
        self._given_in.setdefault(to_ms(verdict.at) // HOUR_MS, set()).add(verdict.hit_id)

    def refuse(self, refusal: VerdictRefusal) -> None:
        """Record a refused verdict, for `pop_refusals`."""
        self._refusals.append(refusal)

    def pop_refusals(self) -> list[VerdictRefusal]:
        """Return the verdicts refused since the last call."""
        refusals, self._refusals = self._refusals, []
        return refusals

    @property
    def has_pending(self) -> bool:
        """True if there are verdicts on hits that are not known."""
        return bool(self._pending)

    def judge_handover(self, hit_id: str, list_id: str, centres: Sequence[str]) -> None:
        """Record the verdicts on the hit of a handover that came before it."""
        if self._pending:
            self._judge_pending(hit_id, JudgedHit(list_id, centres, 0))

    def _judge_pending(self, hit_id: str, judged: JudgedHit) -> None:
        for verdict in self._pending.pop(hit_id, ()):
            self.judge(verdict, judged)

    def _judged_passage(self, passage: Passage) -> JudgedHit:
        alert = passage.best.match.alert
        return JudgedHit(alert.list_id, self._audience_of(alert), passage.first_ms)

    def _record_verdict(self, verdict: Verdict) -> bool:
        """Record a verdict; return True if it is newer than the one on record."""
        # Truncated as on a hit: a verdict that was read back from one must compare equal.
        verdict = replace(verdict, at=truncate_to_ms(verdict.at))
        hit = self.get_or_create(verdict.hit_id)
        changed = False
        if hit.verdict is None or verdict_order(hit.verdict) < verdict_order(verdict):
            hit.verdict, changed = verdict, True
        stored = hit.adjudication
        if verdict.verdict != "acknowledged" and (
            stored is None or verdict_order(stored) < verdict_order(verdict)
        ):
            pair = self.pair_for(verdict.hit_id)
            self._unset_pair(verdict.hit_id, hit)
            hit.adjudication, changed = verdict, True
            if pair is not None:
                self.set_pair(verdict.hit_id, pair)
        if changed:
            self._given_in.setdefault(to_ms(verdict.at) // HOUR_MS, set()).add(verdict.hit_id)
        return changed

    def expire_verdicts(self, before_ms: Millis) -> None:
        """Expire verdicts given before a time, with the hits of which nothing else is retained."""
        hours = [hour for hour in self._given_in if hour * HOUR_MS <= before_ms]
        for hit_id in [hit_id for hour in hours for hit_id in self._given_in[hour]]:
            pending = [each for each in self._pending.pop(hit_id, ()) if to_ms(each.at) >= before_ms]
            if pending:
                self._pending[hit_id] = pending
            hit = self._hits.get(hit_id)
            if hit is None:
                continue
            if hit.adjudication is not None and to_ms(hit.adjudication.at) < before_ms:
                self._unset_pair(hit_id, hit)
                hit.adjudication = None
            if hit.verdict is not None and to_ms(hit.verdict.at) < before_ms:
                hit.verdict = None
            if hit.emitted is None and hit.verdict is None and hit.adjudication is None:
                del self._hits[hit_id]
        for hour in hours:
            if (hour + 1) * HOUR_MS <= before_ms:
                del self._given_in[hour]

    # Pairs

    @property
    def has_adjudications(self) -> bool:
        """True if any pair has an adjudication."""
        return bool(self._adjudications)

    def pair_for(self, hit_id: str) -> Pair | None:
        """Return the pair of a hit, if it is known."""
        hit = self._hits.get(hit_id)
        if hit is None:
            return None
        return hit.pair if hit.passage is None else pair_of(hit.passage)

    def set_pair(self, hit_id: str, pair: Pair) -> None:
        """Record the pair of a hit, replacing the pair of an earlier text."""
        hit = self.get_or_create(hit_id)
        if hit.pair == pair:
            return
        self._unset_pair(hit_id, hit)
        hit.pair = pair
        if hit.adjudication is not None:
            insort(self._adjudications.setdefault(pair, []), (verdict_order(hit.adjudication), hit_id))

    def is_pair_rejected(self, pair: Pair) -> bool:
        """True if the newest adjudication of any hit of a pair is `rejected`."""
        adjudications = self._adjudications.get(pair)
        if not adjudications:
            return False
        newest = self._hits[adjudications[-1][1]].adjudication
        return newest is not None and newest.verdict == "rejected"

    def _unset_pair(self, hit_id: str, hit: HitState) -> None:
        pair, hit.pair = hit.pair, None
        if pair is not None and hit.adjudication is not None:
            adjudications = self._adjudications[pair]
            del adjudications[bisect_left(adjudications, (verdict_order(hit.adjudication), hit_id))]
            if not adjudications:
                del self._adjudications[pair]


def _judged(hit: Hit) -> JudgedHit:
    captured_ms = to_ms(hit.read.captured_at) if hit.handover is None else 0
    return JudgedHit(hit.alert.list_id, hit.audience, captured_ms)
