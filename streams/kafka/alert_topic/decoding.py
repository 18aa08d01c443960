"""From the records of the topic of alerts to alerts and withdrawals, a batch at a time."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from streams.kafka.faust_driver.batch import Record
from streams.kafka.record_keys import decode_alert_key
from streams.records.alert import Alert, Withdrawal, alert_key
from streams.records.decode import decode_alerts
from streams.records.faults import Fault
from streams.records.times import SAFE_RANGE_END, SAFE_RANGE_START, from_ms, to_ms

# What a key holds is not shown: one that is no key of an alert may be anything, a plate too.
_KEY_RULE: Final = "is <list_id>/<alert_id>, UTF-8 text of at most 64 characters each"
_NO_VALUE_RULE: Final = "is an alert; to withdraw one, write a record of its key with no value (null)"
_MIN_MS, _MAX_MS = to_ms(SAFE_RANGE_START), to_ms(SAFE_RANGE_END)


class RejectedRecord(NamedTuple):
    """A record that was not taken: its offset, and all that is wrong with it."""

    offset: int
    faults: tuple[Fault, ...]


class DecodedAlerts(NamedTuple):
    """The entries of a batch in its order, the key and the record of each, and the records not taken."""

    entries: list[Alert | Withdrawal]
    keys: list[bytes]
    records: Sequence[Record]
    rejected: list[RejectedRecord]


def decode_alert_records(records: Sequence[Record]) -> DecodedAlerts:
    """The entries in records of the topic. Raises nothing."""
    values = [record.value for record in records if record.value is not None]
    decoded = decode_alerts(values)
    if len(values) == len(records):
        # The way of nearly all batches: nothing but good alerts under their own keys.
        alerts = [each for each in decoded if isinstance(each, Alert)]
        if len(alerts) == len(records):
            keys = [f"{alert.list_id}/{alert.alert_id}".encode() for alert in alerts]
            if keys == [record.key for record in records]:
                return DecodedAlerts([*alerts], keys, records, [])
    return _decode_singly(records, decoded)


def _decode_singly(
    records: Sequence[Record], decoded: Sequence[Alert | Withdrawal | tuple[Fault, ...]]
) -> DecodedAlerts:
    entries: list[Alert | Withdrawal] = []
    good: list[Record] = []
    wrong: list[RejectedRecord] = []
    answers = iter(decoded)
    for record in records:
        entry = _decode_withdrawal(record) if record.value is None else _check_alert(record, next(answers))
        if isinstance(entry, tuple):
            wrong.append(RejectedRecord(record.offset, entry))
        else:
            entries.append(entry)
            good.append(record)
    return DecodedAlerts(entries, [record.key or b"" for record in good], good, wrong)


def _decode_withdrawal(record: Record) -> Withdrawal | tuple[Fault, ...]:
    key = decode_alert_key(record.key)
    if key is None:
        return (_key_fault(record.key),)
    # A time that is none, as by a producer that counts microseconds, must not keep the alert in force.
    at = record.timestamp if _MIN_MS <= record.timestamp < _MAX_MS else _MIN_MS
    return Withdrawal(*key, from_ms(at))


def _check_alert(
    record: Record, decoded: Alert | Withdrawal | tuple[Fault, ...]
) -> Alert | tuple[Fault, ...]:
    if isinstance(decoded, tuple):
        return decoded
    if isinstance(decoded, Withdrawal):
        return (Fault("", _NO_VALUE_RULE, "a withdrawal as files have them"),)
    key = decode_alert_key(record.key)
    if key is None:
        return (_key_fault(record.key),)
    if key != alert_key(decoded):
        return (Fault("key", "has the list_id and alert_id of the value", "of another alert"),)
    return decoded


def _key_fault(key: bytes | None) -> Fault:
    return Fault("key", _KEY_RULE, "missing" if key is None else f"{len(key)} bytes of something else")
