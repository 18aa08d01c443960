"""Workers that join and leave: each hit once."""

from collections import Counter

from tests.support.waiting import wait_until
from tests.support.worker_scene import WorkerEnvironment

PARTITIONS = {0, 1, 2, 3}


def test_no_hit_is_lost_or_repeated_when_a_worker_joins_and_leaves(wide: WorkerEnvironment) -> None:
    """Each read gives a hit, which one of the two workers emits once."""
    wide.create_topics()
    plates = [f"AB{number}CD" for number in range(120, 150)]
    for number, plate in enumerate(plates):
        wide.produce_alert(plate, f"a{number}")
    with wide.running_worker() as first:
        with wide.continuous_reads(plates) as sent:
            with wide.running_worker() as second:
                wait_until(
                    lambda: (
                        bool(first.partitions and second.partitions)
                        and first.partitions | second.partitions == PARTITIONS
                    ),
                    "both have partitions",
                )
                before = second.worker.match_agent.read_count
                wait_until(lambda: second.worker.match_agent.read_count > before + 50, "the second reads")
            wait_until(lambda: first.partitions == PARTITIONS, "the first has all again")
        wide.flush()
        wide.wait_processed()
    counts = Counter((each.read_id, each.revision, each.kind) for each in wide.emitted_hits())
    assert set(counts) == {(read_id, 1, "new") for read_id in sent}
    assert set(counts.values()) == {1}
