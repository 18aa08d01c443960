"""A system on Kafka in which the commands of the guides are run as they are shown.

The guides name files, ids and times by placeholders; `fill_in` has what stands for each of them here.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
from confluent_kafka import Producer

from streams.kafka.topics import TopicsConfig
from streams.records.alert import Alert
from streams.records.encode import encode
from streams.records.hit import Hit
from streams.records.match import MatchResult
from streams.records.read import Read
from streams.records.times import HOUR_MS, MINUTE_MS, from_ms, to_rfc3339
from streams.records.verdict import Verdict
from streams.runtime.clock import now_ms
from tests.support.builders import a_hit, a_read, a_verdict, after_noon, an_alert
from tests.support.cameras import SECRET, free_port
from tests.support.processes import Process
from tests.support.two_camera_roads import MAX_TRAVEL_S, MIN_TRAVEL_S, real_pairs, sample_road
from tests.support.vendor_samples import SAMPLES_FOLDER
from tests.support.waiting import HANG_LIMIT_S, wait_until

LONG_RUNNING: Final = re.compile(r"^anpr (worker|gateway(?! test)|operation rank .*--follow)")
"""Commands that run until they are stopped: workers and the gateway by SIGTERM, `--follow` by Ctrl-C."""

NOT_RUN_HERE: Final = {
    "make setup": "it is how the environment of this test is made",
    "make run": "tests/integration/cli/test_example.py runs what it runs",
    "make test": "it is what runs this test",
    "make test-fast": "it is a part of `make test`",
    "make check": "continuous integration runs it next to `make test`",
    ".venv/bin/anpr demo --for 30": "tests/integration/cli/test_demo.py runs it, for a shorter time",
}
"""Commands that this test does not run, with the reason."""

_PLATE: Final = "AB-123-CD"


class Ran(NamedTuple):
    """A command line, its exit code, and its output."""

    line: str
    exit_code: int
    output: str


class DocumentedSystem:
    """Topics, lists, reads and files as the guides assume them, and a worker."""

    def __init__(self, servers: str, folder: Path) -> None:
        self.folder = folder
        self._servers = servers
        self._names = TopicsConfig(prefix="guides", reads_hours={"BE": 24.0}).names()
        self._config = folder / "anpr.toml"
        self._now_ms = now_ms()
        self._running: list[tuple[str, Process]] = []
        self._write_files()

    def run_block(self, lines: Iterable[str]) -> list[Ran]:
        """Run the command lines of a block in order; return those that failed.

        A command that runs until it is stopped is left running once it is ready.
        """
        failed: list[Ran] = []
        for line in _command_lines(lines):
            if _without_comment(line) in NOT_RUN_HERE:
                continue
            ran = self._start(line) if LONG_RUNNING.match(line) else self._run(line)
            failed += [ran] if ran.exit_code else []
        return failed

    def stop(self) -> list[Ran]:
        """Stop what is running, the last first; return what did not end with 0. Raises TimeoutError."""
        failed: list[Ran] = []
        while self._running:
            line, process = self._running.pop()
            signum = signal.SIGINT if "--follow" in line else signal.SIGTERM
            code = process.terminate(signum=signum)
            failed += [Ran(line, code, process.output())] if code else []
        return failed

    def produce(self) -> None:
        """Produce reads and wait for their hits, then confirm these and wait for that to show on them."""
        producer = Producer({"bootstrap.servers": self._servers})
        for read in self._reads():
            producer.produce(self._names.reads[0], encode(read), partition=0)
        assert producer.flush(HANG_LIMIT_S) == 0
        wait_until(lambda: len(self._hits_on_kafka()) >= 2, "the worker emits the hits")
        for hit in self._hits_on_kafka():
            verdict = Verdict(hit.hit_id, "ccpd", "confirmed", from_ms(now_ms()))
            producer.produce(self._names.verdicts, encode(verdict), hit.hit_id)
        assert producer.flush(HANG_LIMIT_S) == 0
        wait_until(
            lambda: any(hit.verdict is not None for hit in self._hits_on_kafka()), "a hit shows its verdict"
        )

    def fill_in(self, line: str) -> str:
        """Return a command line with the placeholders of the guides filled in."""
        files = self.folder
        now = to_rfc3339(from_ms(self._now_ms))
        for placeholder, value in (
            (r"--config FILE", f"--config {self._config}"),
            (r"--alerts FILE", f"--alerts {files}/alerts.jsonl"),
            (r"--reads FILE", f"--reads {files}/border-reads.jsonl"),
            (r"--hits (FILE|HITS\.jsonl)", f"--hits {files}/border-hits.jsonl"),
            (r"--verdicts (FILE|VERDICTS\.jsonl)", f"--verdicts {files}/border-verdicts.jsonl"),
            (r"--now TIME", f"--now {now}"),
            (r"\bFILES\b|\bALERTS\b", f"{files}/alerts.jsonl"),
            (r"(rank|report) ID", r"\1 tournai-3"),
            (r"\bEVENT\.xml", str(files / "EVENT.xml")),
            # The window of the cameras whose reads are in reads.jsonl.
            (r"600:1500", f"{MIN_TRAVEL_S:.0f}:{MAX_TRAVEL_S:.0f}"),
        ):
            line = re.sub(placeholder, value, line)
        return line

    def _run(self, line: str) -> Ran:
        done = subprocess.run(
            ["bash", "-c", self.fill_in(line)],
            cwd=self.folder,
            env=self._environ(),
            capture_output=True,
            text=True,
            timeout=HANG_LIMIT_S,
        )
        return Ran(line, done.returncode, done.stdout + done.stderr)

    def _start(self, line: str) -> Ran:
        command = ["bash", "-c", f"exec {self.fill_in(line)}"]
        log = self.folder / f"running-{len(self._running)}.log"
        process = Process(command, log, self.folder, self._environ())
        self._running.append((line, process))
        if "--follow" in line:
            wait_until(lambda: bool(process.output()) or not process.alive, "the first output")
        else:
            # What it writes if it ends before it is ready is in the message.
            process.wait_ready()
        return Ran(line, process.exit_code or 0, process.output())

    def _hits_on_kafka(self) -> list[Hit]:
        printed = self._run("anpr hits tail --from-start --until-end --json 2> /dev/null").output
        return [msgspec.json.decode(line, type=Hit) for line in printed.splitlines()]

    def _environ(self) -> dict[str, str]:
        return os.environ | {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "ANPR_CONFIG": str(self._config),
            "ANPR_CAMERA_REKKEM_1": SECRET,
            "COLUMNS": "80",
        }

    def _reads(self) -> list[Read]:
        """Return reads at Rekkem of the last hour: the listed plate, misread and read right, and another."""
        return [
            Read(
                f"r{number}", "rekkem-1", from_ms(self._now_ms - (40 - 10 * number) * MINUTE_MS), plate, "FR"
            )
            for number, plate in enumerate(("A8-123-CD", _PLATE, "EF-456-GH"))
        ]

    def _alert(self) -> Alert:
        return an_alert(
            _PLATE,
            "FR",
            alert_id="FR-2026-00042",
            lookback_hours=6.0,
            valid_from=to_rfc3339(from_ms(self._now_ms - HOUR_MS)),
        )

    def _write_files(self) -> None:
        (self.folder / "alerts.jsonl").write_bytes(encode(self._alert()) + b"\n")
        self._write("border-reads.jsonl", self._reads())
        hit = a_hit(self._reads()[1], self._alert())
        self._write("border-hits.jsonl", [hit])
        self._write("border-verdicts.jsonl", [a_verdict(hit)])
        shutil.copy(next(iter(sorted(SAMPLES_FOLDER.glob("hikvision/*.xml")))), self.folder / "EVENT.xml")
        self._write_training_files()
        begins, ends = (from_ms(self._now_ms + hours * HOUR_MS) for hours in (-2, 4))
        self._config.write_text(
            f"""
