"""A made-up world on one page: vehicles, passages, reads, alerts, and the truth about them."""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.confusions.model import ConfusionModel, builtin_models
from streams.plates.fleets import builtin_fleets
from streams.simulation.alert_lines import alert_keys, alert_lines, sample_alerts
from streams.simulation.appearance import VehicleAppearance, builtin_appearance, sample_observed
from streams.simulation.capture import sample_clock_offsets
from streams.simulation.column_types import Ints
from streams.simulation.jsonl_columns import ByteColumn, format_digits, frame_rows, mask_rows, text_table
from streams.simulation.measured_quality import builtin_measurements
from streams.simulation.misreads import QUALITIES
from streams.simulation.population import Region, sample_traffic
from streams.simulation.read_lines import (
    PassageColumns,
    ReadColumns,
    TruthColumns,
    passage_lines,
    read_lines,
    truth_lines,
)
from streams.simulation.recogniser import Recogniser
from streams.simulation.roads import build_cameras, builtin_roads
from streams.simulation.routes import builtin_routes
from streams.simulation.scenario import ALERTS, CAMERAS, READS, Scenario
from streams.simulation.settings_file import settings_text

BATCH_SIZE: Final = 5_000
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
    late_reads: int


class World:
    """Vehicles on the road for a while, cameras that see them, and lists that some of them are on.

    Without a model of misreads the general one that is shipped is taken. Raises ValueError if the fleets have
    too few plates for the scenario, or the cameras miss everything.
    """

    def __init__(self, scenario: Scenario, model: ConfusionModel | None = None) -> None:
        self.scenario = scenario
        self.roads = builtin_roads()
        self.cameras = build_cameras(self.roads)
        self.clock_offsets = sample_clock_offsets(scenario.rng(CAMERAS), len(self.cameras), scenario.rates)
        """How far ahead of time the clock of each camera is, ms (int64)."""
        self._appearance_table = builtin_appearance()
        region = Region(
            self.roads, builtin_routes(), builtin_fleets(), self._appearance_table, self.clock_offsets
        )
        self.traffic = sample_traffic(scenario, region)
        self._recogniser = Recogniser(model or builtin_models().general, builtin_measurements())
        rng = scenario.rng(ALERTS)
        self._alerts = sample_alerts(
            rng, self.traffic.vehicles.plate[self.traffic.sought], scenario.begin_ms, scenario.end_ms
        )
        self._described = rng.random(scenario.alerts) < scenario.rates.appearance_listed
        # What is written of each, to be looked up by number.
        self._countries = text_table(list(self.roads.traffic))
        self._country_fields = text_table([f',"country":"{name}"' for name in self.roads.traffic])
        self._camera_ids = text_table([camera.camera_id for camera in self.cameras])
        self._site_ids = text_table([site.id for site in self.roads.sites])
        self._qualities = text_table(QUALITIES)
        self._makes = text_table([f',"make":"{name}"' for name in self._appearance_table.make_names])
        self._colours = text_table([f',"colour":"{name}"' for name in self._appearance_table.colour_names])
        self._types = text_table([f',"type":"{name}"' for name in self._appearance_table.type_names])

    @property
    def config(self) -> str:
        """The settings for it, as TOML."""
        made = self.scenario
        about = (
            f"Made up by `anpr simulate --seed {made.seed}`: {made.reads:,} reads, {made.alerts:,} alerts."
        )
        return settings_text(self.roads, about)

    @property
    def summary(self) -> Summary:
        """What was made, in numbers."""
        vehicle = self.traffic.passages.vehicle[self.traffic.captures.passage]
        listed = self.traffic.alert_index[vehicle] >= 0
        return Summary(
            len(np.unique(vehicle)),
            len(np.unique(vehicle[listed])),
            int(listed.sum()),
            int(self.traffic.captures.late.sum()),
        )

    def alert_batches(self) -> Iterator[bytes]:
        """All alerts as JSON lines."""
        for start, stop in _batch_ranges(self.scenario.alerts):
            sought = self.traffic.sought[start:stop]
            yield alert_lines(
                self._alerts,
                start,
                stop,
                self._countries[self.traffic.vehicles.country[sought]],
                self._appearance_fields(self.traffic.vehicles.appearance.select(sought)),
                self._described[start:stop],
            )

    def passage_batches(self) -> Iterator[bytes]:
        """All passages in which a read may have been taken, trip by trip, as JSON lines (`TruePassage`).

        The traffic ends with the last passage of which there is a read.
        """
        its, read = self.traffic.passages, self.traffic.captures.passage
        there = np.zeros(len(its.site), dtype=bool)
        there[read] = True
        for start, stop in _batch_ranges(int(read.max(initial=-1)) + 1):
            rows = slice(start, stop)
            yield passage_lines(
                PassageColumns(
                    np.arange(start, stop),
                    its.vehicle[rows],
                    its.trip[rows],
                    self._site_ids[its.site[rows]],
                    self.scenario.begin_ms + its.passed_ms[rows],
                    there[rows],
                )
            )

    def read_batches(self) -> Iterator[Batch]:
        """All reads, in order of arrival."""
        for number, (start, stop) in enumerate(_batch_ranges(self.scenario.reads)):
            yield self._build_batch(self.scenario.rng(READS, number), start, stop)

    def _build_batch(self, rng: np.random.Generator, start: int, stop: int) -> Batch:
        scenario, its = self.scenario, self.traffic.vehicles
        reads = self.traffic.captures.select(np.arange(start, stop))
        vehicle = self.traffic.passages.vehicle[reads.passage]
        plate, looks = its.plate[vehicle], its.appearance.select(vehicle)
        quality = rng.choice(len(QUALITIES), stop - start, p=scenario.rates.mix).astype(np.uint8)
        said = self._recogniser.read(rng, plate, quality, scenario.detail == "full")
        seen, sure = self._observed_appearance(rng, looks)
        read_id = self._read_ids(start, stop)
        columns = ReadColumns(
            read_id,
            self._camera_ids[reads.camera],
            scenario.begin_ms + reads.captured_ms,
            self._country_column(rng, its.country[vehicle]),
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
            scenario.begin_ms + reads.passed_ms,
            reads.passage,
            self._appearance_fields(looks),
            self._alert_column(vehicle),
            self._clone_column(vehicle),
        )
        return Batch(stop - start, read_lines(columns, said, scenario.detail), truth_lines(truth))

    def _read_ids(self, start: int, stop: int) -> ByteColumn:
        """`s7-00000123`: the seed, and the place in the order of arrival."""
        seed = text_table([f"s{self.scenario.seed}-"]).repeat(stop - start, axis=0)
        return np.concatenate([seed, format_digits(np.arange(start, stop), 9)], axis=1)

    def _country_column(self, rng: np.random.Generator, true: NDArray[np.uint8]) -> ByteColumn:
        """The field `country`: right, another one, or none."""
        rates, count = self.scenario.rates, len(self.roads.traffic)
        seen = sample_observed(rng, true, [1.0] * count, rates.wrong_country)
        return mask_rows(rng.random(len(true)) >= rates.no_country, self._country_fields[seen])

    def _observed_appearance(
        self, rng: np.random.Generator, true: VehicleAppearance
    ) -> tuple[ByteColumn, NDArray[np.uint8]]:
        """The fields of the looks as the camera sees them, and its confidence in hundredths."""
        rates, names = self.scenario.rates, self._appearance_table
        seen = VehicleAppearance(
            sample_observed(rng, true.make, names.make_shares, rates.wrong_make),
            sample_observed(rng, true.colour, list(names.colours.shares.values()), rates.wrong_colour),
            sample_observed(rng, true.type, list(names.types.shares.values()), rates.wrong_type),
        )
        right = (seen.make == true.make) & (seen.colour == true.colour) & (seen.type == true.type)
        # Guesses: high where all is right, and often so where it is not.
        sure = np.where(right, rng.beta(12, 2, len(right)), rng.beta(5, 2, len(right)))
        told = rng.random(len(right)) >= rates.no_appearance
        return mask_rows(told, self._appearance_fields(seen)), np.rint(sure * 100).astype(np.uint8)

    def _appearance_fields(self, appearance: VehicleAppearance) -> ByteColumn:
        """The fields of looks, each with a comma before it."""
        return np.concatenate(
            [self._makes[appearance.make], self._colours[appearance.colour], self._types[appearance.type]],
            axis=1,
        )

    def _alert_column(self, vehicle: Ints) -> ByteColumn:
        """The field `alert` of the truth."""
        alert = self.traffic.alert_index[vehicle]
        listed = alert >= 0
        if not listed.any():
            return np.zeros((len(vehicle), 0), dtype=np.uint8)
        return frame_rows(b',"alert":"', alert_keys(self._alerts, np.maximum(alert, 0)), b'"', listed)

    def _clone_column(self, vehicle: Ints) -> ByteColumn:
        """The field `clone_of` of the truth."""
        of = self.traffic.clone_of[vehicle]
        if not (of >= 0).any():
            return np.zeros((len(vehicle), 0), dtype=np.uint8)
        return frame_rows(b',"clone_of":"v', format_digits(np.maximum(of, 0), 8), b'"', of >= 0)


def _batch_ranges(count: int) -> Iterator[tuple[int, int]]:
    return ((start, min(start + BATCH_SIZE, count)) for start in range(0, count, BATCH_SIZE))
