"""Decoding of records, a batch at a time; records that cannot be decoded are rejected with their faults.

A batch is decoded in one call: the records are joined by line feeds. JSON allows no raw line feed inside a
string, and a closing brace, a line feed and an opening brace only between two values. So if each record
begins and ends with a brace, no value spans two records; and if there are as many values as records, each
record is one whole object. Otherwise the records are decoded one by one, so a bad record never affects
another.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple, TypeVar

import msgspec
import numpy as np

from streams.records.alert import Alert, Withdrawal
from streams.records.faults import Fault, find_faults, shown_value
from streams.records.hit import Hit
from streams.records.lookback import LookbackRun
from streams.records.match import Match
from streams.records.read import Read
from streams.records.times import SAFE_RANGE_END, SAFE_RANGE_START, YEARS_RULE, has_valid_year
from streams.records.verdict import Verdict

MAX_RECORD_BYTES: Final = 1_000_000
"""Longest record accepted; Kafka's default limit of a message is about the same."""

_OPENING_BRACE, _CLOSING_BRACE = b"{}"
_read_decoder = msgspec.json.Decoder(Read)
_alert_decoder = msgspec.json.Decoder(Alert)
_verdict_decoder = msgspec.json.Decoder(Verdict)
_match_decoder = msgspec.json.Decoder(Match)
_hit_decoder = msgspec.json.Decoder(Hit)
_lookback_run_decoder = msgspec.json.Decoder(LookbackRun)
_json_decoder = msgspec.json.Decoder()
_WITHDRAWN_AT_KEY: Final = b'"withdrawn_at"'

