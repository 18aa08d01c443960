"""The start on topics that are missing or unsuitable."""

import pytest

from streams.runtime.errors import WorkerError
from tests.support.running_worker import failure_line
from tests.support.waiting import wait_until
from tests.support.worker_scene import WorkerEnvironment


def test_missing_topics_stop_the_worker(scene: WorkerEnvironment) -> None:
    scene.create_topics("verdicts", "rejected")
    with scene.worker_process() as process:
        wait_until(lambda: not process.alive, "the worker stops")
        assert process.exit_code == 1
        line = failure_line(process.output())
    assert f"{scene.names.verdicts}, {scene.names.rejected}: no such topic" in line
    assert "`anpr topics apply`" in line


def test_matches_and_hits_need_the_same_number_of_partitions(scene: WorkerEnvironment) -> None:
    scene.create_topics("hits")
    WorkerEnvironment(scene.servers, scene.prefix, scene.folder, partitions=3).create_topics(
        "reads", "alerts", "matches", "verdicts", "rejected", "lookbacks"
    ).close()
    with pytest.raises(WorkerError) as caught:
        scene.make_worker().start()
    assert f"{scene.names.matches} has 1 partitions and {scene.names.hits} has 3" in str(caught.value)
