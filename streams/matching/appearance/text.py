"""Sentences for officers about the appearance of a vehicle."""

from typing import Final

from streams.matching.appearance.names import Attribute, AttributeName

_MAX_ONE_IN: Final = 1000
"""Rarer than one in this many is not given as a number: no error rate is known that precisely."""


def agreement_text(attribute: Attribute, name: AttributeName, share: float, *, among_similar: bool) -> str:
    """Describe an attribute read as listed; `share`, 0 to 1, of the vehicles are read that way.

    `among_similar`: only of those vehicles that agree with the read in the attributes compared before.
    """
    vehicles = "such vehicles" if among_similar else "vehicles"
    return f"{attribute} read as {name.name}, as listed: {_frequency_text(share, vehicles)}"


def contradiction_text(
    attribute: Attribute, read: AttributeName, listed: AttributeName, chance: float
) -> str:
    """Describe an attribute not read as listed; `chance`, 0 to 1, of reading the listed one that way."""
    vehicles = listed.plural or f"{listed.name} vehicles"
    return f"{attribute} read as {read.name}, listed as {listed.name}: {_frequency_text(chance, vehicles)}"


def model_text(read: str, listed: str, *, agrees: bool) -> str:
    """Describe a model of a make that agrees."""
    if agrees:
        return f"model read as {read}, as listed"
    return f"model read as {read}, listed as {listed}: perhaps two names of one model"


def _frequency_text(share: float, vehicles: str) -> str:
    if share > 2 / 3:
        return f"most {vehicles} are read so"
    count = 1 / max(share, 1e-9)
    if count > _MAX_ONE_IN:
        return f"fewer than one in {_MAX_ONE_IN:,} {vehicles} is read so"
    step = 1 if count < 20 else 5 if count < 100 else 50
    return f"one in {max(2, step * round(count / step))} {vehicles} is read so"
