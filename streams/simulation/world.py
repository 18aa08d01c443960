"""A simulated world: vehicles, passages, reads and alerts as JSON lines, and the truth about them."""

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
"""Number of reads, alerts or passages generated at a time."""


class Batch(NamedTuple):
    """Reads in order of arrival and the truth about each (`Truth`), as JSON lines."""

    size: int
    reads: bytes
    truth: bytes


class Summary(NamedTuple):
    """Numbers of vehicles read, listed ones among them, their reads, and reads that arrive late."""

    vehicles: int
    listed_vehicles: int
    listed_reads: int
    late_reads: int


class World:
    """Vehicles on the road, the cameras that read them, and the alert lists that some of them are on.

    Without a model of misreads the built-in general model is used. Raises ValueError if the fleets have too
    few plates for the scenario, or all passages are missed.
    """

    def __init__(self, scenario: Scenario, model: ConfusionModel | None = None) -> None:
        self.scenario = scenario
        self.roads = builtin_roads()
        self.cameras = build_cameras(self.roads)
        self.clock_offsets = sample_clock_offsets(scenario.rng(CAMERAS), len(self.cameras), scenario.rates)
        """Offset of each camera's clock in ms (int64), positive if it is ahead."""
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
        # Texts to be looked up by index.
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
        """The settings of the world, as TOML."""
        scenario = self.scenario
        counts = f"{scenario.reads:,} reads, {scenario.alerts:,} alerts"
        comment = f"Made up by `anpr simulate --seed {scenario.seed}`: {counts}."
        return settings_text(self.roads, comment)

    @property
    def summary(self) -> Summary:
        """The numbers of what was generated."""
        vehicle = self.traffic.passages.vehicle[self.traffic.captures.passage]
        listed = self.traffic.alert_index[vehicle] >= 0
        return Summary(
            len(np.unique(vehicle)),
            len(np.unique(vehicle[listed])),
            int(listed.sum()),
            int(self.traffic.captures.late.sum()),
        )

    def alert_batches(self) -> Iterator[bytes]:
        """Yield all alerts as JSON lines."""
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
        """Yield all passages, read or not, trip by trip, as JSON lines (`TruePassage`).

        They end with the last passage that was read.
        """
        passages, read_passages = self.traffic.passages, self.traffic.captures.passage
        is_read = np.zeros(len(passages.site), dtype=bool)
        is_read[read_passages] = True
        for start, stop in _batch_ranges(int(read_passages.max(initial=-1)) + 1):
            rows = slice(start, stop)
            yield passage_lines(
                PassageColumns(
                    np.arange(start, stop),
                    passages.vehicle[rows],
                    passages.trip[rows],
                    self._site_ids[passages.site[rows]],
                    self.scenario.begin_ms + passages.passed_ms[rows],
                    is_read[rows],
                )
            )

    def read_batches(self) -> Iterator[Batch]:
        """Yield all reads in order of arrival."""
        for index, (start, stop) in enumerate(_batch_ranges(self.scenario.reads)):
            yield self._build_batch(self.scenario.rng(READS, index), start, stop)

    def _build_batch(self, rng: np.random.Generator, start: int, stop: int) -> Batch:
        scenario, vehicles = self.scenario, self.traffic.vehicles
        reads = self.traffic.captures.select(np.arange(start, stop))
        vehicle = self.traffic.passages.vehicle[reads.passage]
        plate, appearance = vehicles.plate[vehicle], vehicles.appearance.select(vehicle)
        quality = rng.choice(len(QUALITIES), stop - start, p=scenario.rates.mix).astype(np.uint8)
        recognised = self._recogniser.read(rng, plate, quality, scenario.detail == "full")
        observed, confidence = self._observed_appearance(rng, appearance)
        read_id = self._read_ids(start, stop)
        columns = ReadColumns(
            read_id,
            self._camera_ids[reads.camera],
            scenario.begin_ms + reads.captured_ms,
            self._country_column(rng, vehicles.country[vehicle]),
            observed,
            confidence,
            self.traffic.passages.kmh[reads.passage],
            reads.late,
        )
        truth = TruthColumns(
            read_id,
            vehicle,
            plate,
            self._countries[vehicles.country[vehicle]],
            self._qualities[quality],
            self._site_ids[self.traffic.passages.site[reads.passage]],
            scenario.begin_ms + reads.passed_ms,
            reads.passage,
            self._appearance_fields(appearance),
            self._alert_column(vehicle),
            self._clone_column(vehicle),
        )
        return Batch(stop - start, read_lines(columns, recognised, scenario.detail), truth_lines(truth))

    def _read_ids(self, start: int, stop: int) -> ByteColumn:
        """Return ids such as `s7-000000123`: the seed, and the index in order of arrival."""
        seed = text_table([f"s{self.scenario.seed}-"]).repeat(stop - start, axis=0)
        return np.concatenate([seed, format_digits(np.arange(start, stop), 9)], axis=1)

    def _country_column(self, rng: np.random.Generator, true: NDArray[np.uint8]) -> ByteColumn:
        """Return the field `country`: right, wrong or empty."""
        rates, count = self.scenario.rates, len(self.roads.traffic)
        observed = sample_observed(rng, true, [1.0] * count, rates.wrong_country)
        return mask_rows(rng.random(len(true)) >= rates.no_country, self._country_fields[observed])

    def _observed_appearance(
        self, rng: np.random.Generator, true: VehicleAppearance
    ) -> tuple[ByteColumn, NDArray[np.uint8]]:
        """Return the fields of the appearance that the camera observes, and its confidence in hundredths."""
        rates, table = self.scenario.rates, self._appearance_table
        observed = VehicleAppearance(
            sample_observed(rng, true.make, table.make_shares, rates.wrong_make),
            sample_observed(rng, true.colour, list(table.colours.shares.values()), rates.wrong_colour),
            sample_observed(rng, true.type, list(table.types.shares.values()), rates.wrong_type),
        )
        right = (observed.make == true.make) & (observed.colour == true.colour) & (observed.type == true.type)
        # Guesses: high if all is right, and often also if it is not.
        confidence = np.where(right, rng.beta(12, 2, len(right)), rng.beta(5, 2, len(right)))
        is_reported = rng.random(len(right)) >= rates.no_appearance
        fields = mask_rows(is_reported, self._appearance_fields(observed))
        return fields, np.rint(confidence * 100).astype(np.uint8)

    def _appearance_fields(self, appearance: VehicleAppearance) -> ByteColumn:
        """Return the fields of appearances, each after a comma."""
        return np.concatenate(
            [self._makes[appearance.make], self._colours[appearance.colour], self._types[appearance.type]],
            axis=1,
        )

    def _alert_column(self, vehicle: Ints) -> ByteColumn:
        """Return the field `alert` of the truth."""
        alert = self.traffic.alert_index[vehicle]
        listed = alert >= 0
        if not listed.any():
            return np.zeros((len(vehicle), 0), dtype=np.uint8)
        return frame_rows(b',"alert":"', alert_keys(self._alerts, np.maximum(alert, 0)), b'"', listed)

    def _clone_column(self, vehicle: Ints) -> ByteColumn:
        """Return the field `clone_of` of the truth."""
        original = self.traffic.clone_of[vehicle]
        is_clone = original >= 0
        if not is_clone.any():
            return np.zeros((len(vehicle), 0), dtype=np.uint8)
        return frame_rows(b',"clone_of":"v', format_digits(np.maximum(original, 0), 8), b'"', is_clone)


def _batch_ranges(count: int) -> Iterator[tuple[int, int]]:
    return ((start, min(start + BATCH_SIZE, count)) for start in range(0, count, BATCH_SIZE))
