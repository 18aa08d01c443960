"""Handing over: which handovers of a vehicle stand, by its journey."""

from datetime import datetime
from itertools import pairwise
from typing import Final, Literal, NamedTuple

from msgspec import Struct

from streams.correlation.journeys import View
from streams.correlation.policy import CorrelationPolicy
from streams.correlation.trail import Stop
from streams.records.alert import Alert
from streams.records.hit import digest_of
from streams.records.journey import Handover, Next
from streams.records.times import from_ms, to_ms
from streams.rules.actions import action_of
from streams.rules.handovers import HandoverRule, Handovers

_MINUTE_MS: Final = 60_000


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
        self._stands_ms = round(policy.handover_minutes * _MINUTE_MS)
        self._least_share = policy.handover_share
        self._least_posterior = policy.handover_posterior

    def __bool__(self) -> bool:
        return bool(self._rules)

    def standing(self, view: View) -> list[Standing]:
        """The handovers that stand, each until it ends; `view` is that of the latest stop.

        The one over the border crossed last, and for each territory ahead the one over the border there.
        """
        match = view.stops[-1].sighting.match
        likely = match.result.posterior is None or match.result.posterior >= self._least_posterior
        if not likely or match.lookback is not None:
            # What was found by looking back is history.
            return []
        found = [self._crossed(view), *self._heading(view)]
        return [each for each in found if each is not None]

    def _crossed(self, view: View) -> Standing | None:
        stops = [stop for stop in view.stops if stop.territory is not None]
        for one, other in reversed(list(pairwise(stops))):
            if one.territory != other.territory:
                return self._across(view, one, other)
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
        last = view.stops[-1]
        if last.territory is None:
            return []
        first: dict[str, Next] = {}
        for each in view.journey.next:
            abroad = each.territory is not None and each.territory != last.territory
            if abroad and each.share >= self._least_share:
                first.setdefault(each.territory or "", each)
        alert, found = last.sighting.match.alert, []
        for to, site in sorted(first.items()):
            rule = self._rule(alert, last.territory, to, site.site_id, last.captured)
            if rule is not None:
                where = _Crossing("heading", last.territory, to, site.site_id, site.earliest, site.latest)
                found.append(self._standing(view, where, to_ms(site.latest), rule))
        return found

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
            copy=rule.copy,
            talkgroup=rule.talkgroup,
            pursuit=rule.pursuit.as_record() if rule.pursuit is not None else None,
            rule=rule_id,
        )
        hit_id = digest_of(("handover", view.journey.journey_id, where.from_, where.to))
        return Standing(hit_id, handover, ends, view.stops[-1])
