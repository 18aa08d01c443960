"""A worker runs the lookbacks of alerts with `lookback_hours` while it processes live reads."""

import os
import signal
from pathlib import Path
from typing import Any

from streams.records.times import HOUR_MS, from_ms, to_rfc3339
from streams.rules.jurisdictions import JurisdictionConfig
from tests.integration.lookback.conftest import AUTHORITY
from tests.support.lookback_records import lookback_records, wait_lookback_done
from tests.support.waiting import wait_until
from tests.support.worker_scene import WorkerEnvironment, now_ms, read_json


def put_reads(scene: WorkerEnvironment) -> None:
    """Produce reads of the listed plate of 20, 3 and 1 hours ago, and one of another plate."""
    now = now_ms()
    for partition, (read_id, plate, hours) in enumerate(
        [
            ("too-old", "AB123CD", 20),
            ("three-hours-ago", "AB123CD", 3),
            ("an-hour-ago", "AB123CD", 1),
            ("another", "EF456GH", 1),
        ]
    ):
        value = read_json(plate, read_id, now - hours * HOUR_MS)
        scene.produce(scene.reads, value, partition=partition % 2)


def put_alert(scene: WorkerEnvironment, alert_id: str = "a1", hours: float = 6.0, **fields: Any) -> None:
    """Produce an alert that is valid from now on and asks for the hours before."""
    validity = {"valid_from": to_rfc3339(from_ms(now_ms()))}
    scene.produce_alert(alert_id=alert_id, lookback_hours=hours, **(validity | fields))


def wait_hits_by_read(scene: WorkerEnvironment, count: int) -> dict[str, dict[str, Any]]:
    """Wait for a number of hits; return them by read."""
    return {emitted.read_id: emitted.hit for emitted in scene.wait_hits(count, "the hits of the lookback")}


def test_a_new_alert_gives_historical_hits_with_the_authority(
    scene: WorkerEnvironment,
) -> None:
    put_reads(scene)
    with scene.running_worker() as worker:
        put_alert(scene)
        hits = wait_hits_by_read(scene, 2)
        assert set(hits) == {"three-hours-ago", "an-hour-ago"}
        done = wait_lookback_done(scene)
        line = "lookback done for 1 alert: reads searched: FR 4; 2 matched"
        wait_until(lambda: any(line in message for message in worker.messages), "it is logged")
    for hit in hits.values():
        assert (hit["mode"], hit["kind"]) == ("historical", "new")
        assert hit["lookback"]["source"] == AUTHORITY
        assert (hit["lookback"]["country"], hit["lookback"]["hours"]) == ("FR", 6.0)
    assert [(each.country, each.hours, each.source, each.reads, each.matches) for each in done.countries] == [
        ("FR", 6.0, AUTHORITY, 4, 2)
    ]
    assert done.by == "worker"
    assert not any("AB123CD" in line for line in worker.messages)


def test_no_more_hours_are_searched_than_the_country_permits(scene: WorkerEnvironment) -> None:
    scene.jurisdictions = {"FR": JurisdictionConfig({"NATIONAL": 2.0}, AUTHORITY)}
    put_reads(scene)
    with scene.running_worker():
        put_alert(scene, hours=24)
        done = wait_lookback_done(scene)
        assert set(wait_hits_by_read(scene, 1)) == {"an-hour-ago"}
    assert (done.hours, done.countries[0].hours, done.countries[0].matches) == (24.0, 2.0, 1)


def test_an_alert_that_no_country_permits_is_recorded_as_refused_with_the_reasons(
    scene: WorkerEnvironment,
) -> None:
    put_reads(scene)
    with scene.running_worker() as worker:
        put_alert(scene, basis="EUROPOL")
        done = wait_lookback_done(scene)
        line = "lookback refused in FR for 1 alert: [jurisdictions.FR]"
        wait_until(lambda: any(line in message for message in worker.messages), "it is logged")
    assert not done.countries
    assert [(each.country, each.why) for each in done.refused] == [
        ("FR", "[jurisdictions.FR] allows it for no alert of basis EUROPOL")
    ]
    assert not scene.emitted_hits()


def test_without_a_country_that_permits_lookback_no_child_process_runs(scene: WorkerEnvironment) -> None:
    scene.jurisdictions = {"FR": JurisdictionConfig()}
    with scene.running_worker() as worker:
        assert worker.lookback is None


def test_alerts_that_arrive_together_share_a_scan(scene: WorkerEnvironment) -> None:
    put_reads(scene)
    with scene.running_worker() as worker:
        for number in range(20):
            put_alert(scene, f"a{number}")
        wait_until(lambda: len(scene.emitted_hits()) >= 40, "all hits")
        lines = [line for line in worker.messages if line.startswith("lookback done for")]
    assert len(lines) < 20
    assert {emitted.hit["alert"]["alert_id"] for emitted in scene.emitted_hits()} == {
        f"a{number}" for number in range(20)
    }


