"""The active handovers of a vehicle, derived from its journey."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Literal, NamedTuple

from msgspec import Struct

from streams.correlation.config import CorrelationConfig
from streams.correlation.journeys.builder import JourneyView
from streams.correlation.journeys.itinerary import Stop
from streams.records.alert import Alert
from streams.records.arrivals import ArrivalWindows
from streams.records.hit import text_digest
from streams.records.journey import Handover, Pursuit
from streams.records.times import MINUTE_MS, Millis, from_ms
from streams.rules.actions import decide_action
from streams.rules.handovers import HandoverRule, HandoverRules


class BorderCrossing(NamedTuple):
    """A border crossing, past or expected: territories, first site across, and arrival window there."""

    state: Literal["heading", "crossed"]
    from_: str
    to: str
    site_id: str
    earliest_ms: Millis
    latest_ms: Millis


class ActiveHandover(Struct, frozen=True, gc=False):
    """A handover, active until `ends_ms` unless the vehicle is read again.

    Its hit shows `stop`: the first stop since which neither the crossing nor the rule has changed.
    """

    hit_id: str
    crossing: BorderCrossing
    handover: Handover
    ends_ms: Millis
    stop: Stop

    def is_same(self, other: "ActiveHandover") -> bool:
        """True if an officer would do the same on another handover of the vehicle."""
        return (
            self.hit_id == other.hit_id
            and self.crossing == other.crossing
            and self.handover.rule == other.handover.rule
        )


class VehicleHandovers(Struct, gc=False):
    """The handovers of one vehicle: the active ones by its journey, and the hits of those emitted."""

    active: tuple[ActiveHandover, ...] = ()
    hit_ids: frozenset[str] = frozenset()
    next_check_ms: Millis | None = None
    """When they are checked again, if that is scheduled."""


class HandoverFinder:
    """Finder of the active handovers of a journey; it depends on the journey and the configuration only."""

    def __init__(self, rules: HandoverRules, config: CorrelationConfig) -> None:
        self._rules = rules
        self._duration_ms = round(config.handover_minutes * MINUTE_MS)
        self._min_share = config.handover_share
        self._min_posterior = config.handover_posterior
        self._step_ms = max(round(config.handover_step_minutes * MINUTE_MS), 1)
        self._pursuits: dict[str, Pursuit | None] = {}
        self._territories_ahead = lru_cache(maxsize=1 << 14)(self._find_territories_ahead)

    def __bool__(self) -> bool:
        return bool(self._rules)

    def active_handovers(
        self,
        view: JourneyView,
        previous: Sequence[ActiveHandover] = (),
    ) -> tuple[ActiveHandover, ...]:
        """Return the active handovers, given the view of the latest stop.

        They are the one over the last border crossed, and one for each territory ahead. Those of the stop
        before, `previous`, remain if nothing about them has changed.
        """
        posterior = view.stop.passage.posterior
        is_likely = posterior is None or posterior >= self._min_posterior
        if not is_likely or view.stop.sighting.match.lookback is not None:
            # A match of a lookback is history: the vehicle is no longer there.
            return ()
        handovers = []
        for crossing, ends_ms, (rule_id, rule) in self._crossings(view):
            for earlier in previous:
                if earlier.crossing == crossing and earlier.handover.rule == rule_id:
                    handovers.append(earlier)
                    break
            else:
                handovers.append(self._build_handover(view, crossing, ends_ms, (rule_id, rule)))
        return tuple(handovers)

    def _crossings(
        self, view: JourneyView
    ) -> Iterator[tuple[BorderCrossing, Millis, tuple[str, HandoverRule]]]:
        """Yield the border crossings for which there is a rule, each with the end of its handover."""
        later: Stop | None = None
        for stop in reversed(view.forward_stops):
            if stop.territory is None:
                continue
            if later is not None and stop.territory != later.territory:
                yield from self._past_crossing(stop, later)
                break
            later = stop
        last = view.stop
        if last.territory is None:
            return
        alert, windows = last.sighting.match.alert, view.arrivals.windows
        for to, index in self._territories_ahead(windows, last.territory):
            window = windows[index]
            rule = self._find_rule(alert, last.territory, to, window.site_id, last.captured_ms)
            if rule is not None:
                earliest_ms, latest_ms = self._round(
                    last.captured_ms + window.earliest_ms, last.captured_ms + window.latest_ms
                )
                crossing = BorderCrossing(
                    "heading", last.territory, to, window.site_id, earliest_ms, latest_ms
                )
                yield crossing, latest_ms, rule

    def _past_crossing(
        self, before: Stop, after: Stop
    ) -> Iterator[tuple[BorderCrossing, Millis, tuple[str, HandoverRule]]]:
        assert before.territory is not None and after.territory is not None, "stops with a territory"
        site_id, at_ms = after.site_id or "", after.captured_ms
        alert = after.sighting.match.alert
        rule = self._find_rule(alert, before.territory, after.territory, site_id, at_ms)
        if rule is not None:
            crossing = BorderCrossing("crossed", before.territory, after.territory, site_id, at_ms, at_ms)
            yield crossing, at_ms + self._duration_ms, rule

    def _round(self, earliest_ms: Millis, latest_ms: Millis) -> tuple[Millis, Millis]:
        """Round an arrival window outwards to whole steps.

        A handover is amended if its window has moved by more than a step, whatever the order of arrival:
        the rounded window depends on the latest stop alone.
        """
        step_ms = self._step_ms
        return earliest_ms // step_ms * step_ms, -(-latest_ms // step_ms) * step_ms

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
        crossing: BorderCrossing,
        ends_ms: Millis,
        named_rule: tuple[str, HandoverRule],
    ) -> ActiveHandover:
        rule_id, rule = named_rule
        handover = Handover(
            state=crossing.state,
            from_=crossing.from_,
            to=crossing.to,
            site_id=crossing.site_id,
            earliest=from_ms(crossing.earliest_ms),
            latest=from_ms(crossing.latest_ms),
            ends=from_ms(ends_ms),
            from_centre=rule.from_centre,
            to_centre=rule.to_centre,
            copy=tuple(rule.copy),
            talkgroup=rule.talkgroup,
            pursuit=self._pursuit(rule_id, rule),
            rule=rule_id,
        )
        hit_id = _handover_hit_id(view.journey.journey_id, crossing.from_, crossing.to)
        return ActiveHandover(hit_id, crossing, handover, ends_ms, view.stop)

    def _pursuit(self, rule_id: str, rule: HandoverRule) -> Pursuit | None:
        """Return what pursuing officers may do by a rule; all handovers by it share the record."""
        if rule_id not in self._pursuits:
            self._pursuits[rule_id] = rule.pursuit.to_record() if rule.pursuit is not None else None
        return self._pursuits[rule_id]


# Cached, for it is needed again each time the vehicle moves.
@lru_cache(maxsize=1 << 14)
def _handover_hit_id(journey_id: str, from_: str, to: str) -> str:
    return text_digest(("handover", journey_id, from_, to))
