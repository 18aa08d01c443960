"""What an id of any section is."""

from collections.abc import Iterator
from typing import Final

import msgspec

from streams.records.faults import faults_of
from streams.records.types import Identifier
from streams.settings import toml_format
from streams.settings.checks.check import Check, Values
from streams.settings.model import Settings
from streams.settings.type_info import form_of, words
from streams.settings.validation import Finding


def _ids(values: Values) -> Iterator[Finding]:
    for field in msgspec.structs.fields(Settings):
        section = values.get(field.encode_name)
        if form_of(field.type) == "tables" and isinstance(section, dict):
            for name in section:
                if faults_of(Identifier, name):
                    rule = f"its id is {words(Identifier)}"
                    yield Finding((field.encode_name, name), rule, toml_format.in_message(name))


IDS: Final = (Check(f"An id, in a header after the dot, is {words(Identifier)}.", _ids),)
