"""A state made anew from what is on the topics goes on as the one that was lost would have."""

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
from streams.records.times import from_ms, to_ms
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

FINE = timedelta(microseconds=123)
"""Times finer than they are written must not make what is read back differ."""
SETTINGS = parse_settings(CONFIG, "world")


class Said(NamedTuple):
    """A verdict on a hit that is still to be chosen: the n-th of those told so far."""

    which: int
    verdict: Any


Step = Alert | Withdrawal | Read | Said


class Topics:
    """What is on the topics: matches with their times, verdicts with theirs, hits."""

    def __init__(self) -> None:
        self.matches: list[tuple[Match, int]] = []
        self.verdicts: list[tuple[Verdict, int]] = []
        self.hits: list[Hit] = []


class Stream:
    """Lists, match stage and topics, and the workers that come and go."""

    def __init__(self, idle: bool = False) -> None:
        self.idle = idle
        """Whether the worker has time for alerts that rest, an alert a step."""
        self.index = Index()
        self.judge = Matcher(SETTINGS.matching_rules)
        self.topics = Topics()
        self.worker: Correlator | None = None
        self.taken = 0
        """How many matches the workers have dealt with, and committed."""

    def start(self, now: int, committed: int) -> list[Hit]:
        """A worker takes over: all matches before those committed are read back; what it tells by itself."""
        rules = CorrelationRules(SETTINGS.correlation, SETTINGS.places, {}, SETTINGS.cooperation)
        self.worker = Correlator(rules, self.index, self.judge)
        for verdict, at in self.topics.verdicts:
            self.worker.schedule_verdict(verdict, at)
        for match, seen in self.topics.matches[:committed]:
            self.worker.restorer.add_match(alert_key(match.alert), encode(match), seen)
        for hit in self.topics.hits:
            self.worker.restorer.add_hit(encode(hit))
        self.taken = committed
        told = self.worker.restorer.finish(now)
        self.topics.hits += told
        self.catch_up(now)
        return told

    def catch_up(self, now: int) -> None:
        """The worker deals with the matches that wait."""
        while self.worker is not None and self.taken < len(self.topics.matches):
            match, _ = self.topics.matches[self.taken]
            self.topics.hits += self.worker.handle_match(again(match), now)
            self.taken += 1

    def step(self, step: Step, now: int) -> None:
        """Something happens; a worker, if there is one, deals with it."""
        hits: list[Hit] = []
        if isinstance(step, Read):
            for match in match_batch([encode(step)], self.index, self.judge).matches:
                self.topics.matches.append((match, now))
            self.catch_up(now)
        elif isinstance(step, Said):
            ids = list(dict.fromkeys(hit.hit_id for hit in self.topics.hits))
            if ids:
                verdict = Verdict(ids[step.which % len(ids)], "tournai", step.verdict, FINE + from_ms(now))
                self.topics.verdicts.append((verdict, now))
                hits = self.worker.handle_verdict(verdict, now) if self.worker else []
        else:
            if isinstance(step, Alert):
                step = replace(step, valid_until=step.valid_until + FINE)
                self.index.apply_value(step)
            else:
                self.index.apply_tombstone(alert_key(step), now)
            hits = self.worker.handle_alert_change(alert_key(step), now) if self.worker else []
        if self.worker is not None:
            hits += self.worker.handle_time(now)
            hits += self.worker.hydrate(now, 1) if self.idle else []
        self.topics.hits += hits


def again(record: Any) -> Any:
    """A record as it comes from a topic."""
    return msgspec.json.decode(encode(record), type=type(record))


@st.composite
def stories(draw: st.DrawFn) -> list[Step]:
    """What happens, in order, a step every half minute."""
    known = draw(known_plates(2))
    seen = [*known, *(draw(st.sampled_from(known).flatmap(misread_of)) for _ in range(2))]
    listed = draw(st.lists(alerts(known, "ab"), min_size=1, max_size=3))
    said = st.builds(Said, st.integers(0, 7), st.sampled_from(["rejected", "rejected", "confirmed"]))
    steps = st.one_of(*[reads(seen, ids=9, misreads=False)] * 4, said, alerts(known, "ab"), withdrawals("ab"))
    return [*listed, *draw(st.lists(steps, min_size=4, max_size=14))]


def time_of(number: int) -> int:
    """When a step is."""
    return to_ms(START) + MINUTES * 60_000 + number * 30_000


def run(steps: Iterable[tuple[int, Step]], stream: Stream) -> None:
    """Steps one after the other."""
    for number, step in steps:
        stream.step(step, time_of(number))


def stands(hits: list[Hit]) -> dict[str, Any]:
    """The hits that stand, without what depends on when they were told."""
    return active_hits(msgspec.json.decode(encode(hit)) for hit in hits)


@given(stories(), st.data())
def test_who_takes_over_tells_what_is_missing_and_nothing_twice(
    story: list[Step], data: st.DataObject
) -> None:
    steps = list(enumerate(story))
    lost = data.draw(st.integers(0, len(steps)), "the worker is lost before this step")
    back = data.draw(st.integers(lost, len(steps)), "and another takes over before this one")
    unbroken = Stream()
    unbroken.start(time_of(0), 0)
    run(steps, unbroken)
    broken = Stream(data.draw(st.booleans(), "it has time"))
    broken.start(time_of(0), 0)
    run(steps[:lost], broken)
    done = broken.taken
    broken.worker = None
    run(steps[lost:back], broken)
    told = broken.start(time_of(back), data.draw(st.integers(0, done), "matches committed"))
    if lost == back and told:
        # The clock has moved on to the step, which may end an alert or a handover; nothing else is new.
        reasons = {hit.withdrawn.reason if hit.withdrawn else None for hit in told}
        assert reasons <= {"alert-expired", "handover-over"}
    run(steps[back:], broken)
    for stream in (unbroken, broken):
        # Verdicts of the two runs may be on different hits only if what was told before differs.
        event(f"hits told {min(len(stream.topics.hits), 6)}")
        revisions: dict[str, int] = {}
        for hit in stream.topics.hits:
            assert hit.revision == revisions.get(hit.hit_id, 0) + 1
            revisions[hit.hit_id] = hit.revision
    if [each for each, _ in unbroken.topics.verdicts] == [each for each, _ in broken.topics.verdicts]:
        assert stands(broken.topics.hits) == stands(unbroken.topics.hits)
