"""Bytes to records, a batch at a time; what cannot be decoded is set aside with its faults.

A batch is decoded in one call: the records are joined by line feeds. JSON allows no raw line feed inside a
string, and a closing brace, a line feed and an opening brace only between two values. So when each record
begins and ends with a brace, no value goes over the border of two records; and when as many values come
out as records went in, each record is one whole object.
If anything is amiss the records are decoded one by one, so one bad record never costs its neighbour.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple, TypeVar

import msgspec
import numpy as np

from streams.records.alert import Alert, Withdrawal
from streams.records.faults import Fault, faults_of, shown
from streams.records.hit import Hit
from streams.records.lookback import LookedBack
from streams.records.match import Match
from streams.records.read import Read
from streams.records.times import SURELY_AFTER, SURELY_BEFORE, YEARS_RULE, in_years
from streams.records.verdict import Verdict

MAX_RECORD_BYTES: Final = 1_000_000
"""Longest record taken; Kafka's own default limit of a message is about the same."""

_OPENING, _CLOSING = b"{}"
_read = msgspec.json.Decoder(Read)
_alert = msgspec.json.Decoder(Alert)
_verdict = msgspec.json.Decoder(Verdict)
_match = msgspec.json.Decoder(Match)
_hit = msgspec.json.Decoder(Hit)
_looked_back = msgspec.json.Decoder(LookedBack)
_any = msgspec.json.Decoder()
_WITHDRAWN: Final = b'"withdrawn_at"'

_UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What a decoder raises; the last two for a text that is not UTF-8 and for very deep nesting."""
_JSON_KIND: Final = {list: "a list", str: "text", int: "a number", float: "a number", type(None): "null"}

_Record = TypeVar("_Record", Read, Alert, Match)
_Whole = TypeVar("_Whole")


class Rejected(NamedTuple):
    """A record that was not taken: its place in the batch, all that is wrong with it, and its bytes."""

    place: int
    faults: tuple[Fault, ...]
    raw: bytes


class Decoded(NamedTuple):
    """The reads of a batch, the place `places[i]` of `reads[i]` in it, `times[i]` when it was captured, and
    what was rejected."""

    reads: list[Read]
    places: Sequence[int]
    times: list[datetime]
    rejected: list[Rejected]


def decode_reads(records: Sequence[bytes]) -> Decoded:
    """Reads from JSON records, each with types and bounds checked. Raises nothing."""
    reads = _together(_read, records)
    if reads is not None:
        times = [read.captured_at for read in reads]
        if not times or (min(times) >= SURELY_AFTER and max(times) < SURELY_BEFORE):
            return Decoded(reads, range(len(reads)), times, [])
    return _read_singly(records)


def decode_alert(record: bytes) -> Alert | Withdrawal | tuple[Fault, ...]:
    """An alert or, if it has `withdrawn_at`, a withdrawal; or all its faults. Raises nothing.

    A withdrawal may have the other fields of the alert too: what is withdrawn must not come into force.
    """
    if len(record) > MAX_RECORD_BYTES:
        return (_too_long(),)
    if _WITHDRAWN not in record:
        try:
            return _alert.decode(record)
        except _UNREADABLE:
            pass
    value = _object(record)
    if not isinstance(value, tuple):
        try:
            if "withdrawn_at" in value:
                return msgspec.convert(value, Withdrawal)
            return msgspec.convert(value, Alert)
        except msgspec.ValidationError:
            pass
    if isinstance(value, tuple):
        return value
    return tuple(faults_of(Withdrawal if "withdrawn_at" in value else Alert, value))


def decode_alerts(records: Sequence[bytes]) -> list[Alert | Withdrawal | tuple[Fault, ...]]:
    """`decode_alert` for a batch; the answers are in the records' order. Raises nothing."""
    alerts = None if _WITHDRAWN in b"\n".join(records) else _together(_alert, records)
    return list(alerts) if alerts is not None else [decode_alert(record) for record in records]


def decode_verdict(record: bytes) -> Verdict | tuple[Fault, ...]:
    """A verdict, or all its faults. Raises nothing."""
    # It has looked at its time itself.
    return decode_whole(_verdict, Verdict, record)


def decode_match(record: bytes) -> Match | tuple[Fault, ...]:
    """A match, or all its faults. Raises nothing.

    The plates in it are not looked at again: whoever made the match has done so.
    """
    return decode_whole(_match, Match, record, _times_of_match)


