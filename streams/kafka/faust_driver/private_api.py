"""The private parts of Faust and aiokafka that the driver relies on, as a list that is checked.

Neither project guarantees them. So the transport refuses to start on another release, or if one of them has
changed, and names what.
"""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import fields
from importlib.metadata import version
from typing import Any, Final

import aiokafka
from aiokafka.consumer.fetcher import Fetcher, FetchResult, PartitionRecords
from aiokafka.consumer.subscription_state import SubscriptionState, TopicPartitionState
from aiokafka.structs import ConsumerRecord
from faust.transport.consumer import Consumer as BaseConsumer
from faust.transport.drivers import aiokafka as driver
from faust.types import ConsumerMessage
from faust.types.tuples import Message
from mode.threads import ServiceThread

from streams.runtime.errors import OperatorError

VERSIONS: Final = {"faust-streaming": "0.15.3", "aiokafka": "0.14.0"}
"""The releases the driver was written for and tested with."""

METHODS: Final[list[tuple[type, str, list[str]]]] = [
    # Overridden:
    (driver.Consumer, "_getmany", ["self", "active_partitions", "timeout"]),
    (driver.Consumer, "_to_message", ["self", "tp", "record"]),
    (driver.Consumer, "_add_gap", ["self", "tp", "offset_from", "offset_to"]),
    (driver.Consumer, "_filter_tps_with_pending_acks", ["self", "topics"]),
    (driver.Consumer, "_new_offset", ["self", "tp"]),
    (driver.Consumer, "on_partitions_revoked", ["self", "revoked"]),
    (driver.Consumer, "seek_to_committed", ["self"]),
    (driver.Consumer, "wait_empty", ["self"]),
    (driver.Consumer, "_new_consumer_thread", ["self"]),
    (
        driver.AIOKafkaConsumerThread,
        "_fetch_records",
        ["self", "consumer", "active_partitions", "timeout", "max_records"],
    ),
    # Called:
    (driver.AIOKafkaConsumerThread, "seek", ["self", "partition", "offset"]),
    (driver.Consumer, "commit_and_end_transactions", ["self"]),
    (driver.Consumer, "_wait_for_ack", ["self", "timeout"]),
    (driver.Consumer, "_clean_unacked_messages", ["self"]),
    (Fetcher, "_notify", ["self", "future"]),
    (Fetcher, "fetched_records", ["self", "partitions", "timeout", "max_records"]),
    (
        PartitionRecords,
        "__init__",
        [
            *["self", "tp", "records", "aborted_transactions", "fetch_offset", "key_deserializer"],
            *["value_deserializer", "check_crcs", "isolation_level"],
        ],
    ),
    (PartitionRecords, "_consume_aborted_up_to", ["self", "batch_offset"]),
    (PartitionRecords, "_contains_abort_marker", ["self", "next_batch"]),
    (
        Message,
        "__init__",
        [
            *[
                "self",
                "topic",
                "partition",
                "offset",
                "timestamp",
                "timestamp_type",
                "headers",
                "key",
                "value",
            ],
            *["checksum", "serialized_key_size", "serialized_value_size", "tp", "time_in", "time_out"],
            *["time_total", "generation_id"],
        ],
    ),
]
"""Methods, each with its class and its parameters."""

_UNPACK_NAMES: Final = [
    *["has_next", "next_batch", "_check_crcs", "validate_crc", "_isolation_level", "READ_COMMITTED"],
    *["producer_id", "_consume_aborted_up_to", "base_offset", "is_control_batch", "_contains_abort_marker"],
    *["_aborted_producers", "is_transactional", "next_offset", "next_fetch_offset", "_consumer_record"],
]
_INIT_NAMES: Final = [
    *["_tp", "_records", "_aborted_transactions", "_aborted_producers", "_key_deserializer"],
    *["_value_deserializer", "_check_crcs", "_isolation_level", "next_fetch_offset", "_records_iterator"],
    "_unpack_records",
]

