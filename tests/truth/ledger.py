"""The truth ledger: scores of all vehicles, summed up as numbers and as table rows."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import numpy as np

from tests.truth.arrivals import Arrival, ArrivalErrors, score_arrivals, summarize_errors
from tests.truth.completeness import score_completeness
from tests.truth.crossings import handovers_by_vehicle, score_crossings, score_foretold
from tests.truth.doubts import all_too_fast, score_doubts
from tests.truth.emitted import EmittedHits
from tests.truth.environment import TrafficEnvironment
from tests.truth.vehicles import group_by_vehicle

Row = tuple[str, str]
_NONE: Final = "–"
_FAR_AHEAD_MINUTES: Final = 20


class TruthLedger:
    """Sums over the vehicles of any number of environments.

    `counts` has the fields of `Completeness` by name, those of `CrossingScore`, `ForetoldScore` and
    `ArrivalScore` with the prefixes `crossings `, `ahead ` and `arrivals `, and those of `DoubtScore` with
    `copied ` or `alone `; reasons are as in `reasons: a clock`. `faults` describes unexplained differences,
    and `too_fast` all hits ever emitted with the doubt that two reads are too fast for one vehicle.
    """

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.faults: list[str] = []
        self.too_fast: list[str] = []
        self.arrivals: list[Arrival] = []
        self.foretold_minutes: list[float] = []

    def add(self, environment: TrafficEnvironment, emitted: EmittedHits) -> None:
        """Add all vehicles of an environment, given the hits emitted for it."""
        counts, network = self.counts, environment.network
        grouped = group_by_vehicle(environment, emitted)
        handovers = handovers_by_vehicle(emitted)
        counts["reads"] += len(environment.records)
        counts["matches"] += len(emitted.matches)
        counts["late"] += sum(match.read.retransmitted for match, _ in emitted.matches)
        counts["unmatched hits"] += grouped.unmatched_hits
        counts["vehicles"] += len(grouped.vehicles)
        for vehicle in grouped.vehicles:
            revisions = handovers.get(vehicle.key, ())
            completeness = score_completeness(environment, vehicle)
            crossings = score_crossings(environment, vehicle, revisions)
            foretold = score_foretold(environment, vehicle, revisions)
            arrivals = score_arrivals(vehicle)
            self._add_counts("", completeness._asdict())
            self._add_counts("crossings ", crossings._asdict())
            self._add_counts("ahead ", foretold._asdict())
            self._add_counts("arrivals ", arrivals._asdict())
            self.faults += completeness.faults + crossings.faults
            self.foretold_minutes += foretold.minutes
            self.arrivals += arrivals.arrivals
            doubts = score_doubts(environment, network, vehicle)
            prefix = "copied " if doubts.copied else "alone "
            self._add_counts(prefix, doubts._asdict())
            counts[f"{prefix}vehicles"] += 1
            counts["copied missed"] += doubts.detectable and not doubts.too_fast
            counts["copied found, not detectable"] += doubts.too_fast and not doubts.detectable
        self.too_fast += all_too_fast(environment, emitted)

    def merge(self, other: "TruthLedger") -> None:
        """Add the sums of another ledger."""
        self.counts.update(other.counts)
        self.faults += other.faults
        self.too_fast += other.too_fast
        self.arrivals += other.arrivals
        self.foretold_minutes += other.foretold_minutes

    def rows(self) -> list[Row]:
        """Return names and figures for a table."""
        return [
            *self._completeness_rows(),
            *self._crossing_rows(),
            *self._foretold_rows(),
            *self._arrival_rows(),
            *self._doubt_rows(),
        ]

    def _add_counts(self, prefix: str, values: dict[str, object]) -> None:
        for name, value in values.items():
            if isinstance(value, int):
                self.counts[prefix + name] += value
            elif isinstance(value, Counter):
                for reason, count in value.items():
                    self.counts[f"{prefix}{name}: {reason}"] += count

    def _completeness_rows(self) -> list[Row]:
        counts = self.counts
        journeys, passages = counts["journeys"], counts["passages"]
        return [
            ("vehicles listed", f"{counts['vehicles']:,}"),
            ("reads", f"{counts['reads']:,}"),
            ("passages", f"{passages:,}"),
            ("… lost: not read by a camera", _format_share(counts["lost"], passages)),
            ("… misread so that there was no hit", _format_share(counts["misread"], passages)),
            ("matched reads that arrived late", _format_share(counts["late"], counts["matches"])),
            ("journeys of two or more matched passages", f"{journeys:,}"),
            ("… complete: all sites, no others, in order", _format_share(counts["complete"], journeys)),
            ("… not, due to a wrong clock", _format_share(counts["reasons: a clock"], journeys)),
            ("… not, due to another vehicle", _format_share(counts["reasons: another vehicle"], journeys)),
            ("… not, due to a copied plate", _format_share(counts["reasons: a copy"], journeys)),
            (
                "… not, due to two passages within the gap",
                _format_share(counts["reasons: one passage"], journeys),
            ),
            ("… not, unexplained", f"{len(self.faults):,}"),
            ("passages with two hits, as two clocks differ", f"{counts['split']:,}"),
            ("neighbours in the wrong order, due to a clock", f"{counts['inverted']:,}"),
            ("false hits in journeys of others", f"{counts['foreign']:,}"),
            ("false hits elsewhere", f"{counts['unmatched hits']:,}"),
        ]

    def _crossing_rows(self) -> list[Row]:
        counts = self.counts
        crossings = counts["crossings crossings"]
        in_journey, in_handover = counts["crossings in_journey"], counts["crossings in_handover"]
        by_others = counts["crossings false: a copy"] + counts["crossings false: another vehicle"]
        return [
            ("borders crossed between two matched passages", f"{crossings:,}"),
            ("… in the journey", _format_share(in_journey, crossings)),
            ("… not, due to a clock, a false hit or a copy", f"{crossings - in_journey:,}"),
            ("… with a handover", _format_share(in_handover, crossings)),
            ("… not, as the reads arrived too late", f"{counts['crossings unreported: too late']:,}"),
            ("… not, as it had crossed again by then", f"{counts['crossings unreported: overtaken']:,}"),
            ("… not, as the read is too unlikely", f"{counts['crossings unreported: unlikely']:,}"),
            ("… not, due to a wrong clock", f"{counts['crossings unreported: a clock']:,}"),
            ("… not, due to a copied plate", f"{counts['crossings unreported: a copy']:,}"),
            ("false crossings, due to a wrong clock", f"{counts['crossings false: a clock']:,}"),
            ("… due to a copy or another vehicle", f"{by_others:,}"),
        ]

    def _foretold_rows(self) -> list[Row]:
        counts = self.counts
        handovers = counts["ahead handovers"]
        # Without next sites nothing is foretold.
        foretold = _format_share(counts["ahead foretold"], counts["ahead crossings"]) if handovers else _NONE
        return [
            ("crossings that could be foretold", f"{counts['ahead crossings']:,}"),
            ("… that were", foretold),
            ("… minutes ahead: p10, median, p90", _format_quantiles(self.foretold_minutes)),
            ("handovers before the crossing", f"{handovers:,}"),
            ("… followed by the crossing", _format_share(counts["ahead crossed"], handovers)),
            ("… at the named site", _format_share(counts["ahead at_site"], handovers)),
        ]

    def _arrival_rows(self) -> list[Row]:
        due, listed = self.counts["arrivals due"], self.counts["arrivals listed"]
        rows = [("the next site is listed", _format_share(listed, due) if listed else _NONE)]
        kinds: dict[str, Callable[[Arrival], bool]] = {
            "at the next site": lambda arrival: arrival.is_next_site,
            "at the next site, clock right": lambda arrival: arrival.is_next_site and arrival.is_clock_right,
            "at any listed site": lambda _: True,
            "of these, 20 minutes or more ahead": lambda arrival: arrival.minutes_ahead >= _FAR_AHEAD_MINUTES,
        }
        for name, is_of_kind in kinds.items():
            arrivals = [arrival for arrival in self.arrivals if is_of_kind(arrival)]
            rows += _error_rows(name, summarize_errors(arrivals) if arrivals else None)
        return rows

    def _doubt_rows(self) -> list[Row]:
        counts = self.counts
        detectable, copied = counts["copied detectable"], counts["copied copied"]
        return [
            ("vehicles with a matched copy", f"{copied:,}"),
            ("… two reliable reads too close for one vehicle", f"{detectable:,}"),
            ("… with the doubt too-fast", _format_share(detectable - counts["copied missed"], detectable)),
            ("… with that doubt without such reads", f"{counts['copied found, not detectable']:,}"),
            ("… with the doubt looks", _format_share(counts["copied looks"], copied)),
            ("vehicles without a copy, with the doubt too-fast", f"{counts['alone too_fast']:,}"),
            ("… with the doubt looks", _format_share(counts["alone looks"], counts["alone vehicles"])),
        ]


def side_by_side(ledgers: Iterable[TruthLedger]) -> list[Sequence[str]]:
    """Return the rows of several ledgers, a column each."""
    columns = [ledger.rows() for ledger in ledgers]
    return [(rows[0][0], *(figure for _, figure in rows)) for rows in zip(*columns, strict=True)]


def _error_rows(name: str, errors: ArrivalErrors | None) -> list[Row]:
    minutes = share = in_window = delay = _NONE
    if errors is not None:
        minutes = "{:.2f}, {:.2f}".format(*errors.minutes)
        share = "{:.1%}, {:.1%}".format(*errors.share)
        in_window, delay = f"{errors.in_window_share:.2%}", f"{errors.median_delay_minutes:+.2f}"
    return [
        (f"arrival {name}: error in minutes, median and p90", minutes),
        ("… as a share of the time there, median and p90", share),
        ("… in the arrival window", in_window),
        ("… median delay in minutes", delay),
    ]


def _format_share(part: int, whole: int) -> str:
    return f"{part:,} ({part / whole:.2%})" if whole else _NONE


def _format_quantiles(minutes: Sequence[float]) -> str:
    if not minutes:
        return _NONE
    return ", ".join(f"{quantile:.0f}" for quantile in np.quantile(minutes, [0.1, 0.5, 0.9]))
