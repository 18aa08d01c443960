"""What the lists ask of their ids and of the centres."""

from collections.abc import Iterator
from typing import Final

from streams.settings import toml_format
from streams.settings.checks.check import Check, TomlValues, check_reference, section_entries
from streams.settings.validation import SettingFinding


def _check_slashes(values: TomlValues) -> Iterator[SettingFinding]:
    for name, _ in section_entries(values, "lists"):
        if "/" in name:
            advice = "the slash parts list and alert in the key <list_id>/<alert_id>"
            yield SettingFinding(
                ("lists", name), "its id holds no slash", toml_format.format_for_message(name), advice
            )


def _check_audiences(values: TomlValues) -> Iterator[SettingFinding]:
    for name, policy in section_entries(values, "lists"):
        audience = policy.get("audience")
        for index, centre in enumerate(audience if isinstance(audience, list) else ()):
            yield from check_reference(values, "centres", centre, ("lists", name, "audience", index))


LISTS: Final = (
    Check(
        "The id of a list holds no slash, for the key of an alert is `<list_id>/<alert_id>`.", _check_slashes
    ),
    Check("The `audience` of a list names only centres in `[centres.<id>]`.", _check_audiences),
)
