"""The JSON Schema files of what travels (JSON Schema 2020-12), made from the records' declarations.

The types and bounds come from the Structs. What the code checks beyond them, and a schema can say, is added
here: the rule of a plate, and what many properties share as one definition. Patterns keep to what every
engine of regular expressions reads. What a schema cannot say is in `schemas/README.md`.
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
"""Part of each schema's id; rises when a document that was valid no longer is."""


class _PublicRecord(NamedTuple):
    title: str
    """The record's public name; in lower case, of its file and its id."""
    description: str
    example: msgspec.Struct


_PUBLIC_RECORDS: Final = (
    _PublicRecord(
        "Read",
        "One licence plate as one camera read it, once. Topic anpr.reads.<country of the camera>, "
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
        "The end of an alert before its time, in files. On Kafka it is the null value of the alert's key.",
        WITHDRAWAL,
    ),
    _PublicRecord(
        "Match",
        "One read that may be the vehicle of one alert, and how. Topic anpr.matches, key "
        "<list_id>/<alert_id>. Written by workers, read by workers.",
        MATCH,
    ),
    _PublicRecord(
        "Hit",
        "What a police centre is told. The latest revision of a hit_id is what holds. Topic anpr.hits, key "
        "hit_id. Written by workers, read by the centres.",
        HIT,
    ),
    _PublicRecord(
        "Verdict",
        "What a centre says of a hit, after a person looked at it. Topic anpr.verdicts, key hit_id. Written "
        "by the centres, read by workers.",
        VERDICT,
    ),
    _PublicRecord(
        "LookedBack",
        "That an alert is or was looked back for: where, by what right, and what came of it. Topic "
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
"""Public names of definitions whose Structs bear another name in the code; they stay as others know them."""

_COUNTRY_CODES: Final = sorted(COUNTRIES)
_SHARED_DEFINITIONS: Final[dict[str, dict[str, Any]]] = {
    "Time": {
        "description": "An instant: RFC 3339 with a zone, from 2000 to 2099; best in UTC with milliseconds.",
        "type": "string",
        "format": "date-time",
        "pattern": TIME_PATTERN,
    },
    # `action` in streams.records.alert refers to it by this name.
    "Territory": {
        "description": "`default`, or a country's code.",
        "anyOf": [{"const": "default"}, {"$ref": "#/$defs/Country"}],
    },
    "Country": {
        "description": "A country's code: ISO 3166-1 alpha-2 in upper case, and XK for Kosovo.",
        "enum": _COUNTRY_CODES,
    },
}
"""Definitions that many properties refer to; one may refer to those below it."""

_EXTRA_RULES: Final[dict[str, dict[str, dict[str, Any]]]] = {
    "Read": {"plate": {"pattern": PLATE_PATTERN}},
    "Alert": {"plate": {"pattern": LISTED_PATTERN, "allOf": [{"pattern": LITERAL_PATTERN}]}},
}
"""By Struct and property: what the code checks that the Struct's types do not say."""


def build_schemas() -> dict[str, str]:
    """File name to JSON text, of each record that others write or read."""
    return {f"{_schema_name(public)}.schema.json": _build_schema(public) for public in _PUBLIC_RECORDS}


def field_schema(kind: Any) -> dict[str, Any]:
    """The schema of a field's type that stands alone, such as a record's key."""
    (made,), _ = msgspec.json.schema_components([kind])
    return made


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
    """A schema of msgspec's, with what is shared referred to and descriptions for those who read the schema.

    That of a property stands at the property; of a Struct's docstring there is the first paragraph.
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
