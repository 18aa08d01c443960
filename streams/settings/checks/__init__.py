"""What is wrong with the settings together: names that name nothing, and what this version refuses.

The checks read the file's values as `tomllib` gives them and pass over what is of a wrong type, so that a
fault in one section hides none in another. There is a module for each subject; `CHECKS` has them all.
"""

from collections.abc import Iterator
from typing import Final

from streams.settings.checks.cameras import CAMERAS
from streams.settings.checks.check import Check, TomlValues
from streams.settings.checks.handovers import HANDOVERS
from streams.settings.checks.ids import IDS
from streams.settings.checks.jurisdictions import JURISDICTIONS
from streams.settings.checks.kafka import KAFKA
from streams.settings.checks.lists import LISTS
from streams.settings.checks.network import NETWORK
from streams.settings.checks.operations import OPERATIONS
from streams.settings.validation import SettingFinding

CHECKS: Final = (*IDS, *KAFKA, *LISTS, *NETWORK, *CAMERAS, *JURISDICTIONS, *OPERATIONS, *HANDOVERS)

__all__ = ["CHECKS", "Check", "TomlValues", "run_checks"]


def run_checks(values: TomlValues) -> Iterator[SettingFinding]:
    """All findings of all checks in the values of a file."""
    for each in CHECKS:
        yield from each.find(values)
