"""Handing over: which handovers of a vehicle stand, by its journey."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Literal, NamedTuple

from msgspec import Struct

from streams.correlation.config import CorrelationPolicy
from streams.correlation.journeys.builder import View
from streams.correlation.journeys.itinerary import Stop
from streams.records.alert import Alert
from streams.records.arrivals import Windows
from streams.records.hit import digest_of
from streams.records.journey import Handover
from streams.records.times import MINUTE_MS, from_ms, to_ms
from streams.rules.actions import action_of
from streams.rules.handovers import HandoverRule, Handovers


class Standing(Struct, frozen=True, gc=False):
    """A handover that stands until a time, in ms since 1970 UTC, if nothing else is seen; its hit's id; and
    the stop whose read the hit shows."""

    hit_id: str
    handover: Handover
    ends: int
    stop: Stop


class _Crossing(NamedTuple):
    """A border crossed or ahead: the territories, the first site across, and when it is or was there."""

    state: Literal["heading", "crossed"]
    from_: str
    to: str
    site_id: str
    earliest: datetime
    latest: datetime


class Handing:
    """Finds the handovers of journeys. The same for the same journey."""

    def __init__(self, rules: Handovers, policy: CorrelationPolicy) -> None:
        self._rules = rules
        self._stands_ms = round(policy.handover_minutes * MINUTE_MS)
        self._least_share = policy.handover_share
        self._least_posterior = policy.handover_posterior
        self._abroad = lru_cache(maxsize=1 << 14)(self._abroad_of)

    def __bool__(self) -> bool:
        return bool(self._rules)

    def standing(self, view: View, moves: Sequence[Stop]) -> list[Standing]:
        """The handovers that stand, each until it ends; `view` is that of the latest stop, `moves` are the
        stops by which the vehicle moved on.

        The one over the border crossed last, and for each territory ahead the one over the border there.
        """
        match = view.stop.sighting.match
        likely = match.result.posterior is None or match.result.posterior >= self._least_posterior
        if not likely or match.lookback is not None:
            # What was found by looking back is history.
            return []
        found = [self._crossed(view, moves), *self._heading(view)]
        return [each for each in found if each is not None]

    def _crossed(self, view: View, moves: Sequence[Stop]) -> Standing | None:
        later: Stop | None = None
        for stop in reversed(moves):
            if stop.territory is None:
                continue
            if later is not None and stop.territory != later.territory:
                return self._across(view, stop, later)
            later = stop
        return None

    def _across(self, view: View, one: Stop, other: Stop) -> Standing | None:
        alert = other.sighting.match.alert
        assert one.territory is not None and other.territory is not None, "stops with a territory"
        rule = self._rule(alert, one.territory, other.territory, other.site or "", other.captured)
        if rule is None:
            return None
        at, ends = from_ms(other.captured), other.captured + self._stands_ms
        where = _Crossing("crossed", one.territory, other.territory, other.site or "", at, at)
        return self._standing(view, where, ends, rule)

    def _heading(self, view: View) -> list[Standing]:
        last = view.stop
        if last.territory is None:
            return []
        alert, found = last.sighting.match.alert, []
        for to, place in self._abroad(view.ahead.windows, last.territory):
            rule = self._rule(alert, last.territory, to, view.ahead.windows[place].site_id, last.captured)
            if rule is not None:
                site = view.ahead[place]
                where = _Crossing("heading", last.territory, to, site.site_id, site.earliest, site.latest)
                found.append(self._standing(view, where, to_ms(site.latest), rule))
        return found

    def _abroad_of(self, windows: Windows, territory: str) -> list[tuple[str, int]]:
        """The other territories ahead, sorted, each with the place of its nearest site that is likely
        enough."""
        first: dict[str, int] = {}
        for place, each in enumerate(windows):
            abroad = each.territory is not None and each.territory != territory
            if abroad and each.share >= self._least_share:
                first.setdefault(each.territory or "", place)
        return sorted(first.items())

    def _rule(
        self, alert: Alert, from_: str, to: str, site_id: str, at: int
    ) -> tuple[str, HandoverRule] | None:
        return self._rules.rule(from_, to, site_id, action_of(alert, from_).code, at)

    def _standing(self, view: View, where: _Crossing, ends: int, named: tuple[str, HandoverRule]) -> Standing:
        rule_id, rule = named
        handover = Handover(
            state=where.state,
            from_=where.from_,
            to=where.to,
            site_id=where.site_id,
            earliest=where.earliest,
            latest=where.latest,
            ends=from_ms(ends),
            from_centre=rule.from_centre,
            to_centre=rule.to_centre,
            copy=tuple(rule.copy),
            talkgroup=rule.talkgroup,
            pursuit=rule.pursuit.as_record() if rule.pursuit is not None else None,
            rule=rule_id,
        )
        hit_id = _hit_id(view.journey.journey_id, where.from_, where.to)
        return Standing(hit_id, handover, ends, view.stop)


# It is asked for again each time the vehicle moves.
@lru_cache(maxsize=1 << 14)
def _hit_id(journey_id: str, from_: str, to: str) -> str:
    return digest_of(("handover", journey_id, from_, to))
