"""A passage of many reads gives the same active hit for every order of arrival and repetition."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from streams.alerts import Index
from streams.correlation.passages import MAX_SIGHTINGS
from streams.pipeline import Pipeline, PipelineConfig
from streams.records.encode import encode
from streams.records.read import Read
from tests.support.builders import NOON, a_read, an_alert
from tests.support.cases.compare import active_hits

GAP_S = 60
ALERT = an_alert("AB-123-CD", "FR")
TEXTS = ("AB-123-CD", "A8-123-CD", "AB-I23-CD")


@st.composite
def passages(draw: st.DrawFn) -> list[Read]:
    """Draw the reads of a vehicle that stands before a camera for some time, and then comes again."""
    gaps = draw(
        st.lists(st.integers(0, GAP_S + 1), min_size=MAX_SIGHTINGS, max_size=3 * MAX_SIGHTINGS),
        label="seconds between reads",
    )
    seconds, reads = 0, []
    for number, gap in enumerate(gaps):
        seconds += gap
        reads.append(
            a_read(
                draw(st.sampled_from(TEXTS)),
                "FR",
                read_id=f"r{number}",
                captured_at=NOON + timedelta(seconds=seconds),
                confidence=draw(st.sampled_from([0.5, 0.9, 0.99])),
            )
        )
    return reads


def active_after(reads: list[Read]) -> dict[str, Any]:
    """Return the active hits after reads in the order of their arrival."""
    index = Index()
    index.put(ALERT)
    pipeline = Pipeline(PipelineConfig(), index)
    hits = [hit for read in reads for hit in pipeline.handle_reads([encode(read)]).hits]
    hits += pipeline.flush()
    return active_hits(msgspec.json.decode(encode(hit)) for hit in hits)


@given(passages(), st.data())
def test_the_active_hits_do_not_depend_on_the_order_of_arrival(
    reads: list[Read], data: st.DataObject
) -> None:
    expected = active_after(reads)
    arrival = data.draw(st.permutations(reads), label="order of arrival")
    repeated = data.draw(st.lists(st.sampled_from(reads), max_size=10), label="sent again")
    assert active_after([*arrival, *repeated]) == expected
    assert active_after(reads[::-1]) == expected


@given(passages())
def test_each_passage_has_one_active_hit(reads: list[Read]) -> None:
    times = [read.captured_at for read in reads]
    passage_count = 1 + sum(later - earlier > timedelta(seconds=GAP_S) for earlier, later in pairwise(times))
    assert len(active_after(reads)) == passage_count
