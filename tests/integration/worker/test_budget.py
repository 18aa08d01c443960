"""Budgets of false hits: suppressed passages are counted, tightening is logged; a takeover keeps both."""

from streams.matching.config import ListConfig, MatchingRules
from tests.support.worker_scene import WorkerEnvironment, read_json

BUDGET = 0.5
RULES = MatchingRules({"sis": ListConfig(false_hits_per_day=BUDGET)})
LISTED, SIMILAR = "QA123CQ", "DA123CQ"
"""The second is a valid plate too, so a read of it is most likely another vehicle."""


def test_a_hit_over_budget_is_suppressed_also_after_a_takeover(scene: WorkerEnvironment) -> None:
    scene.create_topics().produce_alert(LISTED)
    with scene.running_worker(rules=RULES) as worker:
        scene.produce(scene.reads, read_json(SIMILAR, "doubtful", country="FR", confidence=0.8))
        scene.produce(scene.reads, read_json(SIMILAR, "as-doubtful", country="FR", confidence=0.8))
        scene.produce(scene.reads, read_json(LISTED, "sure", country="FR", confidence=0.999))
        scene.wait_processed()
        partitions = worker.worker.correlate_agent.partitions.values()
        assert sum(count for each in partitions for count in each.suppressed.values()) == 2
    assert [each.read_id for each in scene.emitted_hits()] == ["sure"]
    tightened = [line for line in worker.messages if "expected false hits used" in line]
    assert len(tightened) == 1
    assert f"list sis: 0.00 of {BUDGET:.2f}" in tightened[0]
    with scene.running_worker(rules=RULES):
        scene.wait_processed()
    assert [each.read_id for each in scene.emitted_hits()] == ["sure"]