_DECODE_ERRORS: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""The errors of a decoder; the last two are for text that is not UTF-8 and for very deep nesting."""
_JSON_TYPE_NAMES: Final = {
    list: "a list",
    str: "text",
    int: "a number",
    float: "a number",
    type(None): "null",
}

_BatchRecord = TypeVar("_BatchRecord", Read, Alert, Match)
_AnyRecord = TypeVar("_AnyRecord")


class RejectedRecord(NamedTuple):
    """A rejected record: its position in the batch, its faults, and its bytes."""

    position: int
    faults: tuple[Fault, ...]
    raw: bytes


class DecodedReads(NamedTuple):
    """The reads of a batch and the rejected records.

    `indices[i]` is the position of `reads[i]` in the batch, `times[i]` when it was captured. `span` is the
    least and the greatest of the times, None without reads.
    """

    reads: list[Read]
    indices: Sequence[int]
    times: list[datetime]
    rejected: list[RejectedRecord]
    span: tuple[datetime, datetime] | None = None


def decode_reads(records: Sequence[bytes]) -> DecodedReads:
    """Decode reads from JSON and check their types and bounds. Raises nothing."""
    reads = _decode_joined(_read_decoder, records)
    if reads is not None:
        times = [read.captured_at for read in reads]
        span = time_span(times)
        if span is None or (span[0] >= SAFE_RANGE_START and span[1] < SAFE_RANGE_END):
            return DecodedReads(reads, range(len(reads)), times, [], span)
    return _decode_reads_singly(records)


def time_span(times: Sequence[datetime]) -> tuple[datetime, datetime] | None:
    """Return the least and the greatest of some times; None if there are none."""
    return (min(times), max(times)) if times else None


def decode_alert(record: bytes) -> Alert | Withdrawal | tuple[Fault, ...]:
    """Decode an alert or, if it has `withdrawn_at`, a withdrawal; return its faults if it is neither.

    A withdrawal may have the other fields of the alert too; they must not make the alert effective. Raises
    nothing.
    """
    if len(record) > MAX_RECORD_BYTES:
        return (_too_long_fault(),)
    if _WITHDRAWN_AT_KEY not in record:
        try:
            return _alert_decoder.decode(record)
        except _DECODE_ERRORS:
            pass
    value = _decode_object(record)
    if isinstance(value, tuple):
        return value
    record_type: type[Alert | Withdrawal] = Withdrawal if "withdrawn_at" in value else Alert
    try:
        return msgspec.convert(value, record_type)
    except msgspec.ValidationError:
        return tuple(find_faults(record_type, value))


def decode_alerts(records: Sequence[bytes]) -> list[Alert | Withdrawal | tuple[Fault, ...]]:
    """Return the results of `decode_alert` for a batch, in the order of the records. Raises nothing."""
    alerts = None if _WITHDRAWN_AT_KEY in b"\n".join(records) else _decode_joined(_alert_decoder, records)
    return list(alerts) if alerts is not None else [decode_alert(record) for record in records]


def decode_verdict(record: bytes) -> Verdict | tuple[Fault, ...]:
    """Decode a verdict, or return all its faults. Raises nothing."""
    return decode_record(_verdict_decoder, Verdict, record)


def decode_match(record: bytes) -> Match | tuple[Fault, ...]:
    """Decode a match, or return all its faults. Raises nothing.

    The plates in it were checked when the match was made and are not checked again.
    """
    return decode_record(_match_decoder, Match, record, _match_times)


def decode_matches(records: Sequence[bytes]) -> list[Match | tuple[Fault, ...]]:
    """Return the results of `decode_match` for a batch, in the order of the records. Raises nothing."""
    matches = _decode_joined(_match_decoder, records)
    if matches is not None and all(has_valid_year(match.read.captured_at) for match in matches):
        return list(matches)
    return [decode_match(record) for record in records]


def decode_hit(record: bytes) -> Hit | tuple[Fault, ...]:
    """Decode a hit, or return all its faults. Its plates are not checked. Raises nothing."""
    return decode_record(_hit_decoder, Hit, record, _hit_times)


def decode_lookback_run(record: bytes) -> LookbackRun | tuple[Fault, ...]:
    """Decode a lookback, or return all its faults. Raises nothing."""
    return decode_record(_lookback_run_decoder, LookbackRun, record)


def _match_times(match: Match) -> tuple[datetime, ...]:
    # An alert checks its own times.
    return (match.read.captured_at,)


def _hit_times(hit: Hit) -> tuple[datetime, ...]:
    return hit.read.captured_at, hit.alert.valid_until, hit.emitted_at


def decode_record(
    decoder: msgspec.json.Decoder[_AnyRecord],
    record_type: type[_AnyRecord],
    record: bytes,
    unchecked_times: Callable[[_AnyRecord], tuple[datetime, ...]] = lambda _: (),
) -> _AnyRecord | tuple[Fault, ...]:
    """Decode a record of a type, or return all its faults. Raises nothing.

    `unchecked_times` returns the times whose years the record does not check itself.
    """
    if len(record) > MAX_RECORD_BYTES:
        return (_too_long_fault(),)
    try:
        decoded = decoder.decode(record)
        if all(map(has_valid_year, unchecked_times(decoded))):
            return decoded
    except _DECODE_ERRORS:
        pass
    value = _decode_object(record)
    return value if isinstance(value, tuple) else tuple(find_faults(record_type, value))


def _decode_joined(
    decoder: msgspec.json.Decoder[_BatchRecord], records: Sequence[bytes]
) -> list[_BatchRecord] | None:
    """Decode all records in one call; return None if they must be decoded one by one."""
    joined = b"\n".join(records)
    if not _are_brace_delimited(records, joined):
        return None
    if len(joined) > MAX_RECORD_BYTES and max(map(len, records)) > MAX_RECORD_BYTES:
        return None
    try:
        decoded = decoder.decode_lines(joined)
    except _DECODE_ERRORS:
        return None
    return decoded if len(decoded) == len(records) else None


def _are_brace_delimited(records: Sequence[bytes], joined: bytes) -> bool:
    """True if all records but the first begin with a brace and all but the last end with one."""
    if not records or not records[0] or not records[-1]:
        return False
    lengths = np.fromiter(map(len, records), dtype=np.intp, count=len(records))
    chars = np.frombuffer(joined, dtype=np.uint8)
    line_feeds = np.cumsum(lengths[:-1] + 1) - 1
    return bool(
        (chars.take(line_feeds - 1) == _CLOSING_BRACE).all()
        and (chars.take(line_feeds + 1) == _OPENING_BRACE).all()
    )


def _decode_reads_singly(records: Sequence[bytes]) -> DecodedReads:
    reads: list[Read] = []
    indices: list[int] = []
    rejected: list[RejectedRecord] = []
    for index, record in enumerate(records):
        decoded = _decode_read(record)
        if isinstance(decoded, Read):
            reads.append(decoded)
            indices.append(index)
        else:
            rejected.append(RejectedRecord(index, decoded, record))
    times = [read.captured_at for read in reads]
    return DecodedReads(reads, indices, times, rejected, time_span(times))


def _decode_read(record: bytes) -> Read | tuple[Fault, ...]:
    if len(record) > MAX_RECORD_BYTES:
        return (_too_long_fault(),)
    try:
        read = _read_decoder.decode(record)
    except _DECODE_ERRORS:
        value = _decode_object(record)
        return value if isinstance(value, tuple) else tuple(find_faults(Read, value))
    if not has_valid_year(read.captured_at):
        return (Fault("captured_at", YEARS_RULE, shown_value(read.captured_at.isoformat())),)
    return read


def _decode_object(record: bytes) -> dict[str, Any] | tuple[Fault, ...]:
    """Return a record as a JSON object, or the fault if it is not one."""
    try:
        record.decode()
        value = _json_decoder.decode(record)
    except UnicodeDecodeError as error:
        return (Fault("", "must be UTF-8 text", f"0x{record[error.start]:02X} at byte {error.start}"),)
    except RecursionError:
        return (Fault("", "must be nested less deeply", f"{len(record)} bytes"),)
    except msgspec.DecodeError as error:
        why = str(error).partition(" - at ")[0]
        return (Fault("", f"must be one JSON object on one line ({why})", f"{len(record)} bytes"),)
    if not isinstance(value, dict):
        return (Fault("", "must be a JSON object", _JSON_TYPE_NAMES.get(type(value), "true or false")),)
    return value


def _too_long_fault() -> Fault:
    return Fault("", f"must be at most {MAX_RECORD_BYTES:,} bytes long", "a longer record")