def test_an_alert_that_arrived_while_no_worker_ran_gets_its_lookback(scene: WorkerEnvironment) -> None:
    put_reads(scene)
    put_alert(scene)
    with scene.running_worker():
        assert set(wait_hits_by_read(scene, 2)) == {"three-hours-ago", "an-hour-ago"}


def test_a_restart_repeats_no_lookback_and_a_new_version_does(scene: WorkerEnvironment) -> None:
    put_reads(scene)
    put_alert(scene)
    with scene.running_worker():
        wait_lookback_done(scene)
    before = lookback_records(scene)
    with scene.running_worker() as worker:
        put_alert(scene, "a2")
        wait_lookback_done(scene, "a2")
        assert [each for each in lookback_records(scene) if each.alert_id == "a1"] == before
        put_alert(scene, version=2)
        second = wait_lookback_done(scene, version=2)
        assert second.countries[0].matches == 2
        assert not any("failed" in line for line in worker.messages)


def test_a_withdrawn_alert_gets_no_lookback(scene: WorkerEnvironment) -> None:
    put_reads(scene)
    put_alert(scene)
    scene.produce_withdrawal()
    put_alert(scene, "a2", plate="EF-456-GH")
    with scene.running_worker():
        wait_lookback_done(scene, "a2")
    assert [emitted.read_id for emitted in scene.emitted_hits()] == ["another"]
    assert {each.alert_id for each in lookback_records(scene)} == {"a2"}


def test_the_lookback_of_a_killed_worker_is_repeated_by_the_next(scene: WorkerEnvironment) -> None:
    put_reads(scene)
    bulk = [read_json("EF456GH", f"b{number}", now_ms() - HOUR_MS) for number in range(60_000)]
    for number, value in enumerate(bulk):
        scene.produce_async(scene.reads, value, partition=number % 2)
        if number % 20_000 == 0:
            scene.flush()
    scene.flush()
    with scene.worker_process("first") as first:
        first.wait_ready()
        put_alert(scene)
        wait_until(
            lambda: any(not each.done_at for each in lookback_records(scene)), "the lookback has begun", 60
        )
        children = _child_processes(first.pid)
        (child,) = [pid for pid in children if b"--multiprocessing-fork" in _command_line(pid)]
        assert os.getpriority(os.PRIO_PROCESS, child) == 19
        first.kill()
        wait_until(
            lambda: not any(Path(f"/proc/{pid}").exists() for pid in children), "the children are gone too"
        )
    with scene.worker_process("second") as second:
        second.wait_ready()
        wait_lookback_done(scene)
        assert {"three-hours-ago", "an-hour-ago"} <= set(wait_hits_by_read(scene, 2))
        second.stop_gracefully()
    ids = {emitted.read_id: emitted.hit_id for emitted in scene.emitted_hits()}
    assert {(emitted.read_id, emitted.hit_id) for emitted in scene.emitted_hits()} == set(ids.items())


def test_a_killed_child_process_is_logged_and_restarted_while_live_reads_go_on(
    scene: WorkerEnvironment,
) -> None:
    put_reads(scene)
    with scene.running_worker() as worker:
        supervisor = worker.lookback
        assert supervisor is not None
        wait_until(lambda: supervisor.pid is not None, "the child process runs")
        assert supervisor.pid is not None
        os.kill(supervisor.pid, signal.SIGKILL)
        put_alert(scene)
        wait_until(
            lambda: any("its process ended with exit code -9" in line for line in worker.messages),
            "it is logged",
        )
        scene.produce(scene.reads, read_json(read_id="live"))
        assert set(wait_hits_by_read(scene, 3)) == {"three-hours-ago", "an-hour-ago", "live"}
    live = next(emitted.hit for emitted in scene.emitted_hits() if emitted.read_id == "live")
    assert live["mode"] == "live"
    assert "lookback" not in live


def test_two_workers_run_each_lookback_once(scene: WorkerEnvironment) -> None:
    put_reads(scene)
    with scene.running_worker(), scene.running_worker() as second:
        wait_until(lambda: len(second.partitions) == 1, "both have a partition")
        for number in range(10):
            put_alert(scene, f"a{number}")
        wait_until(
            lambda: len([each for each in lookback_records(scene) if each.done_at]) >= 10,
            "all lookbacks are done",
            60,
        )
    assert sorted(each.alert_id for each in lookback_records(scene) if each.done_at) == [
        f"a{number}" for number in range(10)
    ]


def _child_processes(pid: int) -> list[int]:
    """Return the processes that any thread of a process has started."""
    return [
        int(child)
        for thread in Path(f"/proc/{pid}/task").iterdir()
        for child in (thread / "children").read_text().split()
    ]


def _command_line(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()
