"""Jurisdictions: what the law of a camera's country allows with its retained reads, as an operator sets it.

A look back consults reads of people whom nobody looked for when they passed. So it is allowed by what the
settings say for the country of the camera and the legal basis of the alert, with the source in words, and by
nothing else: without a rule there is no look back. What was found of the law, [S] seen, [M] from memory:

- France, Code de la sécurité intérieure, article L233-2: reads without a match are kept at most 15 days, and
  consulting them is forbidden meanwhile except for a criminal or customs procedure [S, version of 5 November
  2017]. A bill to lengthen this is pending [S], so rules have dates.
- Belgium, Loi sur la fonction de police, article 25/1 and following, 44/2 §3: at most 12 months;
  administrative police only the first month; judicial police after the first month only on a written and
  reasoned decision of the procureur du Roi [S; article numbers M].
- Netherlands, Wetboek van Strafvordering, article 126jj: 28 days; only on order of the officier van justitie,
  by an officer authorised for it, for a serious offence or a fugitive [S].

None of these hours is in the code.
"""

import datetime
from collections.abc import Collection, Mapping
from typing import Annotated, Final, NamedTuple

from msgspec import Meta, Struct

from streams.records.alert import Alert
from streams.records.countries import Country
from streams.records.times import from_ms
from streams.records.types import Basis, FreeText

RULE_PREFIX: Final = "lookback"
"""First part of the ids of these rules: `lookback.FR` is that of France."""


class JurisdictionConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """`[jurisdictions.<country>]`: what the law of a country allows with the reads of its cameras."""

    lookback_hours: Annotated[
        dict[Basis, Annotated[float, Meta(gt=0, le=8784)]],
        Meta(
            description="for each legal basis, the hours before an alert for which its retained reads may be "
            "looked at; none for a basis that is not named"
        ),
    ] = {}
    lookback_source: Annotated[
        FreeText | None,
        Meta(description="the law and the decision that allow it, in words; each hit found shows it"),
    ] = None
    lookback_begins: Annotated[
        datetime.date | None, Meta(description="first day (UTC) on which reads may be looked at so")
    ] = None
    lookback_ends: Annotated[
        datetime.date | None, Meta(description="first day (UTC) on which they no longer may")
    ] = None


class LookbackPermission(NamedTuple):
    """That reads of a country's cameras may be looked at, so many hours back, and by what authority."""

    country: Country
    hours: float
    source: str

    @property
    def rule_id(self) -> str:
        """The rule's id: `lookback.FR`."""
        return f"{RULE_PREFIX}.{self.country}"


class LookbackRefusal(NamedTuple):
    """That reads of a country's cameras may not be looked at, and why, for the operator."""

    country: Country
    reason: str

    @property
    def rule_id(self) -> str:
        """The id of the rule that there is or would be: `lookback.FR`."""
        return f"{RULE_PREFIX}.{self.country}"


class LookbackScope(NamedTuple):
    """Where an alert may be looked back for, and where not; each by country, in order of its code."""

    permitted: list[LookbackPermission]
    refused: list[LookbackRefusal]


def determine_scope(
    alert: Alert,
    hours: float,
    jurisdictions: Mapping[str, JurisdictionConfig],
    retained: Collection[str],
    at_ms: int,
) -> LookbackScope:
    """Which countries' reads may be looked at for an alert, and for how many hours.

    `hours` are asked for: a country gives them or what its rule allows, whichever is less. `kept` are the
    countries whose reads there are to look at; `at` is when they are looked at, in ms since 1970 UTC, for a
    rule holds on some days only. How long reads are really kept is not looked at.
    """
    found = LookbackScope([], [])
    for country in sorted({*retained, *jurisdictions}):
        answer = _decide_country(
            alert, hours, country, jurisdictions.get(country), from_ms(at_ms).date(), country in retained
        )
        if isinstance(answer, LookbackPermission):
            found.permitted.append(answer)
        else:
            found.refused.append(answer)
    return found


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
