"""The account of all vehicles: what was told of their journeys, beside the truth, as numbers and as rows."""

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


class TruthLedger:
    """Sums over the vehicles of any number of grounds.

    `counts` has the numbers of `Wholeness`, `Crossed`, `Ahead`, `Arrivals` and `Doubted` by name, reasons as
    in `whole: a clock`. `faults` is what is not as it must be, and `too_fast` all tellings ever of two reads
    that are too fast for one vehicle, both in words.
    """

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.faults: list[str] = []
        self.too_fast: list[str] = []
        self.arrivals: list[Arrival] = []
        self.foretold_minutes: list[float] = []

    def add(self, environment: TrafficEnvironment, emitted: EmittedHits) -> None:
        """Adds all vehicles of a ground, and what was told of them."""
        counts, network = self.counts, environment.network
        its = group_by_vehicle(environment, emitted)
        moves = handovers_by_vehicle(emitted)
        counts["reads"] += len(environment.records)
        counts["matches"] += len(emitted.matches)
        counts["late"] += sum(each.match.read.retransmitted for each in emitted.matches)
        counts["of none"] += its.unmatched_hits
        counts["vehicles"] += len(its.vehicles)
        for each in its.vehicles:
            revisions = moves.get(each.key, ())
            whole = score_completeness(environment, each)
            crossings = score_crossings(environment, each, revisions)
            heading = score_foretold(environment, each, revisions)
            there = score_arrivals(each)
            self._add_counts("", whole._asdict())
            self._add_counts("crossed ", crossings._asdict())
            self._add_counts("ahead ", heading._asdict())
            self._add_counts("arrivals ", there._asdict())
            self.faults += whole.faults + crossings.faults
            self.foretold_minutes += heading.minutes
            self.arrivals += there.found
            doubts = score_doubts(environment, network, each)
            kind = "copied " if doubts.copied else "alone "
            self._add_counts(kind, doubts._asdict())
            counts[f"{kind}vehicles"] += 1
            counts["copied missed"] += doubts.possible and not doubts.too_fast
            counts["copied found, not possible"] += doubts.too_fast and not doubts.possible
        self.too_fast += all_too_fast(environment, emitted)

    def merge(self, other: "TruthLedger") -> None:
        """Adds what another account has."""
        self.counts.update(other.counts)
        self.faults += other.faults
        self.too_fast += other.too_fast
        self.arrivals += other.arrivals
        self.foretold_minutes += other.foretold_minutes

    def _add_counts(self, prefix: str, values: dict[str, object]) -> None:
        for name, value in values.items():
            if isinstance(value, int):
                self.counts[prefix + name] += value
            elif isinstance(value, Counter):
                for reason, count in value.items():
                    self.counts[f"{prefix}{name}: {reason}"] += count

    def rows(self) -> list[Row]:
        """Names and figures, for a table."""
        its = self.counts
        return [
            *self._completeness_rows(its),
            *self._border_rows(its),
            *self._arrival_rows(its),
            *self._clone_rows(its),
        ]

    def _completeness_rows(self, counts: Counter[str]) -> list[Row]:
        journeys = counts["journeys"]
        return [
            ("vehicles listed", f"{counts['vehicles']:,}"),
            ("reads", f"{counts['reads']:,}"),
            ("passages", f"{counts['passages']:,}"),
            ("… lost: no camera read them", _format_share(counts["lost"], counts["passages"])),
            ("… read, but misread so that no hit came", _format_share(counts["misread"], counts["passages"])),
            ("reads matched that came late", _format_share(counts["late"], counts["matches"])),
            ("journeys of two or more matched passages", f"{journeys:,}"),
            ("… told whole: each site, none other, in order", _format_share(counts["whole"], journeys)),
            ("… not, by a clock that is wrong", _format_share(counts["reasons: a clock"], journeys)),
            (
                "… not, by a false hit of another vehicle",
                _format_share(counts["reasons: another vehicle"], journeys),
            ),
            ("… not, by a copy of the plate on the road", _format_share(counts["reasons: a copy"], journeys)),
            (
                "… not, for two passages were within the gap",
                _format_share(counts["reasons: one passage"], journeys),
            ),
            ("… not, and nothing explains it", f"{len(self.faults):,}"),
            ("passages told twice, two clocks apart", f"{counts['twice']:,}"),
            ("neighbours in the wrong order, by a clock", f"{counts['inverted']:,}"),
            ("false hits in journeys of others", f"{counts['foreign']:,}"),
            ("false hits elsewhere", f"{counts['of none']:,}"),
        ]

    def _border_rows(self, counts: Counter[str]) -> list[Row]:
        crossings = counts["crossed crossings"]
        minutes = self.foretold_minutes
        invented = counts["crossed invented: a copy"] + counts["crossed invented: another vehicle"]
        # Where no sites ahead are told, none of it is asked.
        foretold = (
            _format_share(counts["ahead foretold"], counts["ahead crossings"])
            if counts["ahead told"]
            else _NONE
        )
        return [
            ("borders crossed between two matched passages", f"{crossings:,}"),
            ("… told by the journey", _format_share(counts["crossed told"], crossings)),
            ("… not, by a clock, a false hit or a copy", f"{crossings - counts['crossed told']:,}"),
            ("… told by a handover", _format_share(counts["crossed handed"], crossings)),
            ("… not, for the reads came too late", f"{counts['crossed unsaid: too late']:,}"),
            ("… not, for it had crossed again by then", f"{counts['crossed unsaid: overtaken']:,}"),
            ("… not, for the read is too doubtful", f"{counts['crossed unsaid: unlikely']:,}"),
            ("… not, by a clock that is wrong", f"{counts['crossed unsaid: a clock']:,}"),
            ("… not, by a copy of the plate on the road", f"{counts['crossed unsaid: a copy']:,}"),
            ("crossings told that were none, by a clock", f"{counts['crossed invented: a clock']:,}"),
            ("… by a copy or another vehicle", f"{invented:,}"),
            ("crossings that could be foretold", f"{counts['ahead crossings']:,}"),
            ("… were, before it was there", foretold),
            ("… minutes before: p10, median, p90", _format_quantiles(minutes)),
            ("handovers told ahead", f"{counts['ahead told']:,}"),
            (
                "… came true: it crossed that border",
                _format_share(counts["ahead came"], counts["ahead told"]),
            ),
            ("… at the very site told", _format_share(counts["ahead at_site"], counts["ahead told"])),
        ]

    def _arrival_rows(self, counts: Counter[str]) -> list[Row]:
        told = (
            _format_share(counts["arrivals told"], counts["arrivals asked"])
            if counts["arrivals told"]
            else _NONE
        )
        rows = [("the next site is among those told", told)]
        kinds: dict[str, Callable[[Arrival], bool]] = {
            "at the next site": lambda each: each.is_next_site,
            "at the next site, clock right": lambda each: each.is_next_site and each.is_clock_right,
            "at all told that it came to": lambda _: True,
            "of these, 20 minutes or more ahead": lambda each: each.minutes_ahead >= _FAR_AHEAD_MINUTES,
        }
        for name, chosen in kinds.items():
            found = [each for each in self.arrivals if chosen(each)]
            rows += _error_rows(name, summarize_errors(found) if found else None)
        return rows

    def _clone_rows(self, counts: Counter[str]) -> list[Row]:
        possible, copied, alone = counts["copied possible"], counts["copied copied"], counts["alone vehicles"]
        return [
            ("vehicles with a copy that was matched too", f"{copied:,}"),
            ("… two sure reads too soon for one vehicle", f"{possible:,}"),
            ("… and told as too fast", _format_share(possible - counts["copied missed"], possible)),
            ("… told, though no such reads", f"{counts['copied found, not possible']:,}"),
            ("… told by looks", _format_share(counts["copied looks"], copied)),
            ("vehicles without a copy told as too fast", f"{counts['alone too_fast']:,}"),
            ("… told by looks: false", _format_share(counts["alone looks"], alone)),
        ]


