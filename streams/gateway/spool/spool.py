"""The spool: records accepted from cameras, stored on disk until Kafka has them.

One SQLite file in WAL mode, used by one gateway. Entries are on disk when `put` returns, and outlive the
process and the machine (`synchronous=FULL`: https://sqlite.org/pragma.html#pragma_synchronous). They are
delivered in the order in which they were put, so those of a camera keep their order.
"""

import contextlib
import fcntl
import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Final, NamedTuple

import orjson

from streams.records.times import Millis
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
    """The spool cannot be used; the message says why and what to do."""


class SpoolFullError(Exception):
    """The spool has no room; none of the entries was stored."""


class Entry(NamedTuple):
    """A record for Kafka; `captured_ms` is None for a dead letter and for a read that is already late."""

    topic: str
    key: bytes
    value: bytes
    arrived_ms: Millis
    captured_ms: Millis | None = None
    headers: Sequence[tuple[str, str]] = ()


class SpoolStatistics(NamedTuple):
    """Number of entries, bytes used on disk, and the arrival of the oldest entry, None if there is none."""

    entries: int
    used_bytes: int
    oldest_ms: Millis | None


class Spool:
    """A spool in a file of at most `max_bytes`. To be used by one thread at a time.

    Raises SpoolError if the file is not a spool, is damaged or of another version, cannot be written, or is
    open in another process.
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
            raise SpoolError(
                f"{path}: cannot be used as a spool ({error}); move the file away or set [gateway] spool"
            ) from error
        except SpoolError:
            self._lock.close()
            raise

    @property
    def id(self) -> str:
        """Identifier of this spool, unique among all spools."""
        return self._id

    def put(self, entries: Sequence[Entry]) -> None:
        """Append entries, all or none; they are on disk on return. Raises SpoolFullError."""
        if self._used_bytes() >= self._max_bytes:
            raise SpoolFullError(f"spool {self.path} has reached its limit of {self._max_bytes:,} bytes")
        rows = [
            (
                entry.topic,
                entry.key,
                entry.value,
                orjson.dumps(entry.headers).decode() if entry.headers else None,
                entry.arrived_ms,
                entry.captured_ms,
            )
            for entry in entries
        ]
        try:
            with self._db:
                self._db.executemany(_INSERT, rows)
        except sqlite3.OperationalError as error:
            raise SpoolFullError(f"spool {self.path} cannot be written: {error}") from error
        self._entry_count += len(rows)

    def pending_entries(
        self, after_seq: int, limit: int, topic: str | None = None
    ) -> list[tuple[int, Entry]]:
        """Return up to `limit` entries behind a sequence number, each with its own, in their order."""
        return pending_entries(self._db, after_seq, limit, topic)

    def delete(self, seqs: Sequence[int]) -> None:
        """Delete entries that Kafka has acknowledged."""
        with self._db:
            deleted = self._db.executemany("DELETE FROM waiting WHERE seq = ?", ((seq,) for seq in seqs))
        self._entry_count -= deleted.rowcount

    def expire(self, before_ms: Millis) -> int:
        """Delete entries that arrived before a time; return their number."""
        with self._db:
            count = self._db.execute("DELETE FROM waiting WHERE arrived < ?", (before_ms,)).rowcount
        self._entry_count -= count
        return count

    def statistics(self) -> SpoolStatistics:
        """Return the present size and age of the spool."""
        oldest = self._db.execute("SELECT arrived FROM waiting ORDER BY seq LIMIT 1").fetchone()
        return SpoolStatistics(self._entry_count, self._used_bytes(), oldest[0] if oldest else None)

    def close(self) -> None:
        """Close the file; another process may then open it."""
        self._db.close()
        self._lock.close()

    def _open_database(self) -> None:
        tables = {name for (name,) in self._db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not tables:
            with self._db:
                self._db.executescript(_SCHEMA)
                self._db.execute("INSERT INTO spool VALUES (?, ?)", (_VERSION, secrets.token_hex(6)))
        elif "spool" not in tables:
            raise SpoolError(
                f"{self.path}: is a database of another program; set [gateway] spool to another file"
            )
        version, spool_id = self._db.execute("SELECT version, id FROM spool").fetchone()
        self._id: str = spool_id
        if version != _VERSION:
            raise SpoolError(
                f"{self.path}: has spool version {version}, but this release reads version {_VERSION}; "
                "deliver its entries with the release that wrote it"
            )
        self._entry_count = self._db.execute("SELECT count(*) FROM waiting").fetchone()[0]
        self._page_size = self._db.execute("PRAGMA page_size").fetchone()[0]

    def _used_bytes(self) -> int:
        pages = self._db.execute("PRAGMA page_count").fetchone()[0]
        free = self._db.execute("PRAGMA freelist_count").fetchone()[0]
        return int((pages - free) * self._page_size)


@contextlib.contextmanager
def open_reader(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a second connection to a spool, for `pending_entries` from another thread."""
    db = _connect(path)
    try:
        yield db
    finally:
        db.close()


def pending_entries(
    db: sqlite3.Connection, after_seq: int, limit: int, topic: str | None = None
) -> list[tuple[int, Entry]]:
    """Return entries as `Spool.pending_entries` does; with a topic, only those for it."""
    condition, parameters = ("", ()) if topic is None else ("topic = ? AND ", (topic,))
    rows = db.execute(
        f"SELECT seq, topic, key, value, arrived, captured, headers FROM waiting WHERE {condition}seq > ? "
        "ORDER BY seq LIMIT ?",
        (*parameters, after_seq, limit),
    )
    return [
        (seq, Entry(entry_topic, key, value, arrived_ms, captured_ms, _decode_headers(headers)))
        for seq, entry_topic, key, value, arrived_ms, captured_ms, headers in rows
    ]


def _decode_headers(text: str | None) -> Sequence[tuple[str, str]]:
    return [(name, value) for name, value in orjson.loads(text)] if text else ()


def _connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=30, check_same_thread=False)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    return db


def _acquire_lock(path: Path) -> IO[bytes]:
    """Create and lock the lock file of a spool. The file stays when the spool is closed."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = path.with_name(f"{path.name}.lock").open("wb")
    except OSError as error:
        raise SpoolError(
            f"{path}: cannot be written ({error.strerror or error}); set [gateway] spool to a file that can"
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise SpoolError(
            f"{path}: is in use by another gateway; set [gateway] spool to a file of its own for each"
        ) from None
    return lock
