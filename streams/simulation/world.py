"""A made-up world on one page: vehicles, passages, reads, alerts, and the truth about them."""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.confusions.model import Model, shipped_models
from streams.plates.fleets import shipped_fleets
from streams.simulation.alert_lines import alert_lines, alerts, keys
from streams.simulation.appearance import Looks, misseen, shipped_looks
from streams.simulation.capture import clocks
from streams.simulation.column_types import Ints
from streams.simulation.jsonl_columns import Bytes, digits, framed, table, where
from streams.simulation.measured_quality import shipped_measured
from streams.simulation.misreads import QUALITIES
from streams.simulation.population import traffic
from streams.simulation.read_lines import (
    PassageColumns,
    ReadColumns,
    TruthColumns,
    passage_lines,
    read_lines,
    truth_lines,
)
from streams.simulation.recogniser import Recogniser
from streams.simulation.roads import cameras_of, shipped_roads
from streams.simulation.routes import shipped_ways
from streams.simulation.scenario import ALERTS, CAMERAS, READS, Scenario
from streams.simulation.settings_file import config_text

BATCH: Final = 5_000
"""Reads, alerts or passages made at a time."""


class Batch(NamedTuple):
    """Some reads in the order in which they arrived, and the truth about each (`Truth`): JSON lines."""

    size: int
    reads: bytes
    truth: bytes


class Summary(NamedTuple):
    """What was made: vehicles read, those listed, reads of these, and reads that arrive late."""

    vehicles: int
    listed_vehicles: int
    listed_reads: int
    late: int


