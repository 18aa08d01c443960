"""A correlator restored from the topics continues as the lost one would have."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, NamedTuple

import msgspec
from hypothesis import event, given
from hypothesis import strategies as st
from msgspec.structs import replace

from streams.alerts import Index
from streams.correlation.config import CorrelationRules
from streams.correlation.correlator import Correlator
from streams.matching.batch import match_batch
from streams.matching.matcher import Matcher
from streams.records.alert import Alert, Withdrawal, alert_key
from streams.records.encode import encode
from streams.records.hit import Hit
from streams.records.match import Match
from streams.records.read import Read
from streams.records.times import MINUTE_MS, Millis, from_ms, to_ms
from streams.records.verdict import Verdict
from streams.settings.load import parse_settings
from tests.properties.worlds import (
    CONFIG,
    MINUTES,
    START,
    alerts,
    known_plates,
    misread_of,
    reads,
    withdrawals,
)
from tests.support.cases.compare import active_hits

SUB_MILLISECOND = timedelta(microseconds=123)
"""Added to times, for which a record that is read back must not differ from the original."""
SETTINGS = parse_settings(CONFIG, "world")


class NewVerdict(NamedTuple):
    """A verdict on one of the hits emitted so far, chosen by index."""

    hit_index: int
    verdict: Any


Step = Alert | Withdrawal | Read | NewVerdict


class Topics:
    """The records on the topics: matches and verdicts with their times, and hits."""

    def __init__(self) -> None:
        self.matches: list[tuple[Match, Millis]] = []
        self.verdicts: list[tuple[Verdict, Millis]] = []
        self.hits: list[Hit] = []


class Deployment:
    """Alert lists, match stage and topics, and correlators that come and go."""

    def __init__(self, hydrates_when_idle: bool = False) -> None:
        self.hydrates_when_idle = hydrates_when_idle
        """True if the correlator hydrates a cold alert after each step."""
        self.index = Index()
        self.matcher = Matcher(SETTINGS.matching_rules)
        self.topics = Topics()
        self.correlator: Correlator | None = None
        self.processed = 0
        """Number of matches that a correlator has processed."""

    def start(self, now_ms: Millis, committed: int) -> list[Hit]:
        """Start a correlator, restored from the committed matches and all hits; return what it emits."""
        rules = CorrelationRules(SETTINGS.correlation, SETTINGS.places, {}, SETTINGS.cooperation)
        self.correlator = Correlator(rules, self.index, self.matcher)
        for verdict, at_ms in self.topics.verdicts:
            self.correlator.schedule_verdict(verdict, at_ms)
        for match, matched_ms in self.topics.matches[:committed]:
            self.correlator.restorer.add_match(alert_key(match.alert), encode(match), matched_ms)
        for hit in self.topics.hits:
            self.correlator.restorer.add_hit(encode(hit))
        self.processed = committed
        hits = self.correlator.restorer.finish(now_ms)
        self.topics.hits += hits
        self.catch_up(now_ms)
        return hits

    def catch_up(self, now_ms: Millis) -> None:
        """Let the correlator process the waiting matches."""
        while self.correlator is not None and self.processed < len(self.topics.matches):
            match, _ = self.topics.matches[self.processed]
            self.topics.hits += self.correlator.handle_match(reencode(match), now_ms)
            self.processed += 1

    def run_step(self, step: Step, now_ms: Millis) -> None:
        """Put a step on the topics; a running correlator processes it."""
        hits: list[Hit] = []
        if isinstance(step, Read):
            for match in match_batch([encode(step)], self.index, self.matcher).matches:
                self.topics.matches.append((match, now_ms))
            self.catch_up(now_ms)
        elif isinstance(step, NewVerdict):
            hit_ids = list(dict.fromkeys(hit.hit_id for hit in self.topics.hits))
            if hit_ids:
                hit_id = hit_ids[step.hit_index % len(hit_ids)]
                verdict = Verdict(hit_id, "tournai", step.verdict, SUB_MILLISECOND + from_ms(now_ms))
                self.topics.verdicts.append((verdict, now_ms))
                hits = self.correlator.handle_verdict(verdict, now_ms) if self.correlator else []
        else:
            if isinstance(step, Alert):
                step = replace(step, valid_until=step.valid_until + SUB_MILLISECOND)
                self.index.apply_value(step)
            else:
                self.index.apply_tombstone(alert_key(step), now_ms)
            hits = self.correlator.handle_alert_change(alert_key(step), now_ms) if self.correlator else []
        if self.correlator is not None:
            hits += self.correlator.handle_time(now_ms)
            hits += self.correlator.hydrate(now_ms, 1) if self.hydrates_when_idle else []
        self.topics.hits += hits


def reencode(record: Any) -> Any:
    """Return a record as it is read back from a topic."""
    return msgspec.json.decode(encode(record), type=type(record))


@st.composite
def stories(draw: st.DrawFn) -> list[Step]:
    """Draw steps in order, one every half minute."""
    known = draw(known_plates(2))
    plates = [*known, *(draw(st.sampled_from(known).flatmap(misread_of)) for _ in range(2))]
    listed = draw(st.lists(alerts(known, "ab"), min_size=1, max_size=3))
    verdicts = st.builds(
        NewVerdict, st.integers(0, 7), st.sampled_from(["rejected", "rejected", "confirmed"])
    )
    steps = st.one_of(
        *[reads(plates, ids=9, misreads=False)] * 4, verdicts, alerts(known, "ab"), withdrawals("ab")
    )
    return [*listed, *draw(st.lists(steps, min_size=4, max_size=14))]


def step_ms(index: int) -> Millis:
    """Return the time of a step."""
    return to_ms(START) + MINUTES * MINUTE_MS + index * MINUTE_MS // 2


def run_steps(steps: Iterable[tuple[int, Step]], deployment: Deployment) -> None:
    """Run steps one after the other."""
    for index, step in steps:
        deployment.run_step(step, step_ms(index))


def active(hits: list[Hit]) -> dict[str, Any]:
    """Return the active hits, without the fields that depend on when they were emitted."""
    return active_hits(msgspec.json.decode(encode(hit)) for hit in hits)


@given(stories(), st.data())
def test_a_restored_correlator_emits_what_is_missing_and_nothing_twice(
    story: list[Step], data: st.DataObject
) -> None:
    steps = list(enumerate(story))
    lost = data.draw(st.integers(0, len(steps)), "the correlator is lost before this step")
    back = data.draw(st.integers(lost, len(steps)), "and another takes over before this one")
    unbroken = Deployment()
    unbroken.start(step_ms(0), 0)
    run_steps(steps, unbroken)
    broken = Deployment(data.draw(st.booleans(), "it hydrates when idle"))
    broken.start(step_ms(0), 0)
    run_steps(steps[:lost], broken)
    processed = broken.processed
    broken.correlator = None
    run_steps(steps[lost:back], broken)
    hits = broken.start(step_ms(back), data.draw(st.integers(0, processed), "matches committed"))
    if lost == back and hits:
        # The time has advanced to the step, which may end an alert or a handover; nothing else is new.
        reasons = {hit.withdrawn.reason if hit.withdrawn else None for hit in hits}
        assert reasons <= {"alert-expired", "handover-over"}
    run_steps(steps[back:], broken)
    for deployment in (unbroken, broken):
        event(f"emitted revisions {min(len(deployment.topics.hits), 6)}")
        revisions: dict[str, int] = {}
        for hit in deployment.topics.hits:
            assert hit.revision == revisions.get(hit.hit_id, 0) + 1
            revisions[hit.hit_id] = hit.revision
    # The verdicts of both runs are on the same hits only if the same hits had been emitted before.
    unbroken_verdicts = [verdict for verdict, _ in unbroken.topics.verdicts]
    if unbroken_verdicts == [verdict for verdict, _ in broken.topics.verdicts]:
        assert active(broken.topics.hits) == active(unbroken.topics.hits)
