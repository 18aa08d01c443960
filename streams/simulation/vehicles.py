"""Vehicles with a plate of their country's fleet, a home and an appearance."""

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
"""n texts of up to 12 characters (uint8, n × 12): ASCII, padded with zeros."""
_MAX_ATTEMPTS: Final = 100


class Vehicles(NamedTuple):
    """n vehicles. `country` (uint8) is an index in `Roads.traffic`, `home` (intp) one in `Roads.sites`."""

    plate: Texts
    country: NDArray[np.uint8]
    home: NDArray[np.intp]
    appearance: VehicleAppearance


def sample_vehicles(
    rng: np.random.Generator, count: int, roads: Roads, fleets: Fleets, table: AppearanceTable
) -> Vehicles:
    """Sample vehicles of the traffic's countries; the plates of a country are all different.

    Raises ValueError if a country has too few plates.
    """
    names = list(roads.traffic)
    shares = np.array(list(roads.traffic.values()))
    country = rng.choice(len(names), count, p=shares / shares.sum()).astype(np.uint8)
    plate = np.zeros((count, MAX_LENGTH), dtype=np.uint8)
    home = np.zeros(count, dtype=np.intp)
    for index, name in enumerate(names):
        rows = np.flatnonzero(country == index)
        plate[rows] = sample_plates(rng, len(rows), name, fleets)
        home_shares = np.array([site.homes.get(name, 0.0) for site in roads.sites])
        home[rows] = rng.choice(len(home_shares), len(rows), p=home_shares / home_shares.sum())
    return Vehicles(plate, country, home, sample_appearance(rng, table, country, names))


def sample_plates(rng: np.random.Generator, count: int, country: str, fleets: Fleets) -> Texts:
    """Sample plates of a country's fleet, all different and all possible in the country's formats.

    Raises ValueError if the country has too few plates.
    """
    blocks = [block for length in range(1, MAX_LENGTH + 1) for block in fleets.blocks(country, length)]
    excluded = _excluded_patterns(blocks, country, builtin_formats())
    plates = np.zeros((count, MAX_LENGTH), dtype=np.uint8)
    missing = np.arange(count)
    for _ in range(_MAX_ATTEMPTS):
        plates[missing], is_excluded = _sample_texts(rng, len(missing), blocks, excluded)
        rejected = np.zeros(count, dtype=bool)
        rejected[missing[is_excluded]] = True
        # Of equal plates the first is kept.
        rejected |= ~_is_first(plates)
        missing = np.flatnonzero(rejected)
        if not len(missing):
            return plates
    raise ValueError(f"{country} has too few plates for {count:,} vehicles")


def _sample_texts(
    rng: np.random.Generator,
    count: int,
    blocks: Sequence[PlateBlock],
    excluded: Sequence[re.Pattern[bytes] | None],
) -> tuple[Texts, NDArray[np.bool_]]:
    """Sample plates, not all different, and return a mask of those that the formats exclude."""
    shares = np.array([block.share for block in blocks])
    block_indices = rng.choice(len(blocks), count, p=shares / shares.sum())
    plates = np.zeros((count, MAX_LENGTH), dtype=np.uint8)
    is_excluded = np.zeros(count, dtype=bool)
    for block_index in np.unique(block_indices).tolist():
        rows = np.flatnonzero(block_indices == block_index)
        positions = blocks[block_index].allowed
        lines = np.full((len(rows), len(positions) + 1), ord("\n"), dtype=np.uint8)
        for position, allowed in enumerate(positions):
            chars = np.frombuffer(allowed.encode(), dtype=np.uint8)
            lines[:, position] = chars[rng.integers(0, len(chars), len(rows))]
        plates[rows, : len(positions)] = lines[:, :-1]
        pattern = excluded[block_index]
        if pattern is not None:
            starts = [match.start() for match in pattern.finditer(lines.tobytes())]
            is_excluded[rows[np.array(starts, dtype=np.intp) // lines.shape[1]]] = True
    return plates, is_excluded


def _excluded_patterns(
    blocks: Sequence[PlateBlock], country: str, formats: Formats
) -> list[re.Pattern[bytes] | None]:
    """Return a pattern for each block, matching the plates (one a line) that its format excludes."""
    never = {row.id: row.never for row in formats.rows if row.country == country}
    return [
        re.compile("|".join(never[block.format]).encode(), re.MULTILINE) if never[block.format] else None
        for block in blocks
    ]


def _is_first(texts: Texts) -> NDArray[np.bool_]:
    """Return a mask of the rows that differ from all rows before them."""
    rows = np.ascontiguousarray(texts).view(np.dtype((np.void, texts.shape[1]))).ravel()
    first = np.zeros(len(rows), dtype=bool)
    first[np.unique(rows, return_index=True)[1]] = True
    return first
