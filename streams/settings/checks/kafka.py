"""Checks of `[kafka]` and `[topics]`: their keys together and against other sections."""

from collections.abc import Iterator
from typing import Final

from streams.kafka.client import find_contradictions
from streams.settings.checks.check import Check, TomlValues, section_values
from streams.settings.model import Settings
from streams.settings.validation import SettingFinding

_MIN_HOURS: Final = (
    ("matches_hours", ("correlation", "kept_hours"), "the state is restored from the matches"),
    ("hits_hours", ("correlation", "kept_hours"), "the emitted revisions are restored from the hits"),
    ("verdicts_hours", ("correlation", "kept_hours"), "the verdicts on hits that are updated are restored"),
    ("withdrawn_hours", ("topics", "matches_hours"), "a restored match requires its alert's withdrawal"),
)
"""A key of `[topics]`, the section and key of its minimum, and the reason."""


def _check_kafka(values: TomlValues) -> Iterator[SettingFinding]:
    for fault in find_contradictions(section_values(values, "kafka")):
        yield SettingFinding(("kafka", fault.field), fault.rule, fault.value)


def _check_hours(values: TomlValues) -> Iterator[SettingFinding]:
    for key, (other_section, other_key), reason in _MIN_HOURS:
        hours = _configured_hours(values, "topics", key)
        min_hours = _configured_hours(values, other_section, other_key)
        if hours is not None and min_hours is not None and hours < min_hours:
            rule = f"must be at least `{other_key}` of [{other_section}] ({min_hours:g})"
            yield SettingFinding(("topics", key), rule, f"{hours:g}", reason)


def _configured_hours(values: TomlValues, section: str, key: str) -> float | None:
    """Return a number of hours, configured or default; None if it is of a wrong type."""
    table = values.get(section, {})
    default = getattr(getattr(Settings(), section), key)
    value = table.get(key, default) if isinstance(table, dict) else None
    return value if isinstance(value, int | float) else None


KAFKA: Final = (
    Check(
        "In `[kafka]`, `ca_file`, `cert_file`, `key_file` and `key_password_file` require a `security` of "
        "tls or sasl-tls; `cert_file` and `key_file` must be set together. A `security` of sasl-plaintext or "
        "sasl-tls requires a `mechanism`; no other allows one, and PLAIN and OAUTHBEARER require sasl-tls. "
        "PLAIN and SCRAM require `username`; OAUTHBEARER requires `token_url` and `client_id`; the keys of "
        "one are not allowed with another. `token_url` must be an https address without user and password.",
        _check_kafka,
    ),
    Check(
        "In `[topics]`, `matches_hours`, `hits_hours` and `verdicts_hours` must be at least `kept_hours` of "
        "`[correlation]`, and `withdrawn_hours` at least `matches_hours`, because the state is restored from "
        "these topics.",
        _check_hours,
    ),
)
