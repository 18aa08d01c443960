"""What `[kafka]` and `[topics]` ask of their keys together and of other sections."""

from collections.abc import Iterator
from typing import Final

from streams.kafka.client import find_contradictions
from streams.settings.checks.check import Check, TomlValues
from streams.settings.model import Settings
from streams.settings.validation import SettingFinding


def _check_kafka(values: TomlValues) -> Iterator[SettingFinding]:
    section = values.get("kafka")
    for found in find_contradictions(section) if isinstance(section, dict) else ():
        yield SettingFinding(("kafka", found.field), found.rule, found.value)


def _check_hours(values: TomlValues) -> Iterator[SettingFinding]:
    for field, least, why in _MIN_HOURS:
        value, bound = _configured_hours(values, "topics", field), _configured_hours(values, *least)
        if value is not None and bound is not None and value < bound:
            name = f"[{least[0]}] {least[1]}"
            rule = f"is at least {name} ({bound:g}): {why}"
            yield SettingFinding(("topics", field), rule, f"{value:g}")


def _configured_hours(values: TomlValues, section: str, field: str) -> float | None:
    """A number of hours, set or by default; None for what is of a wrong type."""
    table = values.get(section, {})
    default = getattr(getattr(Settings(), section), field)
    value = table.get(field, default) if isinstance(table, dict) else None
    return value if isinstance(value, int | float) else None


_MIN_HOURS: Final = (
    ("matches_hours", ("correlation", "kept_hours"), "hits are kept up to date from the matches"),
    ("hits_hours", ("correlation", "kept_hours"), "what was told is read back from the hits"),
    ("verdicts_hours", ("correlation", "kept_hours"), "a verdict changes the hits that are kept up to date"),
    ("withdrawn_hours", ("topics", "matches_hours"), "a match must find that its alert was withdrawn"),
)
"""A key of `[topics]`, the section and key that it may not be less than, and why."""


KAFKA: Final = (
    Check(
        "In `[kafka]`, `ca_file`, `cert_file`, `key_file` and `key_password_file` go with a `security` of "
        "tls or sasl-tls; `cert_file` and `key_file` go together. `mechanism` goes with sasl-plaintext or "
        "sasl-tls, which require it; PLAIN and OAUTHBEARER only with sasl-tls. PLAIN and SCRAM require "
        "`username`, OAUTHBEARER `token_url` and `client_id`; the keys of the one are no keys of the other. "
        "`token_url` is an https address without a user or password in it.",
        _check_kafka,
    ),
    Check(
        "In `[topics]`, `matches_hours`, `hits_hours` and `verdicts_hours` are at least `kept_hours` of "
        "`[correlation]`, and `withdrawn_hours` is at least `matches_hours`: state is rebuilt from these "
        "topics.",
        _check_hours,
    ),
)
