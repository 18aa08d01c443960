"""What is on the topic of look backs."""

from streams.records.decode import decode_looked_back
from streams.records.lookback import LookedBack
from tests.support.running_worker import until
from tests.support.worker_scene import Scene


def records(scene: Scene) -> list[LookedBack]:
    """All records, those of a partition in order."""
    found = [decode_looked_back(record.value() or b"") for record in scene.whole(scene.names.lookbacks)]
    assert all(isinstance(each, LookedBack) for each in found), found
    return [each for each in found if isinstance(each, LookedBack)]


def wait_done(scene: Scene, alert_id: str = "a1", version: int = 1) -> LookedBack:
    """The record that an alert was looked back for, waited for."""

    def done() -> list[LookedBack]:
        return [
            each
            for each in records(scene)
            if each.done_at and (each.alert_id, each.version) == (alert_id, version)
        ]

    until(lambda: bool(done()), f"{alert_id} was looked back for", 60)
    return done()[-1]
