"""Checks of the settings together: references to unknown ids, and combinations that are not allowed.

The checks read the values of the file as `tomllib` returns them and skip those of a wrong type, so that a
fault in one section hides none in another. Each subject has a module; `CHECKS` has all checks.
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
    """Yield all findings of all checks in the values of a file."""
    for check in CHECKS:
        yield from check.find(values)
