"""`anpr demo`: hits and a summary are shown, and nothing is left behind."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.support.waiting import HANG_LIMIT_S, wait_until

COMMAND: Final = str(Path(sys.executable).with_name("anpr"))
OWN: Final = """
[kafka]
servers = ["kafka.example:9092"]
security = "sasl-tls"
mechanism = "SCRAM-SHA-512"
username = "centre"
[topics]
prefix = "police"
[lists.ours]
mode = "exact"
[sites.west]
territory = "DE"
road = "A44"
[cameras.w1]
site = "west"
"""
_SUM: Final = re.compile(
    r"([\d,]+) reads sent, ([\d,]+) misread, ([\d,]+) rejected; "
    r"hits for (\d+) of (\d+) listed passages, (\d+) never read right; (\d+) historical, (\d+) wrong"
)


class Demo:
    """A demo that runs, with a folder of its own for what it keeps."""

    def __init__(self, folder: Path, *options: str, **environ: str) -> None:
        self.folder = folder
        self._kept = folder / "kept"
        self._kept.mkdir()
        with self._file("out").open("wb") as out, self._file("err").open("wb") as err:
            self._process = subprocess.Popen(
                [COMMAND, "demo", *options],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                env=os.environ | {"TMPDIR": str(self._kept)} | environ,
                start_new_session=True,
            )

    @property
    def out(self) -> list[str]:
        """The lines of stdout by now."""
        return self._file("out").read_text("utf-8").splitlines()

    @property
    def hits(self) -> list[str]:
        """The blocks of hits on stdout by now."""
        return "\n".join(self.out).split("\n\n")

    @property
    def err(self) -> list[str]:
        """The lines of stderr by now."""
        return self._file("err").read_text("utf-8").splitlines()

    def tell(self, number: int) -> None:
        """Sends a signal to the demo alone."""
        self._process.send_signal(number)

    def wait_for_hit(self) -> None:
        """Waits until a hit is shown."""
        wait_until(lambda: len(self.out) >= 2 or self._process.poll() is not None, "the demo shows a hit")
        assert self._process.poll() is None, self.err

    def ended(self) -> int:
        """Waits until it has ended; its exit code."""
        return self._process.wait(HANG_LIMIT_S)

    def left(self) -> list[str]:
        """What is left of it: processes that name its folder, and files."""
        listing = subprocess.run(["ps", "-ww", "-eo", "pid=,command="], capture_output=True, text=True)
        lines = [line for line in listing.stdout.splitlines() if str(self._kept) in line]
        return lines + [path.name for path in self._kept.iterdir()]

    def end(self) -> None:
        """Ends it in whatever state it is."""
        if self._process.poll() is None:
            self._process.terminate()
            self._process.wait(HANG_LIMIT_S)

    def _file(self, name: str) -> Path:
        return self.folder / name


@pytest.fixture(scope="module")
def demos(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Demo, Demo]]:
    """A demo for twenty seconds, and at the same time one with other settings that goes on."""
    own = tmp_path_factory.mktemp("own")
    (own / "own.toml").write_text(OWN, "utf-8")
    timed = Demo(tmp_path_factory.mktemp("timed"), "--for", "20", ANPR_CONFIG="")
    going = Demo(own, "--rate", "100", ANPR_CONFIG=str(own / "own.toml"), ANPR_KAFKA_PASSWORD="not used")
    yield timed, going
    going.end()
    timed.end()


def test_ctrl_c_stops_everything(demos: tuple[Demo, Demo]) -> None:
    _, demo = demos
    demo.wait_for_hit()
    assert demo.left()
    demo.tell(signal.SIGINT)
    assert demo.ended() == 0, demo.err
    assert _SUM.fullmatch(demo.err[-1])
    assert "Traceback" not in "\n".join(demo.err)
    assert demo.left() == []


def test_settings_give_the_lists_and_no_broker(demos: tuple[Demo, Demo]) -> None:
    _, demo = demos
    demo.ended()
    messages = "\n".join(demo.err)
    assert demo.err[0] == "note: reads are simulated; they come from cameras of the built-in network"
    assert "anpr.reads.BE, anpr.reads.FR" in messages
    assert "kafka.example" not in messages and "police" not in messages
    assert any("ours/A" in block for block in demo.hits)


def test_hits_are_shown_and_summarised(demos: tuple[Demo, Demo]) -> None:
    demo, _ = demos
    assert demo.ended() == 0, demo.err
    summed = _SUM.fullmatch(demo.err[-1])
    assert summed, demo.err
    reads, misread, rejected, found, passages, never_right, historical, wrong = (
        int(each.replace(",", "")) for each in summed.groups()
    )
    assert 800 < reads < 1300 and 30 < misread < 150 and rejected > 0
    assert 5 < found <= passages and never_right > 0 and historical > 0 and wrong == 0
    heads = [block.splitlines()[0] for block in demo.hits]
    assert sum("  new, " in head for head in heads) >= found
    assert any("(confusable match)" in block for block in demo.hits)
    assert any("new, historical" in head for head in heads)


def test_it_reports_each_step_and_leaves_nothing(demos: tuple[Demo, Demo]) -> None:
    demo, _ = demos
    demo.ended()
    begins = [line.partition(":")[0] for line in demo.err[:-1]]
    kept = [each for place, each in enumerate(begins) if each != begins[place - 1]]
    assert kept == ["Kafka", "topics", "lists", "worker", "cameras", "ending", "worker", "ending"]
    assert max(map(len, demo.err)) <= 120
    assert demo.left() == []


def test_a_kafka_that_cannot_start_is_reported(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("no folder")
    demo = Demo(tmp_path, ANPR_CONFIG="", ANPR_CACHE=str(tmp_path / "cache"))
    assert demo.ended() == 1
    assert demo.err[-1].startswith("anpr demo: Kafka does not start: ")
    assert "Traceback" not in "\n".join(demo.err)
    assert demo.left() == [] and demo.out == []


def test_it_can_be_stopped_while_it_starts(tmp_path: Path) -> None:
    demo = Demo(tmp_path, ANPR_CONFIG="")
    wait_until(lambda: bool(demo.err), "the demo says that it starts")
    demo.tell(signal.SIGTERM)
    assert demo.ended() == 0
    assert demo.err[-1] == "stopped before the traffic started; everything that ran is stopped"
    assert demo.left() == [] and demo.out == []


def test_faulty_settings_are_reported(tmp_path: Path) -> None:
    file = tmp_path / "faulty.toml"
    file.write_text('[lists.sis]\nmode = "loose"\n')
    demo = Demo(tmp_path, "--config", str(file))
    assert demo.ended() == 1
    assert len(demo.err) == 1 and demo.err[0].startswith(f"{file}:2: lists.sis.mode")
    assert demo.left() == []
