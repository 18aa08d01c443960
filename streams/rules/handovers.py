"""Rules of handover: who takes over a vehicle that crosses a border, and what pursuing officers may do there.

The rules of pursuit are those of articles 40 and 41 of the Convention implementing the Schengen Agreement and
of the declarations under article 41(9). They differ by border and direction and have changed, so they are
configuration with a source and dates; none is in the code.
"""

import datetime
from collections.abc import Mapping
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from streams.records.countries import Country
from streams.records.journey import Pursuit
from streams.records.times import Millis, from_ms
from streams.records.types import ActionCode, FreeText, Identifier, ShortText

_DEFAULT_ACTIONS: Final[tuple[ActionCode, ...]] = (
    "discreet-check",
    "inquiry-check",
    "specific-check",
    "stop",
    "seize",
)


class PursuitRule(Struct, frozen=True, forbid_unknown_fields=True):
    """`[handovers.<id>.pursuit]`: what officers of one side may do on the other."""

    allowed: Annotated[bool, Meta(description="true if officers may continue across the border")]
    may: Annotated[FreeText, Meta(description="what officers may do across the border, in words")]
    source: Annotated[FreeText, Meta(description="source of the rule: treaty or declaration, and article")]
    conditions: Annotated[FreeText | None, Meta(description="conditions of the pursuit, in words")] = None
    km: (
        Annotated[float, Meta(gt=0, le=2000, description="limit in km from the border; if not set, no limit")]
        | None
    ) = None
    minutes: (
        Annotated[
            float, Meta(gt=0, le=1440, description="limit in minutes from the border; if not set, no limit")
        ]
        | None
    ) = None

    def to_record(self) -> Pursuit:
        """Return the rule as a hit shows it."""
        return Pursuit(self.allowed, self.may, self.source, self.conditions, self.km, self.minutes)


class HandoverRule(Struct, frozen=True, forbid_unknown_fields=True):
    """`[handovers.<id>]`: handover from one territory to another, in one direction."""

    from_: Annotated[Country, Meta(description="territory that the vehicle leaves, ISO 3166-1 alpha-2")] = (
        msgspec.field(name="from")
    )
    to: Annotated[Country, Meta(description="territory that the vehicle enters, ISO 3166-1 alpha-2")]
    from_centre: Annotated[
        Identifier | None, Meta(description="centre that hands over, an id in [centres.<id>]")
    ] = None
    to_centre: Annotated[
        Identifier | None, Meta(description="centre that takes over, an id in [centres.<id>]")
    ] = None
    copy: Annotated[
        list[Identifier], Meta(description="centres in copy, such as the cooperation centre at Tournai")
    ] = []
    talkgroup: Annotated[ShortText | None, Meta(description="common radio talkgroup of the two centres")] = (
        None
    )
    sites: Annotated[
        list[Identifier],
        Meta(description="first sites across the border to which the rule applies; if empty, all"),
    ] = []
    actions: Annotated[
        list[ActionCode],
        Meta(description="actions, as they are in the territory left, whose vehicles are handed over"),
    ] = msgspec.field(default_factory=lambda: list(_DEFAULT_ACTIONS))
    begins: Annotated[datetime.date | None, Meta(description="first day (UTC) on which the rule applies")] = (
        None
    )
    ends: Annotated[
        datetime.date | None, Meta(description="first day (UTC) on which the rule no longer applies")
    ] = None
    pursuit: Annotated[
        PursuitRule | None, Meta(description="what pursuing officers may do across the border")
    ] = None

    def applies(self, site_id: str, at_ms: Millis) -> bool:
        """True if the rule applies to a first site across the border, at a time."""
        if self.sites and site_id not in self.sites:
            return False
        if self.begins is None and self.ends is None:
            return True
        day = from_ms(at_ms).date()
        return (self.begins is None or self.begins <= day) and (self.ends is None or day < self.ends)


class HandoverRules:
    """The rules by direction. Of several that apply, one with sites counts first, then the first by id."""

    def __init__(self, rules: Mapping[str, HandoverRule]) -> None:
        self._rules: dict[tuple[str, str], list[tuple[str, HandoverRule]]] = {}
        for rule_id, rule in sorted(rules.items(), key=lambda item: (not item[1].sites, item[0])):
            self._rules.setdefault((rule.from_, rule.to), []).append((rule_id, rule))

    def __bool__(self) -> bool:
        return bool(self._rules)

    def find_rule(
        self, from_: str, to: str, site_id: str, action: ActionCode, at_ms: Millis
    ) -> tuple[str, HandoverRule] | None:
        """Return the rule, with its id, for a vehicle that comes from one territory to a site in another.

        `action` is that on the vehicle in the territory left, `at_ms` when it comes there. None if no rule
        applies.
        """
        for rule_id, rule in self._rules.get((from_, to), ()):
            if action in rule.actions and rule.applies(site_id, at_ms):
                return rule_id, rule
        return None
