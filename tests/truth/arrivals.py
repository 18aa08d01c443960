"""Scores of next sites: whether the vehicle's next site is listed, and how accurate its arrival window is."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from streams.records.journey import NextSite
from streams.records.times import MINUTE_MS, to_ms
from streams.simulation.truth import TruePassage
from tests.truth.vehicles import GOOD_CLOCK_MS, Vehicle


class Arrival(NamedTuple):
    """One forecast arrival compared with the true one.

    `minutes_ahead` is the true time from the passage of the hit to the arrival, `delay_minutes` how much
    later than expected it was. `is_next_site` is False for sites after the next one; `is_clock_right` is of
    the camera of the hit.
    """

    minutes_ahead: float
    delay_minutes: float
    in_window: bool
    is_next_site: bool
    is_clock_right: bool


class ArrivalScore(NamedTuple):
    """The forecast arrivals in the hits of one vehicle.

    `due` hits are those after which the vehicle drove on to another site on the same trip; in `listed` of
    them that site is among the next sites.
    """

    due: int
    listed: int
    arrivals: list[Arrival]


class ArrivalErrors(NamedTuple):
    """The errors of expected arrivals.

    `minutes` and `share` are median and 90th percentile of the absolute error, in minutes and as a share of
    the time from the passage of the hit to the arrival. `median_delay_minutes` is above 0 if vehicles arrive
    later than expected.
    """

    arrivals: int
    minutes: tuple[float, float]
    share: tuple[float, float]
    in_window_share: float
    median_delay_minutes: float


def score_arrivals(vehicle: Vehicle) -> ArrivalScore:
    """Score the forecast arrivals in the active hits of a vehicle."""
    indexes = {passage.passage_id: index for index, passage in enumerate(vehicle.true_passages)}
    due = listed = 0
    arrivals: list[Arrival] = []
    for active in vehicle.active_hits:
        if not vehicle.is_own(active.truth) or active.hit.journey is None:
            continue
        index = indexes[active.truth.passage_id]
        passage = vehicle.true_passages[index]
        next_sites = {site.site_id: site for site in active.hit.journey.next}
        is_clock_right = abs(active.captured_ms - to_ms(active.truth.passed_at)) < GOOD_CLOCK_MS
        is_next_site = True
        for later in vehicle.true_passages[index + 1 :]:
            if later.trip_id != passage.trip_id:
                break
            site = next_sites.pop(later.site_id, None)
            due += is_next_site
            listed += is_next_site and site is not None
            if site is not None:
                arrivals.append(_build_arrival(passage, later, site, is_next_site, is_clock_right))
            is_next_site = False
    return ArrivalScore(due, listed, arrivals)


def summarize_errors(arrivals: Iterable[Arrival]) -> ArrivalErrors:
    """Summarise the errors of expected arrivals."""
    arrivals = list(arrivals)
    delay = np.array([arrival.delay_minutes for arrival in arrivals])
    error, share = np.abs(delay), np.abs(delay) / np.array([arrival.minutes_ahead for arrival in arrivals])
    return ArrivalErrors(
        len(arrivals),
        (float(np.median(error)), float(np.quantile(error, 0.9))),
        (float(np.median(share)), float(np.quantile(share, 0.9))),
        float(np.mean([arrival.in_window for arrival in arrivals])),
        float(np.median(delay)),
    )


def _build_arrival(
    passage: TruePassage, later: TruePassage, site: NextSite, is_next_site: bool, is_clock_right: bool
) -> Arrival:
    minutes_ahead = (to_ms(later.passed_at) - to_ms(passage.passed_at)) / MINUTE_MS
    delay_minutes = (to_ms(later.passed_at) - to_ms(site.expected)) / MINUTE_MS
    in_window = site.earliest <= later.passed_at <= site.latest
    return Arrival(minutes_ahead, delay_minutes, in_window, is_next_site, is_clock_right)
