"""Workers that join and leave: each hit once."""

from collections import Counter

from tests.support.running_worker import until
from tests.support.worker_scene import Scene

PARTITIONS = {0, 1, 2, 3}


def test_a_worker_joins_and_leaves(wide: Scene) -> None:
    """Under a steady flow of reads, each a hit; each hit is told once, by the one or the other."""
    wide.make()
    plates = [f"AB{number}CD" for number in range(120, 150)]
    for number, plate in enumerate(plates):
        wide.alert(plate, f"a{number}")
    with wide.running() as first:
        with wide.gateway(plates) as sent:
            with wide.running() as second:
                until(
                    lambda: (
                        bool(first.partitions and second.partitions)
                        and first.partitions | second.partitions == PARTITIONS
                    ),
                    "both have partitions",
                )
                before = second.work.matching.records
                until(lambda: second.work.matching.records > before + 50, "the second takes reads")
            until(lambda: first.partitions == PARTITIONS, "the first has all again")
        wide.flush()
        wide.wait_done()
    counts = Counter((each.read_id, each.revision, each.kind) for each in wide.hits())
    assert set(counts) == {(read_id, 1, "new") for read_id in sent}
    assert set(counts.values()) == {1}