def decode_matches(records: Sequence[bytes]) -> list[Match | tuple[Fault, ...]]:
    """`decode_match` for a batch; the answers are in the records' order. Raises nothing."""
    matches = _together(_match, records)
    if matches is not None and all(in_years(match.read.captured_at) for match in matches):
        return list(matches)
    return [decode_match(record) for record in records]


def decode_hit(record: bytes) -> Hit | tuple[Fault, ...]:
    """A hit, or all its faults. Raises nothing. Its plates are not looked at, as those of a match."""
    return decode_whole(_hit, Hit, record, _times_of_hit)


def decode_looked_back(record: bytes) -> LookedBack | tuple[Fault, ...]:
    """A look back, or all its faults. Raises nothing."""
    # It has looked at its times itself.
    return decode_whole(_looked_back, LookedBack, record)


def _times_of_match(match: Match) -> tuple[datetime, ...]:
    # The alert has looked at its own.
    return (match.read.captured_at,)


def _times_of_hit(hit: Hit) -> tuple[datetime, ...]:
    return hit.read.captured_at, hit.alert.valid_until, hit.emitted_at


def decode_whole(
    decoder: msgspec.json.Decoder[_Whole],
    kind: type[_Whole],
    record: bytes,
    times: Callable[[_Whole], tuple[datetime, ...]] = lambda _: (),
) -> _Whole | tuple[Fault, ...]:
    """A record of a kind, or all its faults; `times` gives those whose years the decoder does not look at.

    Raises nothing.
    """
    if len(record) > MAX_RECORD_BYTES:
        return (_too_long(),)
    try:
        whole = decoder.decode(record)
        if all(map(in_years, times(whole))):
            return whole
    except _UNREADABLE:
        pass
    value = _object(record)
    return value if isinstance(value, tuple) else tuple(faults_of(kind, value))


def _together(decoder: msgspec.json.Decoder[_Record], records: Sequence[bytes]) -> list[_Record] | None:
    """All records decoded in one call, or None if they must be looked at one by one."""
    joined = b"\n".join(records)
    if not _apart(records, joined):
        return None
    if len(joined) > MAX_RECORD_BYTES and max(map(len, records)) > MAX_RECORD_BYTES:
        return None
    try:
        decoded = decoder.decode_lines(joined)
    except _UNREADABLE:
        return None
    return decoded if len(decoded) == len(records) else None


def _apart(records: Sequence[bytes], joined: bytes) -> bool:
    """Whether every record but the first begins, and every one but the last ends, with a brace."""
    if not records or not records[0] or not records[-1]:
        return False
    lengths = np.fromiter(map(len, records), dtype=np.intp, count=len(records))
    chars = np.frombuffer(joined, dtype=np.uint8)
    feeds = np.cumsum(lengths[:-1] + 1) - 1
    return bool((chars.take(feeds - 1) == _CLOSING).all() and (chars.take(feeds + 1) == _OPENING).all())


def _read_singly(records: Sequence[bytes]) -> Decoded:
    reads: list[Read] = []
    places: list[int] = []
    rejected: list[Rejected] = []
    for place, record in enumerate(records):
        faults = _read_or_faults(record)
        if isinstance(faults, Read):
            reads.append(faults)
            places.append(place)
        else:
            rejected.append(Rejected(place, faults, record))
    return Decoded(reads, places, [read.captured_at for read in reads], rejected)


def _read_or_faults(record: bytes) -> Read | tuple[Fault, ...]:
    if len(record) > MAX_RECORD_BYTES:
        return (_too_long(),)
    try:
        read = _read.decode(record)
    except _UNREADABLE:
        value = _object(record)
        return value if isinstance(value, tuple) else tuple(faults_of(Read, value))
    if not in_years(read.captured_at):
        return (Fault("captured_at", YEARS_RULE, shown(read.captured_at.isoformat())),)
    return read


def _object(record: bytes) -> dict[str, Any] | tuple[Fault, ...]:
    """The record as a JSON object, or why it is none."""
    try:
        record.decode()
        value = _any.decode(record)
    except UnicodeDecodeError as error:
        return (Fault("", "is UTF-8 text", f"0x{record[error.start]:02X} at byte {error.start}"),)
    except RecursionError:
        return (Fault("", "is not nested so deeply", f"{len(record)} bytes"),)
    except msgspec.DecodeError as error:
        why = str(error).partition(" - at ")[0]
        return (Fault("", f"is one JSON object on one line ({why})", f"{len(record)} bytes"),)
    if not isinstance(value, dict):
        return (Fault("", "is a JSON object", _JSON_KIND.get(type(value), "true or false")),)
    return value


def _too_long() -> Fault:
    return Fault("", f"is at most {MAX_RECORD_BYTES:,} bytes long", "longer")
