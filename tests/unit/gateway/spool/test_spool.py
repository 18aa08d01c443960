"""The spool: entries outlive the process, in their order, up to its limit of size."""

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
from streams.records.times import Millis

MB = 1_000_000


def entry(number: int, arrived_ms: Millis = 1_000, **fields: object) -> Entry:
    return Entry("anpr.reads.FR", b"camera", b'{"n":%d}' % number, arrived_ms + number)._replace(**fields)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "spool"


def test_entries_are_returned_as_they_were_put_in_their_order(path: Path) -> None:
    spool = Spool(path, MB)
    entries = [entry(1), entry(2, captured_ms=900), entry(3, headers=[("stage", "gateway")])]
    spool.put(entries[:1])
    spool.put(entries[1:])
    assert [each for _, each in spool.pending_entries(0, 10)] == entries
    assert [each for _, each in spool.pending_entries(0, 2)] == entries[:2]
    (seq, _), *_ = spool.pending_entries(0, 1)
    assert [each for _, each in spool.pending_entries(seq, 10)] == entries[1:]
    with open_reader(path) as db:
        assert [each for _, each in pending_entries(db, 0, 10)] == entries


def test_deleted_and_expired_entries_are_gone_and_sequence_numbers_are_not_reused(path: Path) -> None:
    spool = Spool(path, MB)
    spool.put([entry(number) for number in range(5)])
    seqs = [seq for seq, _ in spool.pending_entries(0, 10)]
    spool.delete(seqs[:2])
    assert spool.expire(1_003) == 1
    assert [each for _, each in spool.pending_entries(0, 10)] == [entry(3), entry(4)]
    assert spool.statistics()[::2] == (2, 1_003)
    spool.delete(seqs)
    assert spool.statistics()[::2] == (0, None)
    spool.put([entry(6)])
    assert spool.pending_entries(0, 1)[0][0] > max(seqs)


def test_a_full_spool_refuses_entries_until_there_is_room(path: Path) -> None:
    spool = Spool(path, 200_000)
    count = 0
    with pytest.raises(SpoolFullError, match="200,000 bytes"):
        while True:
            spool.put([entry(count + number, value=b"x" * 1000) for number in range(10)])
            count += 10
    assert 100 < count < 250
    assert spool.statistics().entries == count
    spool.delete([seq for seq, _ in spool.pending_entries(0, count // 2)])
    spool.put([entry(count)])
    assert spool.pending_entries(0, count)[-1][1] == entry(count)


def test_a_reopened_spool_has_its_id_and_entries(path: Path) -> None:
    spool = Spool(path, MB)
    spool.put([entry(1), entry(2)])
    spool_id = spool.id
    spool.close()
    reopened = Spool(path, MB)
    assert reopened.id == spool_id
    assert reopened.statistics().entries == 2


def test_a_spool_cannot_be_opened_twice(path: Path) -> None:
    first = Spool(path, MB)
    with pytest.raises(SpoolError, match="in use by another gateway"):
        Spool(path, MB)
    first.close()
    Spool(path, MB).close()


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"no database at all, but a text" * 100, "cannot be used as a spool"), ("other", "another program")],
)
def test_another_file_is_refused_and_not_changed(path: Path, content: bytes | str, message: str) -> None:
    path.parent.mkdir()
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        with sqlite3.connect(path) as db:
            db.execute("CREATE TABLE other (x)")
    with pytest.raises(SpoolError, match=message):
        Spool(path, MB)
    if isinstance(content, bytes):
        assert path.read_bytes() == content


def test_a_spool_of_another_version_is_refused(path: Path) -> None:
    Spool(path, MB).close()
    with sqlite3.connect(path) as db:
        db.execute("UPDATE spool SET version = 2")
    with pytest.raises(SpoolError, match="version 2"):
        Spool(path, MB)


def test_entries_outlive_a_killed_process(path: Path) -> None:
    """The process prints each number after `put` has returned, and is killed while it continues."""
    code = (
        "import sys; from pathlib import Path; from streams.gateway.spool.spool import Spool\n"
        "from tests.unit.gateway.spool.test_spool import entry\n"
        "spool = Spool(Path(sys.argv[1]), 10**9)\n"
        "for number in range(10**6):\n"
        "    spool.put([entry(number)]); print(number, flush=True)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    printed = [int(process.stdout.readline()) for _ in range(50)]
    os.kill(process.pid, signal.SIGKILL)
    printed += [int(line) for line in process.stdout.read().split()]
    process.wait()
    entries = [each for _, each in Spool(path, MB).pending_entries(0, 10**6)]
    assert entries[: len(printed)] == [entry(number) for number in printed]


@given(
    st.lists(
        st.builds(
            Entry,
            st.text(min_size=1),
            st.binary(),
            st.binary(),
            st.integers(0, 2**60),
            st.none() | st.integers(0, 2**60),
            st.lists(st.tuples(st.text(), st.text()), max_size=3).map(lambda headers: headers or ()),
        )
    )
)
def test_any_entry_can_be_stored(tmp_path_factory: pytest.TempPathFactory, entries: list[Entry]) -> None:
    spool = Spool(tmp_path_factory.mktemp("any") / "spool", MB)
    spool.put(entries)
    assert [each for _, each in spool.pending_entries(0, 1000)] == entries
    spool.close()
