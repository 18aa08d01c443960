"""What is wrong with the settings together: names that name nothing, and what this version refuses.

The checks read the file's values as `tomllib` gives them and pass over what is of a wrong type, so that a
fault in one section hides none in another.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final, NamedTuple
from zoneinfo import available_timezones

import msgspec

from streams.broker.connection import contradictions
from streams.records.faults import faults_of
from streams.records.fields import Identifier
from streams.settings import written
from streams.settings.declared import form_of, words
from streams.settings.examine import Finding, nearest
from streams.settings.model import Settings

Values = Mapping[str, object]


class Check(NamedTuple):
    """A rule in words, for the reference, and the function that finds what breaks it."""

    rule: str
    find: Callable[[Values], Iterator[Finding]]


def check(values: Values) -> Iterator[Finding]:
    """All findings of all checks in the values of a file."""
    for each in CHECKS:
        yield from each.find(values)


def _ids(values: Values) -> Iterator[Finding]:
    for field in msgspec.structs.fields(Settings):
        section = values.get(field.encode_name)
        if form_of(field.type) == "tables" and isinstance(section, dict):
            for name in section:
                if faults_of(Identifier, name):
                    rule = f"its id is {words(Identifier)}"
                    yield Finding((field.encode_name, name), rule, written.in_message(name))


def _kafka(values: Values) -> Iterator[Finding]:
    section = values.get("kafka")
    for found in contradictions(section) if isinstance(section, dict) else ():
        yield Finding(("kafka", found.field), found.rule, found.value)


def _slashes(values: Values) -> Iterator[Finding]:
    for name, _ in _tables(values, "lists"):
        if "/" in name:
            advice = "the slash parts list and alert in the key <list_id>/<alert_id>"
            yield Finding(("lists", name), "its id holds no slash", written.in_message(name), advice)


def _sites(values: Values) -> Iterator[Finding]:
    for name, camera in _tables(values, "cameras"):
        yield from _named(values, "sites", camera.get("site"), ("cameras", name, "site"))


def _senders(values: Values) -> Iterator[Finding]:
    """What a camera that sends to the gateway needs."""
    sites = dict(_tables(values, "sites"))
    kept = values.get("topics", {})
    hours = kept.get("reads_hours", {}) if isinstance(kept, dict) else {}
    for name, camera in _tables(values, "cameras"):
        zone = camera.get("zone")
        if isinstance(zone, str) and zone not in available_timezones():
            advice = nearest(zone, available_timezones())
            rule = "is the name of a zone as in the IANA time zone database"
            yield Finding(("cameras", name, "zone"), rule, written.in_message(zone), advice)
        if "maker" not in camera:
            continue
        site = camera.get("site")
        if not isinstance(site, str):
            rule = "goes with a `site`, whose `territory` says to which topic its reads go"
            yield Finding(("cameras", name, "maker"), rule, "")
        elif site in sites:
            country = sites[site].get("territory")
            if country is None:
                rule = f"is required, for the camera {name} sends to the topic of its country"
                yield Finding(("sites", site, "territory"), rule, "")
            elif isinstance(hours, dict) and country not in hours:
                rule = f"has a country in `reads_hours` of [topics], for the camera {name} sends to its topic"
                yield Finding(("sites", site, "territory"), rule, written.in_message(str(country)))


def _gateway(values: Values) -> Iterator[Finding]:
    section = values.get("gateway")
    given = section if isinstance(section, dict) else {}
    for name, other in (
        ("cert_file", "key_file"),
        ("key_file", "cert_file"),
        ("client_ca_file", "cert_file"),
    ):
        if name in given and other not in given:
            yield Finding(("gateway", name), f"needs `{other}`, which is missing", "")
    for name, camera in _tables(values, "cameras"):
        if camera.get("auth") == "certificate":
            if "client_ca_file" not in given:
                rule = "is certificate only where [gateway] has `client_ca_file`, which says who may sign it"
                yield Finding(("cameras", name, "auth"), rule, "")
            if "secret_file" in camera:
                rule = "goes with `auth` basic, digest or bearer, but `auth` is certificate"
                yield Finding(("cameras", name, "secret_file"), rule, "")


def _audiences(values: Values) -> Iterator[Finding]:
    for name, policy in _tables(values, "lists"):
        audience = policy.get("audience")
        for index, centre in enumerate(audience if isinstance(audience, list) else ()):
            yield from _named(values, "centres", centre, ("lists", name, "audience", index))


def _hours(values: Values) -> Iterator[Finding]:
    for field, least, why in _LEAST_HOURS:
        value, bound = _hours_of(values, "topics", field), _hours_of(values, *least)
        if value is not None and bound is not None and value < bound:
            name = f"[{least[0]}] {least[1]}"
            rule = f"is at least {name} ({bound:g}): {why}"
            yield Finding(("topics", field), rule, f"{value:g}")


def _hours_of(values: Values, section: str, field: str) -> float | None:
    """A number of hours, set or by default; None for what is of a wrong type."""
    table = values.get(section, {})
    default = getattr(getattr(Settings(), section), field)
    value = table.get(field, default) if isinstance(table, dict) else None
    return value if isinstance(value, int | float) else None


_LEAST_HOURS: Final = (
    ("matches_hours", ("correlation", "kept_hours"), "hits are kept up to date from the matches"),
    ("hits_hours", ("correlation", "kept_hours"), "what was told is read back from the hits"),
    ("verdicts_hours", ("correlation", "kept_hours"), "a verdict changes the hits that are kept up to date"),
    ("withdrawn_hours", ("topics", "matches_hours"), "a match must find that its alert was withdrawn"),
)
"""A key of `[topics]`, the section and key that it may not be less than, and why."""


def _named(values: Values, section: str, name: object, path: tuple[str | int, ...]) -> Iterator[Finding]:
    """A finding if a section does not have the name. A section that is no table has a fault of its own."""
    known = values.get(section, {})
    if not faults_of(Identifier, name) and isinstance(known, dict) and name not in known:
        advice = nearest(str(name), known) or f"add [{written.path((section, str(name)))}]"
        yield Finding(path, f"is an id in [{section}]", written.in_message(name), advice)


def _tables(values: Values, section: str) -> Iterator[tuple[str, Values]]:
    entries = values.get(section)
    for name, entry in entries.items() if isinstance(entries, dict) else ():
        yield name, entry if isinstance(entry, dict) else {}


CHECKS: Final = (
    Check(f"An id, in a header after the dot, is {words(Identifier)}.", _ids),
    Check(
        "In `[kafka]`, `ca_file`, `cert_file`, `key_file` and `key_password_file` go with a `security` of "
        "tls or sasl-tls; `cert_file` and `key_file` go together. `mechanism` goes with sasl-plaintext or "
        "sasl-tls, which require it; PLAIN and OAUTHBEARER only with sasl-tls. PLAIN and SCRAM require "
        "`username`, OAUTHBEARER `token_url` and `client_id`; the keys of the one are no keys of the other. "
        "`token_url` is an https address without a user or password in it.",
        _kafka,
    ),
    Check("The id of a list holds no slash, for the key of an alert is `<list_id>/<alert_id>`.", _slashes),
    Check(
        "In `[topics]`, `matches_hours`, `hits_hours` and `verdicts_hours` are at least `kept_hours` of "
        "`[correlation]`, and `withdrawn_hours` is at least `matches_hours`: state is rebuilt from these "
        "topics.",
        _hours,
    ),
    Check("The `site` of a camera names a site in `[sites.<id>]`.", _sites),
    Check(
        "A camera with a `maker` has a `site` with a `territory` that is in `reads_hours` of `[topics]`. Its "
        "`zone` is in the IANA time zone database.",
        _senders,
    ),
    Check(
        "In `[gateway]`, `cert_file` and `key_file` go together, and `client_ca_file` goes with them. A "
        "camera whose `auth` is certificate needs `client_ca_file`, and has no `secret_file`.",
        _gateway,
    ),
    Check("The `audience` of a list names only centres in `[centres.<id>]`.", _audiences),
)
