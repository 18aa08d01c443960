"""Starting on topics that are missing or do not fit."""

import pytest

from streams.runtime.errors import WorkerError
from tests.support.running_worker import line_of, until
from tests.support.worker_scene import Scene


def test_a_topic_that_is_missing(scene: Scene) -> None:
    scene.make("verdicts", "rejected")
    with scene.process() as process:
        until(lambda: not process.alive, "the worker ends by itself")
        assert process.exit_code == 1
        line = line_of(process.said())
    assert f"{scene.names.verdicts}, {scene.names.rejected}: no such topic" in line
    assert "`anpr topics apply`" in line


def test_matches_and_hits_of_other_numbers_of_partitions(scene: Scene) -> None:
    scene.make("hits")
    Scene(scene.servers, scene.prefix, scene.folder, partitions=3).make(
        "reads", "alerts", "matches", "verdicts", "rejected", "lookbacks"
    ).close()
    with pytest.raises(WorkerError) as caught:
        scene.worker().start()
    assert f"{scene.names.matches} has 1 partitions and {scene.names.hits} has 3" in str(caught.value)
