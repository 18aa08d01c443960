"""What a vehicle's looks say, in words that an officer reads."""

from typing import Final

from streams.matching.appearance.names import Named, What

_MOST_COUNTED: Final = 1000
"""One in more than this is not said as a number: no error rate is known so well."""


def as_listed(what: What, name: Named, share: float, *, among_such: bool) -> str:
    """Words for a property read as it is listed; `share` of the vehicles, 0 to 1, are read so.

    `among_such`: of those vehicles only that agree with the read in the properties weighed before.
    """
    vehicles = "such vehicles" if among_such else "vehicles"
    return f"{what} read as {name.name}, as listed: {_read_so(share, vehicles)}"


def not_as_listed(what: What, read: Named, listed: Named, chance: float) -> str:
    """Words for a property that is not read as listed; `chance`, 0 to 1, of reading the listed one so."""
    vehicles = listed.plural or f"{listed.name} vehicles"
    return f"{what} read as {read.name}, listed as {listed.name}: {_read_so(chance, vehicles)}"


def model_words(read: str, listed: str, *, agrees: bool) -> str:
    """Words for a model, within a make that agrees."""
    if agrees:
        return f"model read as {read}, as listed"
    return f"model read as {read}, listed as {listed}: perhaps two names of one model"


def _read_so(share: float, vehicles: str) -> str:
    if share > 2 / 3:
        return f"most {vehicles} are read so"
    count = 1 / max(share, 1e-9)
    if count > _MOST_COUNTED:
        return f"fewer than one in {_MOST_COUNTED:,} {vehicles} is read so"
    step = 1 if count < 20 else 5 if count < 100 else 50
    return f"one in {max(2, step * round(count / step))} {vehicles} is read so"
