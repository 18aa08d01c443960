"""Vehicles: plates of their country's fleet, a home, and looks."""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.plates.fleets import Fleets, PlateBlock
from streams.plates.formats import Formats, builtin_formats
from streams.plates.normal_form import MAX_LENGTH
from streams.simulation.appearance import AppearanceTable, VehicleAppearance, sample_appearance
from streams.simulation.roads import Roads

Texts = NDArray[np.uint8]
"""n texts of up to 12 characters (uint8, n × 12): ASCII, zeros behind the last."""
_MAX_ATTEMPTS: Final = 100


class Vehicles(NamedTuple):
    """n vehicles. `country` (uint8) is a place in `Roads.traffic`, `home` (intp) one in its sites."""

    plate: Texts
    country: NDArray[np.uint8]
    home: NDArray[np.intp]
    appearance: VehicleAppearance


def sample_vehicles(
    rng: np.random.Generator, count: int, roads: Roads, fleets: Fleets, table: AppearanceTable
) -> Vehicles:
    """Vehicles of the traffic's countries; no two of one country have one plate.

    Raises ValueError if a country has not so many plates.
    """
    names = list(roads.traffic)
    shares = np.array(list(roads.traffic.values()))
    country = rng.choice(len(names), count, p=shares / shares.sum()).astype(np.uint8)
    plate = np.zeros((count, MAX_LENGTH), dtype=np.uint8)
    home = np.zeros(count, dtype=np.intp)
    for place, name in enumerate(names):
        rows = np.flatnonzero(country == place)
        plate[rows] = sample_plates(rng, len(rows), name, fleets)
        parts = np.array([site.homes.get(name, 0.0) for site in roads.sites])
        home[rows] = rng.choice(len(parts), len(rows), p=parts / parts.sum())
    return Vehicles(plate, country, home, sample_appearance(rng, table, country, names))


def sample_plates(rng: np.random.Generator, count: int, country: str, fleets: Fleets) -> Texts:
    """Plates of a country's fleet, all different, each possible as the formats have it.

    Raises ValueError if there are not so many.
    """
    blocks = [block for length in range(1, MAX_LENGTH + 1) for block in fleets.blocks(country, length)]
    never = _excluded_patterns(blocks, country, builtin_formats())
    found = np.zeros((count, MAX_LENGTH), dtype=np.uint8)
    wanted = np.arange(count)
    for _ in range(_MAX_ATTEMPTS):
        found[wanted], bad = _sample_texts(rng, len(wanted), blocks, never)
        again = np.zeros(count, dtype=bool)
        again[wanted[bad]] = True
        # Of those that are the same the first stays.
        again |= ~_is_first(found)
        wanted = np.flatnonzero(again)
        if not len(wanted):
            return found
    raise ValueError(f"{country} has too few plates for {count:,} vehicles")


def _sample_texts(
    rng: np.random.Generator,
    count: int,
    blocks: Sequence[PlateBlock],
    excluded: Sequence[re.Pattern[bytes] | None],
) -> tuple[Texts, NDArray[np.bool_]]:
    """Plates, and which of them the formats shut out."""
    shares = np.array([block.share for block in blocks])
    kinds = rng.choice(len(blocks), count, p=shares / shares.sum())
    found = np.zeros((count, MAX_LENGTH), dtype=np.uint8)
    bad = np.zeros(count, dtype=bool)
    for kind in np.unique(kinds).tolist():
        rows = np.flatnonzero(kinds == kind)
        places = blocks[kind].allowed
        texts = np.full((len(rows), len(places) + 1), ord("\n"), dtype=np.uint8)
        for place, allowed in enumerate(places):
            chars = np.frombuffer(allowed.encode(), dtype=np.uint8)
            texts[:, place] = chars[rng.integers(0, len(chars), len(rows))]
        found[rows, : len(places)] = texts[:, :-1]
        pattern = excluded[kind]
        if pattern is not None:
            starts = [match.start() for match in pattern.finditer(texts.tobytes())]
            bad[rows[np.array(starts, dtype=np.intp) // texts.shape[1]]] = True
    return found, bad


def _excluded_patterns(
    blocks: Sequence[PlateBlock], country: str, formats: Formats
) -> list[re.Pattern[bytes] | None]:
    """For each block what its format shuts out, to be looked for in texts each of which ends a line."""
    of = {row.id: row.never for row in formats.rows if row.country == country}
    return [
        re.compile("|".join(of[block.format]).encode(), re.MULTILINE) if of[block.format] else None
        for block in blocks
    ]


def _is_first(texts: Texts) -> NDArray[np.bool_]:
    """Which rows are not the same as one before."""
    rows = np.ascontiguousarray(texts).view(np.dtype((np.void, texts.shape[1]))).ravel()
    first = np.zeros(len(rows), dtype=bool)
    first[np.unique(rows, return_index=True)[1]] = True
    return first