[kafka]
servers = [{", ".join(f'"{server}"' for server in self._servers.split(","))}]
[topics]
prefix = "guides"
partitions = 2
replication = 1
reads_hours = {{BE = 24}}
[worker]
group = "guides"
state_dir = "{self.folder}/state"
[network]
shipped = "fr-be"
[lists.sis]
mode = "fuzzy"
false_hits_per_day = 5
[jurisdictions.BE]
lookback_source = "a made-up authority"
lookback_hours = {{NATIONAL = 24}}
[centres.ccpd]
[operations.tournai-3]
lists = ["sis"]
sites = ["rekkem"]
participants = ["ccpd"]
capacity = 4
[[operations.tournai-3.windows]]
from = {to_rfc3339(begins)}
until = {to_rfc3339(ends)}
[gateway]
host = "127.0.0.1"
port = {free_port()}
spool = "{self.folder}/gateway.spool"
[cameras.rekkem-1]
site = "rekkem"
maker = "hikvision"
zone = "Europe/Brussels"
""",
            "utf-8",
        )

    def _write_training_files(self) -> None:
        """Write reads of two cameras, and hits with confirmed misreads, to learn from."""
        road = sample_road(real_pairs()[:600]).road
        misread, alert = a_read("AB123C0", "FR"), an_alert("AB123CD", "FR")
        other = a_read("A8123CD", "FR", read_id="x", captured_at=after_noon(1))
        self._write("reads.jsonl", [*road.first, *road.second, other])
        hits = [a_hit(misread, alert, match=MatchResult("confusable", "AB123C0", "AB123CD"))]
        self._write("hits.jsonl", hits)
        self._write("verdicts.jsonl", map(a_verdict, hits))

    def _write(self, name: str, records: Iterable[msgspec.Struct]) -> None:
        (self.folder / name).write_bytes(b"".join(encode(record) + b"\n" for record in records))


def _command_lines(lines: Iterable[str]) -> list[str]:
    """Return the command lines of a block, continued lines joined."""
    joined = "\n".join(lines).replace("\\\n", " ")
    return [line for line in joined.splitlines() if line.strip()]


def _without_comment(line: str) -> str:
    return line.partition("#")[0].strip()
