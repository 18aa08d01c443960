"""Handing over: which handovers of a vehicle stand, by its journey."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Literal, NamedTuple

from msgspec import Struct

from streams.correlation.config import CorrelationConfig
from streams.correlation.journeys.builder import JourneyView
from streams.correlation.journeys.itinerary import Stop
from streams.records.alert import Alert
from streams.records.arrivals import ArrivalWindows
from streams.records.hit import text_digest
from streams.records.journey import Handover
from streams.records.times import MINUTE_MS, from_ms, to_ms
from streams.rules.actions import decide_action
from streams.rules.handovers import HandoverRule, HandoverRules


class ActiveHandover(Struct, frozen=True, gc=False):
    """A handover that stands until a time, in ms since 1970 UTC, if nothing else is seen; its hit's id; and
    the stop whose read the hit shows."""

    hit_id: str
    handover: Handover
    ends_ms: int
    stop: Stop


class _BorderCrossing(NamedTuple):
    """A border crossed or ahead: the territories, the first site across, and when it is or was there."""

    state: Literal["heading", "crossed"]
    from_: str
    to: str
    site_id: str
    earliest: datetime
    latest: datetime


class HandoverFinder:
    """Finds the handovers of journeys. The same for the same journey."""

    def __init__(self, rules: HandoverRules, config: CorrelationConfig) -> None:
        self._rules = rules
        self._duration_ms = round(config.handover_minutes * MINUTE_MS)
        self._min_share = config.handover_share
        self._min_posterior = config.handover_posterior
        self._territories_ahead = lru_cache(maxsize=1 << 14)(self._find_territories_ahead)

    def __bool__(self) -> bool:
        return bool(self._rules)

    def active_handovers(self, view: JourneyView, forward_stops: Sequence[Stop]) -> list[ActiveHandover]:
        """The handovers that stand, each until it ends; `view` is that of the latest stop, `moves` are the
        stops by which the vehicle moved on.

        The one over the border crossed last, and for each territory ahead the one over the border there.
        """
        match = view.stop.sighting.match
        likely = match.result.posterior is None or match.result.posterior >= self._min_posterior
        if not likely or match.lookback is not None:
            # What was found by looking back is history.
            return []
        found = [self._crossed_handover(view, forward_stops), *self._heading_handovers(view)]
        return [each for each in found if each is not None]

    def _crossed_handover(self, view: JourneyView, forward_stops: Sequence[Stop]) -> ActiveHandover | None:
        later: Stop | None = None
        for stop in reversed(forward_stops):
            if stop.territory is None:
                continue
            if later is not None and stop.territory != later.territory:
                return self._handover_across(view, stop, later)
            later = stop
        return None

    def _handover_across(self, view: JourneyView, before: Stop, after: Stop) -> ActiveHandover | None:
        alert = after.sighting.match.alert
        assert before.territory is not None and after.territory is not None, "stops with a territory"
        rule = self._find_rule(
            alert, before.territory, after.territory, after.site_id or "", after.captured_ms
        )
        if rule is None:
            return None
        at, ends = from_ms(after.captured_ms), after.captured_ms + self._duration_ms
        where = _BorderCrossing("crossed", before.territory, after.territory, after.site_id or "", at, at)
        return self._build_handover(view, where, ends, rule)

    def _heading_handovers(self, view: JourneyView) -> list[ActiveHandover]:
        last = view.stop
        if last.territory is None:
            return []
        alert, found = last.sighting.match.alert, []
        for to, place in self._territories_ahead(view.arrivals.windows, last.territory):
            rule = self._find_rule(
                alert, last.territory, to, view.arrivals.windows[place].site_id, last.captured_ms
            )
            if rule is not None:
                site = view.arrivals[place]
                where = _BorderCrossing(
                    "heading", last.territory, to, site.site_id, site.earliest, site.latest
                )
                found.append(self._build_handover(view, where, to_ms(site.latest), rule))
        return found

    def _find_territories_ahead(self, windows: ArrivalWindows, territory: str) -> list[tuple[str, int]]:
        """The other territories ahead, sorted, each with the place of its nearest site that is likely
        enough."""
        first: dict[str, int] = {}
        for place, each in enumerate(windows):
            abroad = each.territory is not None and each.territory != territory
            if abroad and each.share >= self._min_share:
                first.setdefault(each.territory or "", place)
        return sorted(first.items())

    def _find_rule(
        self, alert: Alert, from_: str, to: str, site_id: str, at_ms: int
    ) -> tuple[str, HandoverRule] | None:
        return self._rules.find_rule(from_, to, site_id, decide_action(alert, from_).code, at_ms)

    def _build_handover(
        self, view: JourneyView, crossing: _BorderCrossing, ends_ms: int, named_rule: tuple[str, HandoverRule]
    ) -> ActiveHandover:
        rule_id, rule = named_rule
        handover = Handover(
            state=crossing.state,
            from_=crossing.from_,
            to=crossing.to,
            site_id=crossing.site_id,
            earliest=crossing.earliest,
            latest=crossing.latest,
            ends=from_ms(ends_ms),
            from_centre=rule.from_centre,
            to_centre=rule.to_centre,
            copy=tuple(rule.copy),
            talkgroup=rule.talkgroup,
            pursuit=rule.pursuit.to_record() if rule.pursuit is not None else None,
            rule=rule_id,
        )
        hit_id = _handover_hit_id(view.journey.journey_id, crossing.from_, crossing.to)
        return ActiveHandover(hit_id, handover, ends_ms, view.stop)


# It is asked for again each time the vehicle moves.
@lru_cache(maxsize=1 << 14)
def _handover_hit_id(journey_id: str, from_: str, to: str) -> str:
    return text_digest(("handover", journey_id, from_, to))
