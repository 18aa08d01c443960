"""The AsyncAPI 3.0.0 document: the topics, their messages and keys, and who sends and receives them.

Names and settings of topics are the defaults of `[topics]`; a test compares them with `streams.kafka.topics`.
The payloads are the schema files in the same folder.
"""

import json
from typing import Any, Final, NamedTuple

from streams.kafka import dead_letters
from streams.records.types import HitId, Identifier
from tools.contracts.json_schema import field_schema

_VERSION: Final = "1"
"""Rises with changes in the meaning of the topics; the records on them have versions of their own."""
_BINDING: Final = {"bindingVersion": "0.5.0"}
_BROKER_TIME: Final = {"message.timestamp.type": "LogAppendTime"}

_ALERT_KEY: Final = {
    "type": "string",
    "description": "list_id, a slash, alert_id: `sis/FR-2026-00042`",
    "pattern": "^[^/]+/.+$",
}
_CAMERA_KEY: Final = field_schema(Identifier) | {"description": "camera_id"}
_HIT_KEY: Final = field_schema(HitId) | {"description": "hit_id"}

_REQUIRED_HEADERS: Final = {
    dead_letters.STAGE_HEADER: "the stage that rejected the record: `match` of the worker, or `gateway`",
    dead_letters.EXCEPTION_CLASS_HEADER: "the class of the fault",
    dead_letters.MESSAGE_HEADER: "all faults in words, without values that may be personal data",
    dead_letters.FAULTS_HEADER: "the faults as JSON: a list of {field, rule, value}",
}
_OPTIONAL_HEADERS: Final = {
    dead_letters.TOPIC_HEADER: "the topic of the record; absent for an event that the gateway refused",
    dead_letters.PARTITION_HEADER: "its partition, in decimal digits",
    dead_letters.OFFSET_HEADER: "its offset, in decimal digits",
    dead_letters.CONTENT_TYPE_HEADER: "the media type of an event that the gateway refused",
}


class _Message(NamedTuple):
    """A kind of message on a topic. `schema` is the name of a record's schema, or a schema itself."""

    name: str
    summary: str
    key: dict[str, Any]
    schema: str | dict[str, Any]
    extra: dict[str, Any] = {}  # noqa: RUF012 - a NamedTuple's default, never changed


class _Channel(NamedTuple):
    """A topic: its address without the prefix, its messages, and the roles that send and receive them."""

    name: str
    address: str
    description: str
    messages: tuple[_Message, ...]
    senders: tuple[str, ...]
    receivers: tuple[str, ...]
    configs: dict[str, Any] = {}  # noqa: RUF012
    compacted: bool = False


_ROLES: Final = {
    "gateway": "Sends the reads of cameras.",
    "list-owner": "Adds alerts to its lists and withdraws them.",
    "worker": "Matches reads against the lists and emits hits.",
    "centre": "A police operations centre: receives hits and answers with verdicts.",
    "operator": "Keeps the system running.",
}

