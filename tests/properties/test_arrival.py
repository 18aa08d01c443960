"""The active hits depend on no order of input, and the output depends on no batch sizes."""

from random import Random
from typing import NamedTuple

import msgspec
from hypothesis import event, given
from hypothesis import strategies as st

from streams.alerts import Index
from streams.pipeline import Pipeline
from streams.records.alert import Alert, Withdrawal
from streams.records.encode import encode
from streams.records.read import Read
from streams.records.times import to_ms
from streams.records.verdict import Verdict
from streams.settings.load import parse_settings
from tests.properties.worlds import CONFIG, alerts, known_plates, misread_of, moments, reads, withdrawals
from tests.support.cases.compare import active_hits
from tests.support.cases.loading import Case
from tests.support.cases.runner import ReplayRunner
from tests.support.examples import examples

RUNNER = ReplayRunner()
SETTINGS = parse_settings(CONFIG, "world")


class World(NamedTuple):
    """Alerts, withdrawals, reads and verdicts, and the time if it is fixed."""

    alerts: list[Alert]
    withdrawals: list[Withdrawal]
    reads: list[Read]
    verdicts: list[Verdict]
    now_ms: int | None

    def case(self) -> Case:
        """Return the world as a case without expectations."""
        listed = [encode(entry) for entry in (*self.alerts, *self.withdrawals)]
        reads = [encode(read) for read in self.reads]
        verdicts = [encode(verdict) for verdict in self.verdicts]
        return Case("world", "", reads, listed, verdicts, CONFIG, self.now_ms, [], [])


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Draw a world whose verdicts are on hits that it produces without verdicts."""
    known = draw(known_plates(2))
    # Few texts, so that the same one is read at several cameras and adjudications apply to several hits.
    plates = [*known, *(draw(st.sampled_from(known).flatmap(misread_of)) for _ in range(2))]
    world = World(
        draw(st.lists(alerts(known, "ab"), min_size=1, max_size=5)),
        draw(st.lists(withdrawals("ab"), max_size=2)),
        draw(st.lists(reads(plates, ids=3, misreads=False), min_size=3, max_size=12)),
        [],
        draw(st.one_of(st.none(), moments(0, 10).map(to_ms))),
    )
    verdicts = draw(
        st.lists(
            st.tuples(
                st.integers(0, 7),
                st.sampled_from(["rejected", "rejected", "confirmed", "acknowledged"]),
                moments(0, 20),
            ),
            max_size=5,
        )
    )
    hit_ids = sorted({hit["hit_id"] for hit in RUNNER.run(world.case()).hits}) if verdicts else []
    if not hit_ids:
        return world
    records = [
        Verdict(hit_ids[index % len(hit_ids)], "tournai", verdict, at) for index, verdict, at in verdicts
    ]
    return world._replace(verdicts=records)


def shuffled(lines: list[bytes], random: Random) -> list[bytes]:
    """Return the lines in another order, some of them twice."""
    repeated = lines + [line for line in lines if random.random() < 0.3]
    random.shuffle(repeated)
    return repeated


@examples(100)  # each example is replayed four or five times
@given(worlds(), st.randoms(use_true_random=False))
def test_any_order_and_any_repetition_leaves_the_same_active_hits(world: World, random: Random) -> None:
    case = world.case()
    hits = RUNNER.run(case).hits
    expected = active_hits(hits)
    for hit in hits:
        event(f"{hit['kind']} {hit.get('withdrawn', {}).get('reason', '')}")
    for _ in range(3):
        reordered = case._replace(
            reads=shuffled(case.reads, random),
            alerts=shuffled(case.alerts, random),
            verdicts=shuffled(case.verdicts, random),
        )
        assert active_hits(RUNNER.run(reordered).hits) == expected


@given(worlds())
def test_revisions_of_a_hit_are_consecutive_and_each_changes_something(world: World) -> None:
    """A hit starts with revision 1 and `new`, and is withdrawn only while it is active."""
    last: dict[str, dict[str, object]] = {}
    for hit in RUNNER.run(world.case()).hits:
        previous = last.get(hit["hit_id"])
        if previous is None:
            assert (hit["kind"], hit["revision"]) == ("new", 1)
        else:
            assert hit["revision"] == previous["revision"] + 1  # type: ignore[operator]
            assert hit["kind"] in ("amended", "withdrawn")
            assert not (hit["kind"] == previous["kind"] == "withdrawn")
            before, after = (
                {key: value for key, value in entry.items() if key not in ("revision", "emitted_at", "kind")}
                for entry in (previous, hit)
            )
            assert before != after
        assert (hit["kind"] == "withdrawn") == ("withdrawn" in hit)
        last[hit["hit_id"]] = hit


@given(worlds(), st.lists(st.integers(1, 4), min_size=1, max_size=4))
def test_batch_sizes_do_not_affect_the_output(world: World, sizes: list[int]) -> None:
    def revisions(sizes: list[int]) -> list[object]:
        """Return all revisions for reads in batches of these sizes in turn."""
        index = Index()
        for alert in world.alerts:
            index.put(alert)
        for withdrawal in world.withdrawals:
            index.withdraw(withdrawal)
        pipeline = Pipeline(SETTINGS.pipeline(), index)
        for verdict in world.verdicts:
            pipeline.schedule_verdict(verdict)
        lines = [encode(read) for read in world.reads]
        hits = []
        turn = 0
        while lines:
            size = sizes[turn % len(sizes)]
            hits += pipeline.handle_reads(lines[:size], world.now_ms).hits
            lines, turn = lines[size:], turn + 1
        if world.now_ms is None:
            hits += pipeline.flush()
        return [msgspec.json.decode(encode(hit)) for hit in hits]

    expected = revisions([1])
    assert revisions(sizes) == expected
    assert revisions([len(world.reads)]) == expected
