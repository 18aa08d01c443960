"""The account of all vehicles: what was told of their journeys, beside the truth, as numbers and as rows."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import numpy as np

from tests.truth.arrivals import Arrival, Errors, arrivals, errors
from tests.truth.completeness import wholeness
from tests.truth.crossings import ahead, crossed, handovers
from tests.truth.doubts import doubted, ever_too_fast
from tests.truth.emitted import Told
from tests.truth.environment import Ground
from tests.truth.vehicles import vehicles

Row = tuple[str, str]
_NONE: Final = "–"


class Account:
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
        self.minutes: list[float] = []

    def add(self, ground: Ground, told: Told) -> None:
        """Adds all vehicles of a ground, and what was told of them."""
        counts, network = self.counts, ground.network
        its = vehicles(ground, told)
        moves = handovers(told)
        counts["reads"] += len(ground.records)
        counts["matches"] += len(told.matches)
        counts["late"] += sum(each.match.read.retransmitted for each in told.matches)
        counts["of none"] += its.of_none
        counts["vehicles"] += len(its.vehicles)
        for each in its.vehicles:
            revisions = moves.get(each.key, ())
            whole = wholeness(ground, each)
            crossings = crossed(ground, each, revisions)
            heading = ahead(ground, each, revisions)
            there = arrivals(each)
            self._sum("", whole._asdict())
            self._sum("crossed ", crossings._asdict())
            self._sum("ahead ", heading._asdict())
            self._sum("arrivals ", there._asdict())
            self.faults += whole.faults + crossings.faults
            self.minutes += heading.minutes
            self.arrivals += there.found
            doubts = doubted(ground, network, each)
            kind = "copied " if doubts.copied else "alone "
            self._sum(kind, doubts._asdict())
            counts[f"{kind}vehicles"] += 1
            counts["copied missed"] += doubts.possible and not doubts.too_fast
            counts["copied found, not possible"] += doubts.too_fast and not doubts.possible
        self.too_fast += ever_too_fast(ground, told)

    def join(self, other: "Account") -> None:
        """Adds what another account has."""
        self.counts.update(other.counts)
        self.faults += other.faults
        self.too_fast += other.too_fast
        self.arrivals += other.arrivals
        self.minutes += other.minutes

    def _sum(self, what: str, found: dict[str, object]) -> None:
        for name, value in found.items():
            if isinstance(value, int):
                self.counts[what + name] += value
            elif isinstance(value, Counter):
                for reason, count in value.items():
                    self.counts[f"{what}{name}: {reason}"] += count

    def rows(self) -> list[Row]:
        """Names and figures, for a table."""
        its = self.counts
        return [*self._whole(its), *self._borders(its), *self._arrivals(its), *self._copies(its)]

    def _whole(self, its: Counter[str]) -> list[Row]:
        journeys = its["journeys"]
        return [
            ("vehicles listed", f"{its['vehicles']:,}"),
            ("reads", f"{its['reads']:,}"),
            ("passages", f"{its['passages']:,}"),
            ("… lost: no camera read them", _of(its["lost"], its["passages"])),
            ("… read, but misread so that no hit came", _of(its["misread"], its["passages"])),
            ("reads matched that came late", _of(its["late"], its["matches"])),
            ("journeys of two or more matched passages", f"{journeys:,}"),
            ("… told whole: each site, none other, in order", _of(its["whole"], journeys)),
            ("… not, by a clock that is wrong", _of(its["reasons: a clock"], journeys)),
            ("… not, by a false hit of another vehicle", _of(its["reasons: another vehicle"], journeys)),
            ("… not, by a copy of the plate on the road", _of(its["reasons: a copy"], journeys)),
            ("… not, for two passages were within the gap", _of(its["reasons: one passage"], journeys)),
            ("… not, and nothing explains it", f"{len(self.faults):,}"),
            ("passages told twice, two clocks apart", f"{its['twice']:,}"),
            ("neighbours in the wrong order, by a clock", f"{its['inverted']:,}"),
            ("false hits in journeys of others", f"{its['foreign']:,}"),
            ("false hits elsewhere", f"{its['of none']:,}"),
        ]

    def _borders(self, its: Counter[str]) -> list[Row]:
        crossings = its["crossed crossings"]
        minutes = self.minutes
        invented = its["crossed invented: a copy"] + its["crossed invented: another vehicle"]
        # Where no sites ahead are told, none of it is asked.
        foretold = _of(its["ahead foretold"], its["ahead crossings"]) if its["ahead told"] else _NONE
        return [
            ("borders crossed between two matched passages", f"{crossings:,}"),
            ("… told by the journey", _of(its["crossed told"], crossings)),
            ("… not, by a clock, a false hit or a copy", f"{crossings - its['crossed told']:,}"),
            ("… told by a handover", _of(its["crossed handed"], crossings)),
            ("… not, for the reads came too late", f"{its['crossed unsaid: too late']:,}"),
            ("… not, for it had crossed again by then", f"{its['crossed unsaid: overtaken']:,}"),
            ("… not, for the read is too doubtful", f"{its['crossed unsaid: unlikely']:,}"),
            ("… not, by a clock that is wrong", f"{its['crossed unsaid: a clock']:,}"),
            ("… not, by a copy of the plate on the road", f"{its['crossed unsaid: a copy']:,}"),
            ("crossings told that were none, by a clock", f"{its['crossed invented: a clock']:,}"),
            ("… by a copy or another vehicle", f"{invented:,}"),
            ("crossings that could be foretold", f"{its['ahead crossings']:,}"),
            ("… were, before it was there", foretold),
            ("… minutes before: p10, median, p90", _three(minutes)),
            ("handovers told ahead", f"{its['ahead told']:,}"),
            ("… came true: it crossed that border", _of(its["ahead came"], its["ahead told"])),
            ("… at the very site told", _of(its["ahead at_site"], its["ahead told"])),
        ]

    def _arrivals(self, its: Counter[str]) -> list[Row]:
        told = _of(its["arrivals told"], its["arrivals asked"]) if its["arrivals told"] else _NONE
        rows = [("the next site is among those told", told)]
        kinds: dict[str, Callable[[Arrival], bool]] = {
            "at the next site": lambda each: each.next,
            "at the next site, clock right": lambda each: each.next and each.clock,
            "at all told that it came to": lambda _: True,
            "of these, 20 minutes or more ahead": lambda each: each.after >= _AHEAD_MIN,
        }
        for name, chosen in kinds.items():
            found = [each for each in self.arrivals if chosen(each)]
            rows += _errors(name, errors(found) if found else None)
        return rows

    def _copies(self, its: Counter[str]) -> list[Row]:
        possible, copied, alone = its["copied possible"], its["copied copied"], its["alone vehicles"]
        return [
            ("vehicles with a copy that was matched too", f"{copied:,}"),
            ("… two sure reads too soon for one vehicle", f"{possible:,}"),
            ("… and told as too fast", _of(possible - its["copied missed"], possible)),
            ("… told, though no such reads", f"{its['copied found, not possible']:,}"),
            ("… told by looks", _of(its["copied looks"], copied)),
            ("vehicles without a copy told as too fast", f"{its['alone too_fast']:,}"),
            ("… told by looks: false", _of(its["alone looks"], alone)),
        ]


_AHEAD_MIN: Final = 20


def side_by_side(accounts: Iterable[Account]) -> list[Sequence[str]]:
    """The rows of several accounts, a column each."""
    columns = [account.rows() for account in accounts]
    return [(rows[0][0], *(figure for _, figure in rows)) for rows in zip(*columns, strict=True)]


def _errors(name: str, found: Errors | None) -> list[Row]:
    size = share = inside = later = _NONE
    if found is not None:
        size = "{:.2f}, {:.2f}".format(*found.minutes)
        share = "{:.1%}, {:.1%}".format(*found.share)
        inside, later = f"{found.inside:.2%}", f"{found.later:+.2f}"
    return [
        (f"arrival {name}: minutes off, median and p90", size),
        ("… as a share of the time there, median and p90", share),
        ("… inside the window told", inside),
        ("… later than told, median minutes", later),
    ]


def _of(part: int, whole: int) -> str:
    return f"{part:,} ({part / whole:.2%})" if whole else _NONE


def _three(minutes: Sequence[float]) -> str:
    if not minutes:
        return _NONE
    return ", ".join(f"{each:.0f}" for each in np.quantile(minutes, [0.1, 0.5, 0.9]))