_CHANNELS: Final = (
    _Channel(
        "reads",
        "reads.{country}",
        "The reads of cameras. Each country has its own topic, because its law says how long reads are "
        "retained.",
        (_Message("read", "One plate, read once by one camera", _CAMERA_KEY, "read"),),
        ("gateway",),
        ("worker",),
    ),
    _Channel(
        "alerts",
        "alerts",
        "The vehicles that are sought; the latest record of each alert is kept. A withdrawal is effective "
        "from the timestamp of its record, which the broker sets. Workers read the whole topic, without a "
        "group.",
        (
            _Message(
                "alert", "One vehicle or plate that a list asks for, in one version", _ALERT_KEY, "alert"
            ),
            _Message("alertWithdrawn", "The end of an alert: a null value", _ALERT_KEY, {"type": "null"}),
        ),
        ("list-owner",),
        ("worker",),
        _BROKER_TIME,
        compacted=True,
    ),
    _Channel(
        "matches",
        "matches",
        "Reads that may be of a listed vehicle, between workers. They are personal data and for nobody else.",
        (
            _Message(
                "match",
                "One read that may be of the vehicle of one alert, and how the two agree",
                _ALERT_KEY,
                "match",
            ),
        ),
        ("worker",),
        ("worker",),
    ),
    _Channel(
        "verdicts",
        "verdicts",
        "Verdicts of centres on hits. A verdict is effective from the timestamp of its record, which the "
        "broker sets.",
        (_Message("verdict", "A centre's judgement of a hit", _HIT_KEY, "verdict"),),
        ("centre",),
        ("worker",),
        _BROKER_TIME,
    ),
    _Channel(
        "hits",
        "hits",
        "What the centres are notified of. A record may come twice, with the same hit_id and revision; the "
        "highest revision of a hit_id counts. The hits of one vehicle are on one partition, that of its "
        "matches rather than that of the key, so that they stay in order.",
        (_Message("hit", "What a police centre is notified of, in one revision", _HIT_KEY, "hit"),),
        ("worker",),
        # A worker that takes over a partition restores from the hits what was emitted.
        ("centre", "worker"),
    ),
    _Channel(
        "rejected",
        "rejected",
        "Records of the topics of reads that are not valid reads, as they were, and events of cameras that "
        "the gateway refused, without their pictures; each with what is wrong with it.",
        (
            _Message(
                "rejectedRecord",
                "A rejected record or event",
                {
                    "type": ["string", "null"],
                    "description": "the key of the record; the camera_id for an event",
                },
                {
                    "type": ["string", "null"],
                    "description": "the bytes of the record, or null; the body of an event, at most 64 KB",
                },
                {
                    "contentType": "application/octet-stream",
                    "headers": {
                        "type": "object",
                        "description": "the headers of the record, and those that say where it was and why "
                        "it was rejected, as Kafka Connect names them (KIP-298)",
                        "properties": {
                            name: {"type": "string", "description": text}
                            for name, text in (_OPTIONAL_HEADERS | _REQUIRED_HEADERS).items()
                        },
                        "required": list(_REQUIRED_HEADERS),
                    },
                },
            ),
        ),
        ("worker", "gateway"),
        ("operator",),
        {"max.message.bytes": 10 * 1024 * 1024},
    ),
    _Channel(
        "lookbacks",
        "lookbacks",
        "Lookbacks, each with where, by what authority and with what result; the latest record of each is "
        "kept as long as reads are. One that was begun and is not done is restarted by the worker that has "
        "the alert's partition of the matches.",
        (_Message("lookedBack", "A lookback for an alert, begun or done", _ALERT_KEY, "lookedback"),),
        ("worker", "operator"),
        ("worker",),
        {"cleanup.policy": ["compact", "delete"]},
    ),
)


def build_asyncapi() -> str:
    """Return the document as JSON."""
    document = {
        "asyncapi": "3.0.0",
        "info": {
            "title": "anpr-streams",
            "version": _VERSION,
            "description": "Licence-plate reads matched against alert lists. Addresses are Kafka topics; "
            "their first part is `[topics] prefix` of the settings, by default `anpr`. The tag of an "
            "operation is the role that performs it. What a schema cannot express is in README.md in "
            "this folder and in docs/concepts/meaning.md.",
        },
        "defaultContentType": "application/json",
        "channels": {channel.name: _build_channel(channel) for channel in _CHANNELS},
        "operations": {
            name: operation for channel in _CHANNELS for name, operation in _build_operations(channel).items()
        },
        "components": {
            "messages": {
                message.name: _build_message(message) for channel in _CHANNELS for message in channel.messages
            },
            "tags": {role: {"name": role, "description": text} for role, text in _ROLES.items()},
        },
    }
    return json.dumps(document, indent=2) + "\n"


def _build_channel(channel: _Channel) -> dict[str, Any]:
    description: dict[str, Any] = {
        "address": f"anpr.{channel.address}",
        "description": channel.description,
        "messages": {
            message.name: {"$ref": f"#/components/messages/{message.name}"} for message in channel.messages
        },
    }
    if "{country}" in channel.address:
        description["parameters"] = {
            "country": {
                "description": "the camera's country, ISO 3166-1 alpha-2 in upper case",
                "examples": ["BE", "FR"],
            }
        }
    policy = {"cleanup.policy": ["compact" if channel.compacted else "delete"]}
    description["bindings"] = {"kafka": {"topicConfiguration": policy | channel.configs, **_BINDING}}
    return description


def _build_message(message: _Message) -> dict[str, Any]:
    payload = {"$ref": f"{message.schema}.schema.json"} if isinstance(message.schema, str) else message.schema
    return {
        "name": message.name,
        "summary": message.summary,
        **message.extra,
        "payload": payload,
        "bindings": {"kafka": {"key": message.key, **_BINDING}},
    }


def _build_operations(channel: _Channel) -> dict[str, dict[str, Any]]:
    """Return the operations on a channel: `gatewaySendsReads`, `workerReceivesReads`."""
    sides = (("send", channel.senders), ("receive", channel.receivers))
    return {
        _operation_name(role, action, channel.name): {
            "action": action,
            "channel": {"$ref": f"#/channels/{channel.name}"},
            "tags": [{"$ref": f"#/components/tags/{role}"}],
        }
        for action, roles in sides
        for role in roles
    }


def _operation_name(role: str, action: str, channel: str) -> str:
    first, *others = role.split("-")
    return first + "".join(map(str.title, others)) + f"{action.title()}s{channel.title()}"
