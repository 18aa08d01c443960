"""One wrong clock changes nothing for the others, and what is set aside depends on no order."""

from datetime import datetime, timedelta
from itertools import combinations
from random import Random

from hypothesis import assume, event, given
from hypothesis import strategies as st
from msgspec.structs import replace

from streams.alerts import Index
from streams.matching.batch import match_batch
from streams.matching.config import MatchingRules
from streams.matching.estimated_present import EstimatedPresent
from streams.matching.matcher import Matcher
from streams.records.encode import encode
from streams.records.read import Read
from streams.records.times import HOUR_MS, to_ms
from tests.properties.test_arrival import RUNNER, World, shuffled, worlds
from tests.properties.worlds import START
from tests.support.builders import a_read, an_alert
from tests.support.examples import examples

MATCHER = Matcher(MatchingRules())
TOLERANCE_HOURS = 5

times_of_reads = st.one_of(
    st.integers(0, 10), st.integers(0, 10), st.integers(0, 40), st.integers(500, 520)
).flatmap(
    lambda hour: st.sampled_from([0, 30, 59]).map(
        lambda minute: START + timedelta(hours=hour, minutes=minute)
    )
)
streams_of_reads = st.lists(st.tuples(st.sampled_from("abc"), times_of_reads), min_size=1, max_size=12)


def hour_of(time: datetime) -> int:
    """The hours from 1970 to a time."""
    return to_ms(time) // HOUR_MS


def plausible(reads: list[Read]) -> set[str]:
    """The ids of the reads that are to be matched, as docs/concepts/meaning.md says."""
    placed = [(hour_of(read.captured_at), read.camera_id, read.captured_at) for read in reads]
    pairs = [pair for pair in combinations(placed, 2) if abs(pair[0][0] - pair[1][0]) <= TOLERANCE_HOURS]
    of_two = [pair for pair in pairs if pair[0][1] != pair[1][1]]
    of_one = [pair for pair in pairs if pair[0][2] != pair[1][2]]
    hours = sorted(hour for hour, _, _ in placed)
    if not of_two and not of_one:
        return {read.read_id for read in reads}
    present = max(hour for pair in of_two or of_one for hour, _, _ in pair)
    for hour in hours:
        if present < hour <= present + TOLERANCE_HOURS:
            present = hour
    event("all" if present == hours[-1] else "some are set aside")
    return {read.read_id for read in reads if hour_of(read.captured_at) <= present}


@examples(300)
@given(
    streams_of_reads, st.randoms(use_true_random=False), st.lists(st.integers(1, 4), min_size=1, max_size=4)
)
def test_the_same_reads_are_matched_in_any_order_repetition_and_batches(
    stream: list[tuple[str, datetime]], random: Random, sizes: list[int]
) -> None:
    reads = [
        a_read("AB123CD", read_id=f"r{number}", camera_id=camera, captured_at=time)
        for number, (camera, time) in enumerate(stream)
    ]
    index = Index()
    index.put(an_alert("AB123CD"))
    expected = plausible(reads)
    for records in ([encode(read) for read in reads], shuffled([encode(read) for read in reads], random)):
        check = EstimatedPresent(TOLERANCE_HOURS)
        matched: list[str] = []
        start = turn = 0
        while start < len(records):
            size = sizes[turn % len(sizes)]
            result = match_batch(records[start : start + size], index, MATCHER, check)
            assert result.implausible == []
            matched += [match.read.read_id for match in result.matches]
            start, turn = start + size, turn + 1
        held = check.finish()
        matched += [match.read.read_id for match in match_batch(held.records, index, MATCHER).matches]
        assert set(matched) == expected
        # Nothing is lost and nothing is matched twice.
        assert len(matched) + len(held.set_aside) == len(records)


@examples(100)
@given(
    worlds(),
    st.integers(1, 4),
    st.floats(25, 600_000),
    st.randoms(use_true_random=False),
)
def test_one_clock_far_ahead_changes_no_hit_of_the_others(
    world: World, wrong_count: int, ahead_hours: float, random: Random
) -> None:
    """Listed or not, first or last: the hits are those without its reads, and its reads are rejected."""
    assume(world.now_ms is None and len({read.camera_id for read in world.reads}) > 1)
    case = world._replace(verdicts=world.verdicts).case()
    wrong = [
        encode(
            replace(
                random.choice(world.reads),
                camera_id="wrong",
                captured_at=START + timedelta(hours=ahead_hours, minutes=10 + number),
            )
        )
        for number in range(wrong_count)
    ]
    reads = list(case.reads)
    for line in wrong:
        reads.insert(random.randrange(len(reads) + 1), line)
    without, with_wrong = RUNNER.run(case), RUNNER.run(case._replace(reads=reads))
    assert with_wrong.hits == without.hits
    assert [reads[row["line"] - 1] for row in with_wrong.rejected] == [
        line for line in reads if line in wrong
    ]
