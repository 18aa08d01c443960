"""`anpr lookback` on Kafka: what it searches and prints, and that workers make the hits."""

import subprocess
import sys
from pathlib import Path

import orjson

from tests.integration.lookback.conftest import AUTHORITY
from tests.integration.lookback.test_worker import put_alert, put_reads, wait_hits_by_read
from tests.support.lookback_records import lookback_records
from tests.support.waiting import HANG_LIMIT_S
from tests.support.worker_scene import WorkerEnvironment

ANPR = Path(sys.executable).with_name("anpr")


def anpr(scene: WorkerEnvironment, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run `anpr lookback` as it is installed."""
    command = [ANPR, "lookback", "--config", str(scene.write_config()), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=HANG_LIMIT_S, check=False)


def test_matches_go_to_the_workers_and_the_searched_reads_are_printed(
    scene: WorkerEnvironment,
) -> None:
    put_reads(scene)
    put_alert(scene, hours=2)
    done = anpr(scene, "sis/a1", "--json")
    assert done.returncode == 0, done.stderr
    printed = orjson.loads(done.stdout)
    (run,) = [each for each in lookback_records(scene) if each.done_at]
    assert (printed["list_id"], printed["alert_id"], printed["by"]) == ("sis", "a1", "operator")
    assert printed["countries"] == [
        {"country": "FR", "hours": 2.0, "source": AUTHORITY, "reads": 4, "matches": 1}
    ]
    assert run.by == "operator"
    scene.jurisdictions = {}
    with scene.running_worker():
        (hit,) = wait_hits_by_read(scene, 1).values()
    assert (hit["mode"], hit["lookback"]["source"]) == ("historical", AUTHORITY)


def test_hours_of_the_command_line_and_the_table(scene: WorkerEnvironment) -> None:
    put_reads(scene)
    put_alert(scene, hours=0)
    refused = anpr(scene, "sis/a1")
    assert refused.returncode == 1
    assert "sis/a1: the alert asks for no hours (`lookback_hours`); give --hours" in refused.stderr
    done = anpr(scene, "sis/a1", "--hours", "24")
    assert done.returncode == 0, done.stderr
    assert f"2 reads matched and were sent to {scene.names.matches}" in done.stderr
    assert f"FR 12 h, 4 reads, 2 matched: {AUTHORITY}" in " ".join(done.stdout.split())
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert "AB123CD" not in done.stdout + done.stderr


def test_a_missing_a_withdrawn_and_a_refused_alert(
    scene: WorkerEnvironment,
) -> None:
    put_alert(scene, "gone")
    scene.produce_withdrawal("gone")
    put_alert(scene, "a1", basis="EUROPOL")
    done = anpr(scene, "sis/gone", "sis/never")
    assert done.returncode == 1
    assert done.stderr.count("there is no such alert on the topic, or it was withdrawn") == 2
    refused = anpr(scene, "sis/a1")
    assert refused.returncode == 1
    assert "FR: not searched for 1 alert: [jurisdictions.FR] allows it for no alert of basis EUROPOL" in (
        refused.stderr
    )
    assert "refused:" in refused.stdout
    assert "sent to" not in refused.stderr
    assert not sum(scene.end_offsets(scene.names.matches))


def test_a_missing_topic_of_reads_is_reported(bare: WorkerEnvironment) -> None:
    bare.create_topics("reads")
    put_alert(bare)
    done = anpr(bare, "sis/a1")
    assert done.returncode == 1
    assert f"topic {bare.reads} does not exist" in done.stderr
    (started,) = lookback_records(bare)
    assert started.done_at is None