USES: Final[list[tuple[type, str, list[str]]]] = [
    (BaseConsumer, "getmany", ["_wait_next_records", "_to_message", "consumer_generation_id", "flow_active"]),
    (BaseConsumer, "_wait_next_records", ["_getmany", "_get_active_partitions"]),
    (BaseConsumer, "_drain_messages", ["getmany", "_add_gap", "_read_offset"]),
    (BaseConsumer, "perform_seek", ["seek_to_committed", "_read_offset"]),
    (BaseConsumer, "force_commit", ["_filter_tps_with_pending_acks"]),
    (BaseConsumer, "_filter_committable_offsets", ["_new_offset", "_should_commit"]),
    (BaseConsumer, "_should_commit", ["_committed_offset"]),
    (BaseConsumer, "on_stop", ["stream_wait_empty", "wait_empty", "commit_and_end_transactions"]),
    (BaseConsumer, "ack", ["acked", "_acked", "_acked_index"]),
    (BaseConsumer, "__init__", ["_acked", "_acked_index", "_read_offset", "_unacked_messages"]),
    (ConsumerMessage, "on_final_ack", ["ack"]),
    (driver.AIOKafkaConsumerThread, "_fetch_records", ["fetched_records", "_fetcher"]),
    (driver.AIOKafkaConsumerThread, "on_start", ["_consumer", "thread_loop"]),
    (Fetcher, "__init__", ["_fetch_waiters", "_records", "_fetch_min_bytes", "_fetch_max_wait_ms"]),
    (Fetcher, "_get_actions_per_node", ["_fetch_min_bytes", "_fetch_max_wait_ms"]),
    (Fetcher, "_proc_fetch_request", ["_records", "PartitionRecords", "FetchResult"]),
    (FetchResult, "getall", ["_partition_records", "check_assignment", "_update_position"]),
    (FetchResult, "check_assignment", ["position", "next_fetch_offset"]),
    (FetchResult, "_update_position", ["consumed_to", "next_fetch_offset"]),
    (PartitionRecords, "__init__", _INIT_NAMES),
    (PartitionRecords, "_unpack_records", _UNPACK_NAMES),
    (
        PartitionRecords,
        "_consumer_record",
        ["offset", "timestamp", "timestamp_type", "key", "value", "headers"],
    ),
    (Fetcher, "fetched_records", ["_create_fetch_waiter", "getall"]),
    (aiokafka.AIOKafkaConsumer, "start", ["_fetcher", "_fetch_min_bytes", "_fetch_max_wait_ms"]),
    (aiokafka.AIOKafkaConsumer, "position", ["_subscription", "assignment", "state_value"]),
    (SubscriptionState, "subscription", ["_subscription"]),
    (TopicPartitionState, "has_valid_position", ["_position"]),
    (ServiceThread, "__init__", ["thread_loop"]),
]
"""Methods, each with names that its code must use: of methods overridden here, of attributes read here."""

RECORD_FIELDS: Final = {"offset", "timestamp", "timestamp_type", "key", "value", "headers"}


class DriverVersionError(OperatorError):
    """The driver was not written for the installed Faust or aiokafka."""


def check() -> None:
    """Raise DriverVersionError with all differences."""
    differences = [*broken_versions(), *broken_names()]
    if differences:
        raise DriverVersionError(
            "the batch driver does not fit the installed packages; install the releases it was written for:\n"
            + "\n".join(differences)
        )


def broken_versions(installed: Callable[[str], str] = version) -> Iterator[str]:
    """Yield a line for each package of another version."""
    for package, expected in VERSIONS.items():
        actual = installed(package)
        if actual != expected:
            yield f"{package} must be {expected}, got {actual}"


def broken_names(
    methods: list[tuple[type, str, list[str]]] = METHODS, uses: list[tuple[type, str, list[str]]] = USES
) -> Iterator[str]:
    """Yield a line for each method that is missing, has other parameters, or no longer uses a name."""
    for owner, name, parameters in methods:
        method = getattr(owner, name, None)
        if method is None:
            yield f"{_qualified_name(owner)}.{name} is missing"
            continue
        actual = list(inspect.signature(method).parameters)
        if actual != parameters:
            yield f"{_qualified_name(owner)}.{name} must take {parameters}, got {actual}"
    for owner, name, used in uses:
        method = getattr(owner, name, None)
        if method is None:
            yield f"{_qualified_name(owner)}.{name} is missing"
            continue
        names = _used_names(method)
        for used_name in used:
            if used_name not in names:
                yield f"{_qualified_name(owner)}.{name} no longer uses {used_name}"
    if "acked" not in Message.__slots__:
        yield f"{_qualified_name(Message)} no longer has the slot acked"
    missing = RECORD_FIELDS - {field.name for field in fields(ConsumerRecord)}
    if missing:
        yield f"{_qualified_name(ConsumerRecord)} no longer has {sorted(missing)}"


def _qualified_name(owner: type) -> str:
    return f"{owner.__module__}.{owner.__qualname__}"


def _used_names(method: Any) -> set[str]:
    """Return the names that a function uses, with those of functions inside it."""
    names: set[str] = set()
    function: Any = method.fget if isinstance(method, property) else method
    codes = [inspect.unwrap(function).__code__]
    while codes:
        code = codes.pop()
        names.update(code.co_names)
        codes += [constant for constant in code.co_consts if inspect.iscode(constant)]
    return names
