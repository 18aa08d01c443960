"""Check of the ids of all sections."""

from collections.abc import Iterator
from typing import Final

import msgspec

from streams.records.faults import find_faults
from streams.records.types import Identifier
from streams.settings import toml_format
from streams.settings.checks.check import Check, TomlValues, section_values
from streams.settings.model import Settings
from streams.settings.type_info import describe_type, toml_form
from streams.settings.validation import SettingFinding


def _check_ids(values: TomlValues) -> Iterator[SettingFinding]:
    for field in msgspec.structs.fields(Settings):
        if toml_form(field.type) == "tables":
            for name in section_values(values, field.encode_name):
                if find_faults(Identifier, name):
                    rule = f"its id must be {describe_type(Identifier)}"
                    yield SettingFinding(
                        (field.encode_name, name), rule, toml_format.format_for_message(name)
                    )


IDS: Final = (Check(f"The id in the header of a section must be {describe_type(Identifier)}.", _check_ids),)
