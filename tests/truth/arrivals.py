"""How well the sites ahead are told: which, and when the vehicle is there."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from streams.records.journey import NextSite
from streams.records.times import MINUTE_MS, to_ms
from streams.simulation.truth import TruePassage
from tests.truth.vehicles import GOOD_CLOCK_MS, Vehicle


class Arrival(NamedTuple):
    """One arrival told and the true one, in minutes.

    `after` is the true time from the passage of the hit to the arrival, `error` how much later than expected
    it was, `inside` whether it was within the window told, `next` whether it was at the next site on the way,
    `clock` whether the camera's clock was right.
    """

    minutes_ahead: float
    error_minutes: float
    in_window: bool
    is_next_site: bool
    is_clock_right: bool


class ArrivalScore(NamedTuple):
    """What the hits of one vehicle tell of its arrivals.

    `asked` hits are those after which the vehicle went on to another site on the same trip; of `told` that
    site is among those told.
    """

    asked: int
    told: int
    found: list[Arrival]


class ArrivalErrors(NamedTuple):
    """How wrong expected arrivals are: median and 90th percentile of the error's size, in minutes and as a
    share of the time from the hit's passage to the arrival; the share of arrivals within the window told; the
    median of the error itself, in minutes: above 0 where vehicles come later."""

    arrivals: int
    minutes: tuple[float, float]
    share: tuple[float, float]
    in_window_share: float
    median_delay_minutes: float


def score_arrivals(vehicle: Vehicle) -> ArrivalScore:
    """What the standing hits of a vehicle tell of its arrivals, beside the truth."""
    place = {each.passage_id: number for number, each in enumerate(vehicle.true_passages)}
    asked = told = 0
    found: list[Arrival] = []
    for each in vehicle.active_hits:
        if not vehicle.is_own(each.truth) or each.hit.journey is None:
            continue
        number = place[each.truth.passage_id]
        here = vehicle.true_passages[number]
        ahead = {site.site_id: site for site in each.hit.journey.next}
        clock = abs(each.captured_ms - to_ms(each.truth.passed_at)) < GOOD_CLOCK_MS
        first = True
        for true in vehicle.true_passages[number + 1 :]:
            if true.trip_id != here.trip_id:
                break
            site = ahead.pop(true.site_id, None)
            asked += first
            told += first and site is not None
            if site is not None:
                found.append(_build_arrival(here, true, site, first, clock))
            first = False
    return ArrivalScore(asked, told, found)


def summarize_errors(arrivals: Iterable[Arrival]) -> ArrivalErrors:
    """How wrong expected arrivals are, all in all."""
    its = list(arrivals)
    error = np.array([each.error_minutes for each in its])
    size, share = np.abs(error), np.abs(error) / np.array([each.minutes_ahead for each in its])
    return ArrivalErrors(
        len(its),
        (float(np.median(size)), float(np.quantile(size, 0.9))),
        (float(np.median(share)), float(np.quantile(share, 0.9))),
        float(np.mean([each.in_window for each in its])),
        float(np.median(error)),
    )


def _build_arrival(here: TruePassage, true: TruePassage, site: NextSite, first: bool, clock: bool) -> Arrival:
    after = (to_ms(true.passed_at) - to_ms(here.passed_at)) / MINUTE_MS
    error = (to_ms(true.passed_at) - to_ms(site.expected)) / MINUTE_MS
    return Arrival(after, error, site.earliest <= true.passed_at <= site.latest, first, clock)
