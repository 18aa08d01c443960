"""Budgets of false hits: what is withheld is counted, tightening is said once, and both outlast a worker."""

from streams.matching.config import ListPolicy, Policies
from tests.support.worker_scene import Scene, read_json

BUDGET = 0.5
POLICIES = Policies({"sis": ListPolicy(false_hits_per_day=BUDGET)})
LISTED, OTHER = "QA123CQ", "DA123CQ"
"""The second is a possible plate itself, so a read of it is most likely another vehicle."""


def test_what_would_break_the_budget_is_withheld_also_by_who_takes_over(scene: Scene) -> None:
    scene.make().alert(LISTED)
    with scene.running(policies=POLICIES) as worker:
        scene.put(scene.reads, read_json(OTHER, "doubtful", country="FR", confidence=0.8))
        scene.put(scene.reads, read_json(OTHER, "as-doubtful", country="FR", confidence=0.8))
        scene.put(scene.reads, read_json(LISTED, "sure", country="FR", confidence=0.999))
        scene.wait_done()
        parts = worker.work.correlating.partitions.values()
        assert sum(count for part in parts for count in part.withheld.values()) == 2
    assert [each.read_id for each in scene.hits()] == ["sure"]
    tightened = [line for line in worker.said if "false hits a day are expected" in line]
    assert len(tightened) == 1
    assert f"list sis: 0.00 of {BUDGET:.2f}" in tightened[0]
    with scene.running(policies=POLICIES):
        scene.wait_done()
    assert [each.read_id for each in scene.hits()] == ["sure"]
