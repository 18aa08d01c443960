"""From records of the topic of alerts to alerts and withdrawals, a batch at a time."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from streams.kafka.faust_driver.batch import Record
from streams.kafka.record_keys import decode_alert_key
from streams.records.alert import Alert, Withdrawal, alert_key
from streams.records.decode import decode_alerts
from streams.records.faults import Fault
from streams.records.times import SAFE_RANGE_END, SAFE_RANGE_START, from_ms, to_ms

# The content of a key is not shown: one that is not of an alert may be anything, also a plate.
_KEY_RULE: Final = "must be <list_id>/<alert_id>, UTF-8 text of at most 64 characters each"
_ALERT_RULE: Final = "must be an alert; to withdraw one, write a record of its key without a value (null)"
_MIN_MS, _MAX_MS = to_ms(SAFE_RANGE_START), to_ms(SAFE_RANGE_END)


class RejectedRecord(NamedTuple):
    """The offset of a record that was rejected, and all its faults."""

    offset: int
    faults: tuple[Fault, ...]


class DecodedAlerts(NamedTuple):
    """The entries of a batch in order, the key and the record of each, and the records rejected."""

    entries: list[Alert | Withdrawal]
    keys: list[bytes]
    records: Sequence[Record]
    rejected: list[RejectedRecord]


def decode_alert_records(records: Sequence[Record]) -> DecodedAlerts:
    """Decode records of the topic. Raises nothing."""
    values = [record.value for record in records if record.value is not None]
    decoded = decode_alerts(values)
    if len(values) == len(records):
        # Fast path for nearly all batches: only valid alerts, each under its own key.
        alerts = [entry for entry in decoded if isinstance(entry, Alert)]
        if len(alerts) == len(records):
            keys = [f"{alert.list_id}/{alert.alert_id}".encode() for alert in alerts]
            if keys == [record.key for record in records]:
                return DecodedAlerts([*alerts], keys, records, [])
    return _decode_singly(records, decoded)


def _decode_singly(
    records: Sequence[Record], decoded: Sequence[Alert | Withdrawal | tuple[Fault, ...]]
) -> DecodedAlerts:
    entries: list[Alert | Withdrawal] = []
    accepted: list[Record] = []
    rejected: list[RejectedRecord] = []
    decoded_values = iter(decoded)
    for record in records:
        entry = (
            _decode_withdrawal(record) if record.value is None else _check_alert(record, next(decoded_values))
        )
        if isinstance(entry, tuple):
            rejected.append(RejectedRecord(record.offset, entry))
        else:
            entries.append(entry)
            accepted.append(record)
    return DecodedAlerts(entries, [record.key or b"" for record in accepted], accepted, rejected)


def _decode_withdrawal(record: Record) -> Withdrawal | tuple[Fault, ...]:
    key = decode_alert_key(record.key)
    if key is None:
        return (_key_fault(record.key),)
    # An impossible time, as of a producer that counts microseconds, must not keep the alert effective.
    withdrawn_ms = record.timestamp if _MIN_MS <= record.timestamp < _MAX_MS else _MIN_MS
    return Withdrawal(*key, from_ms(withdrawn_ms))


def _check_alert(
    record: Record, decoded: Alert | Withdrawal | tuple[Fault, ...]
) -> Alert | tuple[Fault, ...]:
    if isinstance(decoded, tuple):
        return decoded
    if isinstance(decoded, Withdrawal):
        return (Fault("", _ALERT_RULE, "a withdrawal as in files"),)
    key = decode_alert_key(record.key)
    if key is None:
        return (_key_fault(record.key),)
    if key != alert_key(decoded):
        return (Fault("key", "must have the list_id and alert_id of the value", "those of another alert"),)
    return decoded


def _key_fault(key: bytes | None) -> Fault:
    return Fault("key", _KEY_RULE, "no key" if key is None else f"{len(key)} bytes of something else")
