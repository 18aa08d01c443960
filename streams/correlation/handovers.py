"""The active handovers of a vehicle, derived from its journey."""

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
from streams.records.times import MINUTE_MS, Millis, from_ms, to_ms
from streams.rules.actions import decide_action
from streams.rules.handovers import HandoverRule, HandoverRules


class ActiveHandover(Struct, frozen=True, gc=False):
    """A handover, active until `ends_ms` unless the vehicle is read again; its hit shows `stop`."""

    hit_id: str
    handover: Handover
    ends_ms: Millis
    stop: Stop


class _BorderCrossing(NamedTuple):
    """A border crossing, past or expected: territories, first site across, and arrival window there."""

    state: Literal["heading", "crossed"]
    from_: str
    to: str
    site_id: str
    earliest: datetime
    latest: datetime


class HandoverFinder:
    """Finder of the active handovers of a journey; it depends on the journey and the configuration only."""

    def __init__(self, rules: HandoverRules, config: CorrelationConfig) -> None:
        self._rules = rules
        self._duration_ms = round(config.handover_minutes * MINUTE_MS)
        self._min_share = config.handover_share
        self._min_posterior = config.handover_posterior
        self._territories_ahead = lru_cache(maxsize=1 << 14)(self._find_territories_ahead)

    def __bool__(self) -> bool:
        return bool(self._rules)

    def active_handovers(self, view: JourneyView, forward_stops: Sequence[Stop]) -> list[ActiveHandover]:
        """Return the active handovers, given the view of the latest stop and the forward stops.

        They are the one over the last border crossed, and one for each territory ahead.
        """
        match = view.stop.sighting.match
        is_likely = match.result.posterior is None or match.result.posterior >= self._min_posterior
        if not is_likely or match.lookback is not None:
            # A match of a lookback is history: the vehicle is no longer there.
            return []
        crossed = self._crossed_handover(view, forward_stops)
        return [*([] if crossed is None else [crossed]), *self._heading_handovers(view)]

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
        site_id, crossed_ms = after.site_id or "", after.captured_ms
        rule = self._find_rule(alert, before.territory, after.territory, site_id, crossed_ms)
        if rule is None:
            return None
        at = from_ms(crossed_ms)
        crossing = _BorderCrossing("crossed", before.territory, after.territory, site_id, at, at)
        return self._build_handover(view, crossing, crossed_ms + self._duration_ms, rule)

    def _heading_handovers(self, view: JourneyView) -> list[ActiveHandover]:
        last = view.stop
        if last.territory is None:
            return []
        alert, windows = last.sighting.match.alert, view.arrivals.windows
        handovers: list[ActiveHandover] = []
        for to, index in self._territories_ahead(windows, last.territory):
            rule = self._find_rule(alert, last.territory, to, windows[index].site_id, last.captured_ms)
            if rule is not None:
                site = view.arrivals[index]
                crossing = _BorderCrossing(
                    "heading", last.territory, to, site.site_id, site.earliest, site.latest
                )
                handovers.append(self._build_handover(view, crossing, to_ms(site.latest), rule))
        return handovers

    def _find_territories_ahead(self, windows: ArrivalWindows, territory: str) -> list[tuple[str, int]]:
        """Return the other territories ahead, sorted.

        Each comes with the index of its nearest site of which the share is high enough.
        """
        nearest: dict[str, int] = {}
        for index, window in enumerate(windows):
            is_abroad = window.territory is not None and window.territory != territory
            if is_abroad and window.share >= self._min_share:
                nearest.setdefault(window.territory or "", index)
        return sorted(nearest.items())

    def _find_rule(
        self, alert: Alert, from_: str, to: str, site_id: str, at_ms: Millis
    ) -> tuple[str, HandoverRule] | None:
        return self._rules.find_rule(from_, to, site_id, decide_action(alert, from_).code, at_ms)

    def _build_handover(
        self,
        view: JourneyView,
        crossing: _BorderCrossing,
        ends_ms: Millis,
        named_rule: tuple[str, HandoverRule],
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


# Cached, for it is needed again each time the vehicle moves.
@lru_cache(maxsize=1 << 14)
def _handover_hit_id(journey_id: str, from_: str, to: str) -> str:
    return text_digest(("handover", journey_id, from_, to))
