"""The AsyncAPI document is valid and agrees with the topics, records and dead letters of the code.

The document was found valid by AsyncAPI's own JSON schema of 3.0.0, which no Python package has; the tests
check the part of it that this document uses.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from jsonschema import Draft7Validator

from streams.gateway.dead_letters import dead_letter as gateway_dead_letter
from streams.gateway.event import Event, EventError
from streams.kafka.dead_letters import STAGE_HEADER, STAGES, Stage
from streams.kafka.topics import TopicsConfig, required_topics
from streams.records.faults import Fault
from streams.worker.dead_letters import dead_letter as worker_dead_letter
from tools.contracts import build_asyncapi, build_schemas

DOCUMENT: Final[dict[str, Any]] = json.loads(build_asyncapi())
CHANNELS: Final[dict[str, Any]] = DOCUMENT["channels"]
MESSAGES: Final[dict[str, Any]] = DOCUMENT["components"]["messages"]


class _Record(NamedTuple):
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]


# The keys used here of each object of AsyncAPI 3.0.0; required ones have a star.
_KEYS: Final = {
    "document": "asyncapi* info* defaultContentType channels operations components",
    "info": "title* version* description",
    "channel": "address description messages parameters bindings",
    "parameter": "description examples",
    "channel binding": "topicConfiguration bindingVersion",
    "operation": "action* channel* tags",
    "message": "name summary contentType headers payload bindings",
    "message binding": "key bindingVersion",
    "tag": "name* description",
}


def assert_keys(kind: str, value: dict[str, Any]) -> None:
    """Assert that an object has the required keys of its kind and no unknown ones."""
    keys = _KEYS[kind].split()
    assert {key[:-1] for key in keys if key.endswith("*")} <= set(value) <= {key.rstrip("*") for key in keys}


def references(value: Any) -> Iterator[str]:
    """All `$ref` in a value."""
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
            assert set(value) == {"$ref"}, "keys next to a reference are ignored"
        for part in value.values():
            yield from references(part)
    elif isinstance(value, list):
        for part in value:
            yield from references(part)


def resolved(reference: str) -> Any:
    """The object of an internal reference."""
    value: Any = DOCUMENT
    for part in reference.removeprefix("#/").split("/"):
        value = value[part]
    return value


def test_every_object_has_the_keys_of_its_kind() -> None:
    assert DOCUMENT["asyncapi"] == "3.0.0"
    assert_keys("document", DOCUMENT)
    assert_keys("info", DOCUMENT["info"])
    for channel in CHANNELS.values():
        assert_keys("channel", channel)
        assert set(channel["bindings"]) == {"kafka"}
        assert_keys("channel binding", channel["bindings"]["kafka"])
        for parameter in channel.get("parameters", {}).values():
            assert_keys("parameter", parameter)
    for operation in DOCUMENT["operations"].values():
        assert_keys("operation", operation)
        assert operation["action"] in ("send", "receive")
    for message in MESSAGES.values():
        assert_keys("message", message)
        assert_keys("message binding", message["bindings"]["kafka"])
        for schema in (message["bindings"]["kafka"]["key"], message.get("headers", {})):
            Draft7Validator.check_schema(schema)
    for tag in DOCUMENT["components"]["tags"].values():
        assert_keys("tag", tag)


def test_every_reference_resolves_and_every_object_is_referenced() -> None:
    found = set(references(DOCUMENT))
    inner = {reference for reference in found if reference.startswith("#/")}
    assert all(isinstance(resolved(reference), dict) for reference in inner)
    assert found - inner == {
        f"{name}.schema.json" for name in ("read", "alert", "match", "verdict", "hit", "lookedback")
    } and found - inner <= set(build_schemas())
    assert inner == {
        *(f"#/components/messages/{name}" for name in MESSAGES),
        *(f"#/components/tags/{name}" for name in DOCUMENT["components"]["tags"]),
        *(f"#/channels/{name}" for name in CHANNELS),
    }


def test_a_schema_file_has_the_same_meaning_in_draft_07() -> None:
    """AsyncAPI assumes that draft by default; there, keys next to `$ref` are ignored."""
    later_keywords = {
        "prefixItems",
        "dependentRequired",
        "dependentSchemas",
        "unevaluatedProperties",
        "$anchor",
    }
    later_keywords |= {"unevaluatedItems", "minContains", "maxContains", "$dynamicRef", "$recursiveRef"}

    def check(value: Any) -> None:
        if isinstance(value, dict):
            assert not later_keywords & value.keys()
            assert "$ref" not in value or set(value) <= {"$ref", "description", "default"}
            for key, part in value.items():
                if key != "examples":
                    check(part)
        elif isinstance(value, list):
            for part in value:
                check(part)

    for text in build_schemas().values():
        check(json.loads(text))
        Draft7Validator.check_schema(json.loads(text))


def test_addresses_and_configurations_are_those_of_the_topics() -> None:
    expected = {
        topic.name.replace(".BE", ".{country}"): topic.configs
        for topic in required_topics(TopicsConfig(reads_hours={"BE": 24}))
    }
    assert [channel["address"] for channel in CHANNELS.values()] == list(expected)
    for channel in CHANNELS.values():
        described = channel["bindings"]["kafka"]["topicConfiguration"]
        # Retention differs between installations, so the document does not give it.
        configs = expected[channel["address"]]
        fixed = {key: value for key, value in configs.items() if "retention.ms" not in key}
        assert {
            key: ",".join(value) if isinstance(value, list) else str(value)
            for key, value in described.items()
        } == fixed
        assert ("{country}" in channel["address"]) == ("parameters" in channel)


def test_the_schemas_of_keys_accept_the_keys_of_the_examples() -> None:
    example = {name.split(".")[0]: json.loads(text)["examples"][0] for name, text in build_schemas().items()}
    alert = "{list_id}/{alert_id}".format(**example["alert"])
    for name, key, wrong_key in (
        ("read", example["read"]["camera_id"], ""),
        ("alert", alert, "sis"),
        ("alertWithdrawn", alert, "a/"),
        ("match", alert, "/a"),
        ("lookedBack", alert, "sis"),
        ("hit", example["hit"]["hit_id"], "h1"),
        ("verdict", example["verdict"]["hit_id"], "F" * 32),
    ):
        schema = Draft7Validator(MESSAGES[name]["bindings"]["kafka"]["key"])
        assert schema.is_valid(key) and not schema.is_valid(wrong_key)


def test_every_header_of_a_dead_letter_of_the_worker_is_in_the_document() -> None:
    record = _Record(offset=7, timestamp=0, key=b"k", value=b"{}", headers=())
    letter = worker_dead_letter(
        "anpr.rejected", "anpr.reads.BE", 3, record, (Fault("plate", "must be text", ""),)
    )
    assert_dead_letter({name: text.decode() for name, text in letter.headers}, "match")


def test_every_header_of_a_dead_letter_of_the_gateway_is_in_the_document() -> None:
    event = Event(b"{}", 0, "application/json")
    error = EventError("plate", [Fault("plate", "must be text", "")])
    letter = gateway_dead_letter("anpr.rejected", "c1", event, [error])
    assert_dead_letter(dict(letter.headers), "gateway")


def assert_dead_letter(headers: dict[str, str], stage: Stage) -> None:
    """Assert that the document describes all of these headers and that none is missing."""
    schema = MESSAGES["rejectedRecord"]["headers"]
    Draft7Validator(schema).validate(headers)
    assert set(headers) <= set(schema["properties"])
    assert headers[STAGE_HEADER] == stage
    described = schema["properties"][STAGE_HEADER]["description"]
    assert all(f"`{name}`" in described for name in STAGES)


def test_each_role_sends_and_receives_on_its_channels() -> None:
    channels: dict[tuple[str, str], set[str]] = {}
    for operation in DOCUMENT["operations"].values():
        role = operation["tags"][0]["$ref"].split("/")[-1]
        channel = operation["channel"]["$ref"].split("/")[-1]
        channels.setdefault((role, operation["action"]), set()).add(channel)
    assert channels == {
        ("gateway", "send"): {"reads", "rejected"},
        ("list-owner", "send"): {"alerts"},
        ("worker", "send"): {"matches", "hits", "rejected", "lookbacks"},
        ("worker", "receive"): {"reads", "alerts", "matches", "verdicts", "hits", "lookbacks"},
        ("centre", "send"): {"verdicts"},
        ("centre", "receive"): {"hits"},
        ("operator", "send"): {"lookbacks"},
        ("operator", "receive"): {"rejected"},
    }


def test_the_payload_files_are_next_to_the_document() -> None:
    folder = Path(__file__).parents[4] / "schemas"
    assert (folder / "asyncapi.json").is_file()
    external = {reference for reference in references(MESSAGES) if not reference.startswith("#/")}
    assert all((folder / reference).is_file() for reference in external)
