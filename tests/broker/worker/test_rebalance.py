"""Workers that join and leave: each hit once."""

import threading
from collections import Counter

from tests.broker.worker.scene import Scene, read_json, until

PARTITIONS = {0, 1, 2, 3}


def test_a_worker_joins_and_leaves(wide: Scene) -> None:
    """Under a steady flow of reads, each a hit; each hit is told once, by the one or the other."""
    wide.make()
    plates = [f"AB{number}CD" for number in range(120, 150)]
    for number, plate in enumerate(plates):
        wide.alert(plate, f"a{number}")
    sent: list[str] = []
    over = threading.Event()

    def gateway() -> None:
        while not over.wait(0.002):
            read_id = f"r{len(sent)}"
            wide.put_soon(
                wide.reads, read_json(plates[len(sent) % len(plates)], read_id), partition=len(sent) % 4
            )
            sent.append(read_id)

    thread = threading.Thread(target=gateway)
    with wide.running() as first:
        thread.start()
        try:
            for _ in range(2):
                with wide.running() as second:
                    until(
                        lambda: first.partitions | second.partitions == PARTITIONS  # noqa: B023
                        and bool(first.partitions and second.partitions),  # noqa: B023
                        "both have partitions",
                    )
                    before = second.work.matching.records
                    until(lambda: second.work.matching.records > before + 50, "the second takes reads")  # noqa: B023
                until(lambda: first.partitions == PARTITIONS, "the first has all again")
        finally:
            over.set()
            thread.join()
        wide.flush()
        wide.wait_done()
    counts = Counter((each.read_id, each.revision, each.kind) for each in wide.hits())
    assert set(counts) == {(read_id, 1, "new") for read_id in sent}
    assert set(counts.values()) == {1}
