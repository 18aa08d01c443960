"""Budgets of false hits: what is withheld is counted, tightening is said once, and both outlast a worker."""

from streams.matching.config import ListConfig, MatchingRules
from tests.support.worker_scene import WorkerEnvironment, read_json

BUDGET = 0.5
RULES = MatchingRules({"sis": ListConfig(false_hits_per_day=BUDGET)})
LISTED, OTHER = "QA123CQ", "DA123CQ"
"""The second is a possible plate itself, so a read of it is most likely another vehicle."""


def test_what_would_break_the_budget_is_withheld_also_by_who_takes_over(scene: WorkerEnvironment) -> None:
    scene.create_topics().produce_alert(LISTED)
    with scene.running_worker(rules=RULES) as worker:
        scene.produce(scene.reads, read_json(OTHER, "doubtful", country="FR", confidence=0.8))
        scene.produce(scene.reads, read_json(OTHER, "as-doubtful", country="FR", confidence=0.8))
        scene.produce(scene.reads, read_json(LISTED, "sure", country="FR", confidence=0.999))
        scene.wait_processed()
        parts = worker.worker.correlate_agent.partitions.values()
        assert sum(count for part in parts for count in part.suppressed.values()) == 2
    assert [each.read_id for each in scene.emitted_hits()] == ["sure"]
    tightened = [line for line in worker.messages if "expected false hits used" in line]
    assert len(tightened) == 1
    assert f"list sis: 0.00 of {BUDGET:.2f}" in tightened[0]
    with scene.running_worker(rules=RULES):
        scene.wait_processed()
    assert [each.read_id for each in scene.emitted_hits()] == ["sure"]
