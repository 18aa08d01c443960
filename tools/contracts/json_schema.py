"""JSON Schema files (2020-12) of the records, generated from their Structs.

Types and bounds come from the Structs. Added here is what the code checks beyond them and a schema can
express: the rule of a plate, and definitions shared by many properties. Patterns use only syntax that every
engine of regular expressions supports. `schemas/README.md` has what a schema cannot express.
"""

import inspect
import json
from typing import Any, Final, NamedTuple

import msgspec

from streams.plates.normal_form import LISTED_PATTERN, LITERAL_PATTERN, PLATE_PATTERN
from streams.records.countries import COUNTRIES
from streams.records.encode import encode
from streams.records.times import TIME_PATTERN
from tools.contracts.examples import ALERT, HIT, LOOKBACK_RUN, MATCH, READ, VERDICT, WITHDRAWAL

_VERSION: Final = 1
"""Part of each schema's id; rises when documents that were valid no longer are."""


class _PublicRecord(NamedTuple):
    title: str
    """The public name of the record; in lower case, that of its file and its id."""
    description: str
    example: msgspec.Struct


_PUBLIC_RECORDS: Final = (
    _PublicRecord(
        "Read",
        "One plate, read once by one camera. Topic anpr.reads.<country of the camera>, "
        "key camera_id. Written by gateways, read by workers.",
        READ,
    ),
    _PublicRecord(
        "Alert",
        "One vehicle or plate that a list asks for, in one version. Topic anpr.alerts, compacted, key "
        "<list_id>/<alert_id>. Written by the lists' owners, read by workers.",
        ALERT,
    ),
    _PublicRecord(
        "Withdrawal",
        "The end of an alert before its `valid_until`, in files. On Kafka it is a null value of the alert's "
        "key.",
        WITHDRAWAL,
    ),
    _PublicRecord(
        "Match",
        "One read that may be of the vehicle of one alert, and how the two agree. Topic anpr.matches, key "
        "<list_id>/<alert_id>. Written by workers, read by workers.",
        MATCH,
    ),
    _PublicRecord(
        "Hit",
        "What a police centre is notified of. Only the latest revision of a hit_id counts. Topic anpr.hits, "
        "key hit_id. Written by workers, read by the centres.",
        HIT,
    ),
    _PublicRecord(
        "Verdict",
        "A centre's judgement of a hit, given after a person looked at it. Topic anpr.verdicts, key hit_id. "
        "Written by the centres, read by workers.",
        VERDICT,
    ),
    _PublicRecord(
        "LookedBack",
        "A lookback for an alert, begun or done: where, by what authority, and with what result. Topic "
        "anpr.lookbacks, compacted, key <list_id>/<alert_id>. Written by workers and `anpr lookback`, read "
        "by workers.",
        LOOKBACK_RUN,
    ),
)

_DEFINITIONS: Final = {
    "LookbackRun": "LookedBack",
    "SearchedCountry": "LookedAt",
    "RefusedCountry": "NotLookedAt",
    "PassedSite": "Passed",
    "NextSite": "Next",
    "Retraction": "Withdrawn",
    "PlateCandidate": "Candidate",
}
"""Public names of the definitions whose Structs have another name in the code."""

_COUNTRY_CODES: Final = sorted(COUNTRIES)
_SHARED_DEFINITIONS: Final[dict[str, dict[str, Any]]] = {
    "Time": {
        "description": "An instant: RFC 3339 with a time zone, in the years 2000 to 2099; preferably in UTC "
        "with milliseconds.",
        "type": "string",
        "format": "date-time",
        "pattern": TIME_PATTERN,
    },
    # streams.records.alert refers to this name in `action`.
    "Territory": {
        "description": "`default`, or a country's code.",
        "anyOf": [{"const": "default"}, {"$ref": "#/$defs/Country"}],
    },
    "Country": {
        "description": "A country's code: ISO 3166-1 alpha-2 in upper case, and XK for Kosovo.",
        "enum": _COUNTRY_CODES,
    },
}
"""Definitions to which many properties refer; each may refer to those below it."""

_EXTRA_RULES: Final[dict[str, dict[str, dict[str, Any]]]] = {
    "Read": {"plate": {"pattern": PLATE_PATTERN}},
    "Alert": {"plate": {"pattern": LISTED_PATTERN, "allOf": [{"pattern": LITERAL_PATTERN}]}},
}
"""Rules by Struct and property that the code checks besides the types."""


def build_schemas() -> dict[str, str]:
    """Return file name and JSON text of the schema of each public record."""
    return {f"{_schema_name(public)}.schema.json": _build_schema(public) for public in _PUBLIC_RECORDS}


def field_schema(kind: Any) -> dict[str, Any]:
    """Return the schema of a field type by itself, for example that of a record's key."""
    (schema,), _ = msgspec.json.schema_components([kind])
    return schema


def _schema_name(public: _PublicRecord) -> str:
    return public.title.lower()


def _build_schema(public: _PublicRecord) -> str:
    kind = type(public.example)
    _, components = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    components = _with_public_names(components)
    defs: dict[str, Any] = {name: _simplify(schema) for name, schema in components.items()}
    for name in _EXTRA_RULES.keys() & defs.keys():
        for field, rules in _EXTRA_RULES[name].items():
            defs[name]["properties"][field].update(rules)
    for name, definition in _SHARED_DEFINITIONS.items():
        if f'"#/$defs/{name}"' in json.dumps(defs):
            defs[name] = definition
    root = defs.pop(public.title)
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:anpr-streams:{_schema_name(public)}:{_VERSION}",
        **root,
        "description": public.description,
        "examples": [json.loads(encode(public.example))],
        "$defs": dict(sorted(defs.items())),
    }
    return json.dumps(schema, indent=2) + "\n"


def _with_public_names(components: Any) -> Any:
    """Return components whose names, titles and references are the public ones."""
    text = json.dumps(components)
    for name, public_name in _DEFINITIONS.items():
        text = text.replace(f'"#/$defs/{name}"', f'"#/$defs/{public_name}"')
        text = text.replace(f'"title": "{name}"', f'"title": "{public_name}"')
    return {_DEFINITIONS.get(name, name): schema for name, schema in json.loads(text).items()}


def _simplify(schema: Any) -> Any:
    """Return a schema of msgspec with references to the shared definitions and with readable descriptions.

    The description of a property is moved to the property; of a Struct's docstring the first paragraph stays.
    """
    if isinstance(schema, list):
        return [_simplify(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("enum") == _COUNTRY_CODES:
        return {"$ref": "#/$defs/Country"}
    if schema.get("pattern") == TIME_PATTERN:
        return {**_pick_description(schema), "$ref": "#/$defs/Time"}
    tidy = {key: _simplify(value) for key, value in schema.items() if (key, value) != ("required", [])}
    if "properties" in tidy:
        tidy["description"] = " ".join(inspect.cleandoc(tidy["description"]).split("\n\n")[0].split())
    for part in tidy.get("anyOf", ()):
        tidy = {**_pick_description(part), **tidy}
        part.pop("description", None)
    return tidy


def _pick_description(schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": schema["description"]} if "description" in schema else {}
