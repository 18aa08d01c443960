"""The records on the topic of lookbacks."""

from streams.records.decode import decode_lookback_run
from streams.records.lookback import LookbackRun
from tests.support.waiting import wait_until
from tests.support.worker_scene import WorkerEnvironment


def lookback_records(scene: WorkerEnvironment) -> list[LookbackRun]:
    """Return all records, those of a partition in order."""
    runs = [decode_lookback_run(record.value() or b"") for record in scene.read_topic(scene.names.lookbacks)]
    assert all(isinstance(each, LookbackRun) for each in runs), runs
    return [each for each in runs if isinstance(each, LookbackRun)]


def wait_lookback_done(scene: WorkerEnvironment, alert_id: str = "a1", version: int = 1) -> LookbackRun:
    """Wait until the lookback of an alert is done; return its record."""

    def done() -> list[LookbackRun]:
        return [
            each
            for each in lookback_records(scene)
            if each.done_at and (each.alert_id, each.version) == (alert_id, version)
        ]

    wait_until(lambda: bool(done()), f"{alert_id} has its lookback")
    return done()[-1]
