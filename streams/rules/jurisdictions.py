"""Jurisdictions: what the law of a camera's country permits with its retained reads, as configured.

A lookback consults reads of people who were not sought when they passed. So it is permitted only by the
settings for the country of the camera and the legal basis of the alert, with the source in words; without a
rule there is no lookback. Sources, [S] seen, [M] from memory:

- France, Code de la sécurité intérieure, article L233-2: reads without a match are kept at most 15 days, and
  consulting them is forbidden meanwhile except for a criminal or customs procedure [S, version of 5 November
  2017]. A bill to lengthen this is pending [S], so rules have dates.
- Belgium, Loi sur la fonction de police, article 25/1 and following, 44/2 §3: at most 12 months;
  administrative police only the first month; judicial police after the first month only on a written and
  reasoned decision of the procureur du Roi [S; article numbers M].
- Netherlands, Wetboek van Strafvordering, article 126jj: 28 days; only on order of the officier van justitie,
  by an officer authorised for it, for a serious offence or a fugitive [S].

These hours are not in the code.
"""

import datetime
from collections.abc import Collection, Mapping
from typing import Annotated, Final, NamedTuple

from msgspec import Meta, Struct

from streams.records.alert import Alert
from streams.records.countries import Country
from streams.records.times import Millis, from_ms
from streams.records.types import Basis, FreeText

RULE_PREFIX: Final = "lookback"
"""First part of the ids of these rules: `lookback.FR` is the rule of France."""


class JurisdictionConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """`[jurisdictions.<country>]`: what the law of a country permits with the reads of its cameras."""

    lookback_hours: Annotated[
        dict[Basis, Annotated[float, Meta(gt=0, le=8784)]],
        Meta(
            description="for each legal basis, how many hours before an alert a lookback may search the "
            "retained reads; none for a basis that is absent"
        ),
    ] = {}
    lookback_source: Annotated[
        FreeText | None,
        Meta(description="law and decision that permit it, in words; shown in each hit of a lookback"),
    ] = None
    lookback_begins: Annotated[
        datetime.date | None, Meta(description="first day (UTC) on which reads may be searched")
    ] = None
    lookback_ends: Annotated[
        datetime.date | None, Meta(description="first day (UTC) on which they may no longer be searched")
    ] = None


class LookbackPermission(NamedTuple):
    """Permission to search reads of a country's cameras: the hours before the alert, and the authority."""

    country: Country
    hours: float
    source: str

    @property
    def rule_id(self) -> str:
        """The rule's id: `lookback.FR`."""
        return f"{RULE_PREFIX}.{self.country}"


class LookbackRefusal(NamedTuple):
    """Refusal to search reads of a country's cameras, and the reason for the operator."""

    country: Country
    reason: str

    @property
    def rule_id(self) -> str:
        """The id of the rule, which may not exist: `lookback.FR`."""
        return f"{RULE_PREFIX}.{self.country}"


class LookbackScope(NamedTuple):
    """The countries whose reads may be searched for an alert, and those whose reads may not, in order."""

    permitted: list[LookbackPermission]
    refused: list[LookbackRefusal]


def determine_scope(
    alert: Alert,
    hours: float,
    jurisdictions: Mapping[str, JurisdictionConfig],
    retained: Collection[str],
    at_ms: Millis,
) -> LookbackScope:
    """Return the countries whose reads may be searched for an alert, and for how many hours.

    `hours` are those requested; a country permits them or the hours of its rule, whichever is less.
    `retained` are the countries with retained reads, `at_ms` is when they are searched: rules apply on some
    days only. How long reads are really retained is not considered.
    """
    scope = LookbackScope([], [])
    for country in sorted({*retained, *jurisdictions}):
        decision = _decide_country(
            alert, hours, country, jurisdictions.get(country), from_ms(at_ms).date(), country in retained
        )
        if isinstance(decision, LookbackPermission):
            scope.permitted.append(decision)
        else:
            scope.refused.append(decision)
    return scope


def _decide_country(
    alert: Alert,
    hours: float,
    country: str,
    rule: JurisdictionConfig | None,
    day: datetime.date,
    has_reads: bool,
) -> LookbackPermission | LookbackRefusal:
    section = f"[jurisdictions.{country}]"
    if rule is None or not rule.lookback_hours or rule.lookback_source is None:
        return LookbackRefusal(country, f"{section} allows no looking back")
    if not has_reads:
        return LookbackRefusal(country, "there are no reads of its cameras here")
    if rule.lookback_begins is not None and day < rule.lookback_begins:
        return LookbackRefusal(country, f"{section} allows it only from {rule.lookback_begins} on")
    if rule.lookback_ends is not None and day >= rule.lookback_ends:
        return LookbackRefusal(country, f"{section} allows it no more since {rule.lookback_ends}")
    allowed = rule.lookback_hours.get(alert.basis)
    if allowed is None:
        return LookbackRefusal(country, f"{section} allows it for no alert of basis {alert.basis}")
    if hours <= 0:
        return LookbackRefusal(country, "no hours are asked for")
    return LookbackPermission(country, min(hours, allowed), rule.lookback_source)
