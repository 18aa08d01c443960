"""The spool: what was kept is there, in order, after the process died; and there is an end to it."""

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.gateway.spool.spool import Entry, Spool, SpoolError, SpoolFullError, open_reader, pending_entries

MB = 1_000_000


def entry(number: int, arrived: int = 1_000, **more: object) -> Entry:
    return Entry("anpr.reads.FR", b"camera", b'{"n":%d}' % number, arrived + number)._replace(**more)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "spool"


def test_entries_come_back_as_they_were_put_in_their_order(path: Path) -> None:
    spool = Spool(path, MB)
    entries = [entry(1), entry(2, captured_ms=900), entry(3, headers=[("stage", "gateway")])]
    spool.put(entries[:1])
    spool.put(entries[1:])
    assert [each for _, each in spool.pending_entries(0, 10)] == entries
    assert [each for _, each in spool.pending_entries(0, 2)] == entries[:2]
    (number, _), *_ = spool.pending_entries(0, 1)
    assert [each for _, each in spool.pending_entries(number, 10)] == entries[1:]
    with open_reader(path) as db:
        assert [each for _, each in pending_entries(db, 0, 10)] == entries


def test_what_is_forgotten_or_too_old_is_gone_and_numbers_are_not_given_again(path: Path) -> None:
    spool = Spool(path, MB)
    spool.put([entry(number) for number in range(5)])
    numbers = [number for number, _ in spool.pending_entries(0, 10)]
    spool.delete(numbers[:2])
    assert spool.expire(1_003) == 1
    assert [each for _, each in spool.pending_entries(0, 10)] == [entry(3), entry(4)]
    assert spool.statistics()[::2] == (2, 1_003)
    spool.delete(numbers)
    assert spool.statistics()[::2] == (0, None)
    spool.put([entry(6)])
    assert spool.pending_entries(0, 1)[0][0] > max(numbers)


def test_a_full_spool_takes_nothing_until_there_is_room(path: Path) -> None:
    spool = Spool(path, 200_000)
    put = 0
    with pytest.raises(SpoolFullError, match="200,000 bytes"):
        while True:
            spool.put([entry(put + number, value=b"x" * 1000) for number in range(10)])
            put += 10
    assert 100 < put < 250
    assert spool.statistics().entries == put
    spool.delete([number for number, _ in spool.pending_entries(0, put // 2)])
    spool.put([entry(put)])
    assert spool.pending_entries(0, put)[-1][1] == entry(put)


def test_it_is_the_same_spool_when_it_is_opened_again(path: Path) -> None:
    spool = Spool(path, MB)
    spool.put([entry(1), entry(2)])
    name = spool.id
    spool.close()
    again = Spool(path, MB)
    assert again.id == name
    assert again.statistics().entries == 2


def test_another_process_does_not_get_it(path: Path) -> None:
    first = Spool(path, MB)
    with pytest.raises(SpoolError, match="in use by another gateway"):
        Spool(path, MB)
    first.close()
    Spool(path, MB).close()


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"no database at all, but a text" * 100, "cannot be used as a spool"), ("other", "another program")],
)
def test_what_is_no_spool_is_left_as_it_is(path: Path, content: bytes | str, words: str) -> None:
    path.parent.mkdir()
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        with sqlite3.connect(path) as db:
            db.execute("CREATE TABLE other (x)")
    with pytest.raises(SpoolError, match=words):
        Spool(path, MB)
    if isinstance(content, bytes):
        assert path.read_bytes() == content


def test_a_spool_of_a_later_version_is_refused(path: Path) -> None:
    Spool(path, MB).close()
    with sqlite3.connect(path) as db:
        db.execute("UPDATE spool SET version = 2")
    with pytest.raises(SpoolError, match="version 2"):
        Spool(path, MB)


def test_what_was_put_outlives_a_process_that_is_killed(path: Path) -> None:
    """The process says each number after `put` returned, and is killed while it goes on."""
    code = (
        "import sys; from pathlib import Path; from streams.gateway.spool.spool import Spool\n"
        "from tests.unit.gateway.spool.test_spool import entry\n"
        "spool = Spool(Path(sys.argv[1]), 10**9)\n"
        "for number in range(10**6):\n"
        "    spool.put([entry(number)]); print(number, flush=True)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    said = [int(process.stdout.readline()) for _ in range(50)]
    os.kill(process.pid, signal.SIGKILL)
    said += [int(line) for line in process.stdout.read().split()]
    process.wait()
    kept = [each for _, each in Spool(path, MB).pending_entries(0, 10**6)]
    assert kept[: len(said)] == [entry(number) for number in said]


@given(
    st.lists(
        st.builds(
            Entry,
            st.text(min_size=1),
            st.binary(),
            st.binary(),
            st.integers(0, 2**60),
            st.none() | st.integers(0, 2**60),
            st.lists(st.tuples(st.text(), st.text()), max_size=3).map(lambda found: found or ()),
        )
    )
)
def test_any_entry_comes_back(tmp_path_factory: pytest.TempPathFactory, entries: list[Entry]) -> None:
    spool = Spool(tmp_path_factory.mktemp("any") / "spool", MB)
    spool.put(entries)
    assert [each for _, each in spool.pending_entries(0, 1000)] == entries
    spool.close()