_FAR_AHEAD_MINUTES: Final = 20


def side_by_side(accounts: Iterable[TruthLedger]) -> list[Sequence[str]]:
    """The rows of several accounts, a column each."""
    columns = [account.rows() for account in accounts]
    return [(rows[0][0], *(figure for _, figure in rows)) for rows in zip(*columns, strict=True)]


def _error_rows(name: str, found: ArrivalErrors | None) -> list[Row]:
    size = share = inside = later = _NONE
    if found is not None:
        size = "{:.2f}, {:.2f}".format(*found.minutes)
        share = "{:.1%}, {:.1%}".format(*found.share)
        inside, later = f"{found.in_window_share:.2%}", f"{found.median_delay_minutes:+.2f}"
    return [
        (f"arrival {name}: minutes off, median and p90", size),
        ("… as a share of the time there, median and p90", share),
        ("… inside the window told", inside),
        ("… later than told, median minutes", later),
    ]


def _format_share(part: int, whole: int) -> str:
    return f"{part:,} ({part / whole:.2%})" if whole else _NONE


def _format_quantiles(minutes: Sequence[float]) -> str:
    if not minutes:
        return _NONE
    return ", ".join(f"{each:.0f}" for each in np.quantile(minutes, [0.1, 0.5, 0.9]))
