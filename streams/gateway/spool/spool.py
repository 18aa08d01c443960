"""The spool: what was accepted of cameras, on disk until Kafka has it.

One SQLite file in WAL mode, for one gateway. What `put` returned for is on the disk and outlives the process
and the machine (`synchronous=FULL`: https://sqlite.org/pragma.html#pragma_synchronous). Entries go out in the
order in which they came in, so those of a camera do too.
"""

import contextlib
import fcntl
import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Final, NamedTuple

import orjson

from streams.runtime.errors import OperatorError

_VERSION: Final = 1
_SCHEMA: Final = """
CREATE TABLE spool (version INTEGER NOT NULL, id TEXT NOT NULL);
CREATE TABLE waiting (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    topic TEXT NOT NULL,
    key BLOB NOT NULL,
    value BLOB NOT NULL,
    headers TEXT,
    arrived INTEGER NOT NULL,
    captured INTEGER
);
CREATE INDEX by_topic ON waiting (topic, seq);
"""
_INSERT: Final = (
    "INSERT INTO waiting (topic, key, value, headers, arrived, captured) VALUES (?, ?, ?, ?, ?, ?)"
)


class SpoolError(OperatorError):
    """A spool that cannot be used; the message says why and what to do."""


class SpoolFullError(Exception):
    """There is no room: nothing of what was to be put is kept."""


class Entry(NamedTuple):
    """A record for Kafka. `arrived`, and for a read `captured`, in ms since 1970 UTC; `headers` are text."""

    topic: str
    key: bytes
    value: bytes
    arrived_ms: int
    captured_ms: int | None = None
    headers: Sequence[tuple[str, str]] = ()


class SpoolStatistics(NamedTuple):
    """How many entries wait, the bytes they take on disk, and when the oldest came (ms since 1970 UTC)."""

    entries: int
    used_bytes: int
    oldest_ms: int | None


class Spool:
    """The spool in a file; `most` bytes. To be used from one thread at a time.

    Raises SpoolError if the file is none, is damaged or of another version, cannot be written, or another
    process has it open.
    """

    def __init__(self, path: Path, max_bytes: int) -> None:
        self.path = path
        self._max_bytes = max_bytes
        self._lock = _acquire_lock(path)
        try:
            self._db = _connect(path)
            self._open_database()
        except sqlite3.Error as error:
            self._lock.close()
            raise SpoolError(f"{path}: is no spool that can be used ({error}); move it away") from error
        except SpoolError:
            self._lock.close()
            raise

    @property
    def id(self) -> str:
        """Names this spool among all."""
        return self._id

    def put(self, entries: Sequence[Entry]) -> None:
        """Keeps entries behind those there are, all or none; they are on the disk on return.

        Raises SpoolFullError.
        """
        if self._used_bytes() >= self._max_bytes:
            raise SpoolFullError(f"{self.path} has its {self._max_bytes:,} bytes")
        rows = [
            (
                each.topic,
                each.key,
                each.value,
                orjson.dumps(each.headers).decode() if each.headers else None,
                each.arrived_ms,
                each.captured_ms,
            )
            for each in entries
        ]
        try:
            with self._db:
                self._db.executemany(_INSERT, rows)
        except sqlite3.OperationalError as error:
            raise SpoolFullError(f"{self.path} cannot be written: {error}") from error
        self._entry_count += len(rows)

    def pending_entries(
        self, after_seq: int, limit: int, topic: str | None = None
    ) -> list[tuple[int, Entry]]:
        """The first entries behind a number, at most so many, each with its number; in their order."""
        return pending_entries(self._db, after_seq, limit, topic)

    def delete(self, seqs: Sequence[int]) -> None:
        """Lets go of entries that Kafka has."""
        with self._db:
            gone = self._db.executemany("DELETE FROM waiting WHERE seq = ?", ((number,) for number in seqs))
        self._entry_count -= gone.rowcount

    def expire(self, before_ms: int) -> int:
        """Lets go of entries that came before a time, in ms since 1970 UTC; how many there were."""
        with self._db:
            gone = self._db.execute("DELETE FROM waiting WHERE arrived < ?", (before_ms,)).rowcount
        self._entry_count -= gone
        return gone

    def statistics(self) -> SpoolStatistics:
        """What is in it."""
        oldest = self._db.execute("SELECT arrived FROM waiting ORDER BY seq LIMIT 1").fetchone()
        return SpoolStatistics(self._entry_count, self._used_bytes(), oldest[0] if oldest else None)

    def close(self) -> None:
        """Closes it; another process may open it then."""
        self._db.close()
        self._lock.close()

    def _open_database(self) -> None:
        tables = {name for (name,) in self._db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not tables:
            with self._db:
                self._db.executescript(_SCHEMA)
                self._db.execute("INSERT INTO spool VALUES (?, ?)", (_VERSION, secrets.token_hex(6)))
        elif "spool" not in tables:
            raise SpoolError(f"{self.path}: is a database of something else; name another file")
        version, name = self._db.execute("SELECT version, id FROM spool").fetchone()
        self._id: str = name
        if version != _VERSION:
            raise SpoolError(
                f"{self.path}: is a spool of version {version}, and this is {_VERSION}; let the release that "
                "wrote it deliver what is in it"
            )
        self._entry_count = self._db.execute("SELECT count(*) FROM waiting").fetchone()[0]
        self._page_size = self._db.execute("PRAGMA page_size").fetchone()[0]

    def _used_bytes(self) -> int:
        pages = self._db.execute("PRAGMA page_count").fetchone()[0]
        free = self._db.execute("PRAGMA freelist_count").fetchone()[0]
        return int((pages - free) * self._page_size)


@contextlib.contextmanager
def open_reader(path: Path) -> Iterator[sqlite3.Connection]:
    """A second way into an open spool, for `waiting` from another thread."""
    db = _connect(path)
    try:
        yield db
    finally:
        db.close()


def pending_entries(
    db: sqlite3.Connection, after_seq: int, limit: int, topic: str | None = None
) -> list[tuple[int, Entry]]:
    """As `Spool.waiting`; with a topic only its entries."""
    of_topic, which = ("", ()) if topic is None else ("topic = ? AND ", (topic,))
    rows = db.execute(
        f"SELECT seq, topic, key, value, arrived, captured, headers FROM waiting WHERE {of_topic}seq > ? "
        "ORDER BY seq LIMIT ?",
        (*which, after_seq, limit),
    )
    return [
        (number, Entry(name, key, value, arrived, captured, _decode_headers(headers)))
        for number, name, key, value, arrived, captured, headers in rows
    ]


def _decode_headers(text: str | None) -> Sequence[tuple[str, str]]:
    return [(name, value) for name, value in orjson.loads(text)] if text else ()


def _connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=30, check_same_thread=False)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    return db


def _acquire_lock(path: Path) -> IO[bytes]:
    """The lock file of a spool, locked. It stays when the spool is closed."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = path.with_name(f"{path.name}.lock").open("wb")
    except OSError as error:
        raise SpoolError(f"{path}: cannot be written ({error.strerror or error})") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise SpoolError(f"{path}: another gateway has it open; each needs its own") from None
    return lock