class World:
    """Vehicles on the road for a while, cameras that see them, and lists that some of them are on.

    Without a model of misreads the general one that is shipped is taken. Raises ValueError if the fleets have
    too few plates for the scenario, or the cameras miss everything.
    """

    def __init__(self, scenario: Scenario, model: Model | None = None) -> None:
        self.scenario = scenario
        self.roads = shipped_roads()
        self.cameras = cameras_of(self.roads)
        self.ahead = clocks(scenario.rng(CAMERAS), len(self.cameras), scenario.rates)
        """How far ahead of time the clock of each camera is, ms (int64)."""
        self._looks = shipped_looks()
        self.traffic = traffic(
            scenario, self.roads, shipped_ways(), shipped_fleets(), self._looks, self.ahead
        )
        self._recogniser = Recogniser(model or shipped_models().general, shipped_measured())
        rng = scenario.rng(ALERTS)
        self._alerts = alerts(
            rng, self.traffic.vehicles.plate[self.traffic.sought], scenario.begin_ms, scenario.end_ms
        )
        self._described = rng.random(scenario.alerts) < scenario.rates.looks_listed
        # What is written of each, to be looked up by number.
        self._countries = table(list(self.roads.traffic))
        self._country_fields = table([f',"country":"{name}"' for name in self.roads.traffic])
        self._camera_ids = table([camera.camera_id for camera in self.cameras])
        self._site_ids = table([site.id for site in self.roads.site])
        self._qualities = table(QUALITIES)
        self._makes = table([f',"make":"{name}"' for name in self._looks.make_names])
        self._colours = table([f',"colour":"{name}"' for name in self._looks.colour_names])
        self._types = table([f',"type":"{name}"' for name in self._looks.type_names])

    @property
    def config(self) -> str:
        """The settings for it, as TOML."""
        made = self.scenario
        about = (
            f"Made up by `anpr simulate --seed {made.seed}`: {made.reads:,} reads, {made.alerts:,} alerts."
        )
        return config_text(self.roads, about)

    @property
    def summary(self) -> Summary:
        """What was made, in numbers."""
        vehicle = self.traffic.passages.vehicle[self.traffic.captures.passage]
        listed = self.traffic.alert_of[vehicle] >= 0
        return Summary(
            len(np.unique(vehicle)),
            len(np.unique(vehicle[listed])),
            int(listed.sum()),
            int(self.traffic.captures.late.sum()),
        )

    def alert_batches(self) -> Iterator[bytes]:
        """All alerts as JSON lines."""
        for start, stop in _ranges(self.scenario.alerts):
            sought = self.traffic.sought[start:stop]
            yield alert_lines(
                self._alerts,
                start,
                stop,
                self._countries[self.traffic.vehicles.country[sought]],
                self._fields(self.traffic.vehicles.looks.take(sought)),
                self._described[start:stop],
            )

    def passage_batches(self) -> Iterator[bytes]:
        """All passages in which a read may have been taken, trip by trip, as JSON lines (`TruePassage`).

        The traffic ends with the last passage of which there is a read.
        """
        its, read = self.traffic.passages, self.traffic.captures.passage
        there = np.zeros(len(its.site), dtype=bool)
        there[read] = True
        for start, stop in _ranges(int(read.max(initial=-1)) + 1):
            rows = slice(start, stop)
            yield passage_lines(
                PassageColumns(
                    np.arange(start, stop),
                    its.vehicle[rows],
                    its.trip[rows],
                    self._site_ids[its.site[rows]],
                    self.scenario.begin_ms + its.at[rows],
                    there[rows],
                )
            )

    def batches(self) -> Iterator[Batch]:
        """All reads, in order of arrival."""
        for number, (start, stop) in enumerate(_ranges(self.scenario.reads)):
            yield self._batch(self.scenario.rng(READS, number), start, stop)

    def _batch(self, rng: np.random.Generator, start: int, stop: int) -> Batch:
        scenario, its = self.scenario, self.traffic.vehicles
        reads = self.traffic.captures.take(np.arange(start, stop))
        vehicle = self.traffic.passages.vehicle[reads.passage]
        plate, looks = its.plate[vehicle], its.looks.take(vehicle)
        quality = rng.choice(len(QUALITIES), stop - start, p=scenario.rates.mix).astype(np.uint8)
        said = self._recogniser.read(rng, plate, quality, scenario.told == "full")
        seen, sure = self._seen(rng, looks)
        read_id = self._read_ids(start, stop)
        columns = ReadColumns(
            read_id,
            self._camera_ids[reads.camera],
            scenario.begin_ms + reads.captured,
            self._country(rng, its.country[vehicle]),
            seen,
            sure,
            self.traffic.passages.kmh[reads.passage],
            reads.late,
        )
        truth = TruthColumns(
            read_id,
            vehicle,
            plate,
            self._countries[its.country[vehicle]],
            self._qualities[quality],
            self._site_ids[self.traffic.passages.site[reads.passage]],
            scenario.begin_ms + reads.at,
            reads.passage,
            self._fields(looks),
            self._alert(vehicle),
            self._clone_of(vehicle),
        )
        return Batch(stop - start, read_lines(columns, said, scenario.told), truth_lines(truth))

    def _read_ids(self, start: int, stop: int) -> Bytes:
        """`s7-00000123`: the seed, and the place in the order of arrival."""
        seed = table([f"s{self.scenario.seed}-"]).repeat(stop - start, axis=0)
        return np.concatenate([seed, digits(np.arange(start, stop), 9)], axis=1)

    def _country(self, rng: np.random.Generator, true: NDArray[np.uint8]) -> Bytes:
        """The field `country`: right, another one, or none."""
        rates, count = self.scenario.rates, len(self.roads.traffic)
        seen = misseen(rng, true, [1.0] * count, rates.wrong_country)
        return where(rng.random(len(true)) >= rates.no_country, self._country_fields[seen])

    def _seen(self, rng: np.random.Generator, true: Looks) -> tuple[Bytes, NDArray[np.uint8]]:
        """The fields of the looks as the camera sees them, and its confidence in hundredths."""
        rates, names = self.scenario.rates, self._looks
        seen = Looks(
            misseen(rng, true.make, names.make_shares, rates.wrong_make),
            misseen(rng, true.colour, list(names.colours.shares.values()), rates.wrong_colour),
            misseen(rng, true.type, list(names.types.shares.values()), rates.wrong_type),
        )
        right = (seen.make == true.make) & (seen.colour == true.colour) & (seen.type == true.type)
        # Guesses: high where all is right, and often so where it is not.
        sure = np.where(right, rng.beta(12, 2, len(right)), rng.beta(5, 2, len(right)))
        told = rng.random(len(right)) >= rates.no_looks
        return where(told, self._fields(seen)), np.rint(sure * 100).astype(np.uint8)

    def _fields(self, looks: Looks) -> Bytes:
        """The fields of looks, each with a comma before it."""
        return np.concatenate(
            [self._makes[looks.make], self._colours[looks.colour], self._types[looks.type]], axis=1
        )

    def _alert(self, vehicle: Ints) -> Bytes:
        """The field `alert` of the truth."""
        alert = self.traffic.alert_of[vehicle]
        listed = alert >= 0
        if not listed.any():
            return np.zeros((len(vehicle), 0), dtype=np.uint8)
        return framed(b',"alert":"', keys(self._alerts, np.maximum(alert, 0)), b'"', listed)

    def _clone_of(self, vehicle: Ints) -> Bytes:
        """The field `clone_of` of the truth."""
        of = self.traffic.clone_of[vehicle]
        if not (of >= 0).any():
            return np.zeros((len(vehicle), 0), dtype=np.uint8)
        return framed(b',"clone_of":"v', digits(np.maximum(of, 0), 8), b'"', of >= 0)


def _ranges(count: int) -> Iterator[tuple[int, int]]:
    return ((start, min(start + BATCH, count)) for start in range(0, count, BATCH))
