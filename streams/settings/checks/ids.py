"""What an id of any section is."""

from collections.abc import Iterator
from typing import Final

import msgspec

from streams.records.faults import faults_of
from streams.records.fields import Identifier
from streams.settings import written
from streams.settings.checks.check import Check, Values
from streams.settings.declared import form_of, words
from streams.settings.examine import Finding
from streams.settings.model import Settings


def _ids(values: Values) -> Iterator[Finding]:
    for field in msgspec.structs.fields(Settings):
        section = values.get(field.encode_name)
        if form_of(field.type) == "tables" and isinstance(section, dict):
            for name in section:
                if faults_of(Identifier, name):
                    rule = f"its id is {words(Identifier)}"
                    yield Finding((field.encode_name, name), rule, written.in_message(name))


IDS: Final = (Check(f"An id, in a header after the dot, is {words(Identifier)}.", _ids),)
