"""What an operator sets about matching, per list and for all lists."""

from typing import Annotated, Final

from msgspec import Meta, Struct

from streams.matching.appearance.comparison import AppearanceConfig
from streams.records.alert import Alert, MatchMode
from streams.records.countries import Country
from streams.records.types import Confidence, FreeText, Identifier

FUZZY_MIN_POSTERIOR: Final = 0.5
"""The lowest posterior of mode `fuzzy` where none is set: likelier the listed vehicle than not."""


class ListConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """`[lists.<id>]`: how the alerts of one list are matched and who is told."""

    title: Annotated[FreeText | None, Meta(description="what the list is, for people")] = None
    mode: Annotated[
        MatchMode,
        Meta(
            description="how far a match may go: `exact` the same plate; `pattern` also plates with ? and *; "
            "`confusable` also characters that readers take for each other; `fuzzy` also any one character "
            "read wrong, lost or too many, where the posterior allows it. An alert can narrow it"
        ),
    ] = "confusable"
    min_posterior: Annotated[
        Confidence | None,
        Meta(
            description="lowest posterior for a hit: how likely, from 0 to 1, it is the listed vehicle; "
            "none: every match of the mode is a hit, but `fuzzy` wants 0.5. An alert can raise it"
        ),
    ] = None
    false_hits_per_day: (
        Annotated[
            float,
            Meta(
                gt=0,
                description="most false hits a day that the list may cause; when they would be more, the "
                "lowest posterior rises for the rest of the day (UTC); none: no limit",
            ),
        ]
        | None
    ) = None
    audience: Annotated[
        list[Identifier],
        Meta(description="centres told of a hit, as in [centres.<id>], unless the alert names its own"),
    ] = []

    @property
    def effective_min_posterior(self) -> float | None:
        """The lowest posterior for a hit; None for any."""
        return (
            FUZZY_MIN_POSTERIOR if self.min_posterior is None and self.mode == "fuzzy" else self.min_posterior
        )


class MatchingConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """`[matching]`: limits that hold for every list."""

    equivalences: Annotated[
        int,
        Meta(
            ge=0,
            le=2,
            description="most places at which a confusable match may differ beyond what the national format "
            "settles (Genetec's rule: one, never more than two)",
        ),
    ] = 1
    equivalence_min_length: Annotated[
        int,
        Meta(
            ge=1,
            le=12,
            description="shortest plate, in characters, that may differ so (Genetec's rule: five)",
        ),
    ] = 5
    pattern_min_literals: Annotated[
        int,
        Meta(ge=1, le=12, description="fewest letters and digits a plate with ? or * must have to be used"),
    ] = 3
    confusions: (
        Annotated[
            str,
            Meta(
                min_length=1,
                description="file of the confusion model, made with `anpr confusions learn`; none: that "
                "shipped",
            ),
        ]
        | None
    ) = None
    looks: Annotated[
        AppearanceConfig,
        Meta(description="how far what cameras and lists say of a vehicle's looks is trusted"),
    ] = AppearanceConfig()
    reads_per_day: Annotated[
        dict[Country, Annotated[int, Meta(ge=1)]],
        Meta(
            description="reads a day of plates of each country, all cameras together: says how many false "
            "hits to expect, and which country is likely where none was read; none: shares as of the fleets"
        ),
    ] = {}


class MatchingRules(Struct, frozen=True):
    """The policies in force: by list, and for all."""

    lists: dict[str, ListConfig] = {}
    matching: MatchingConfig = MatchingConfig()

    def for_list(self, list_id: str) -> ListConfig:
        """The policy of a list; a list without one has the defaults."""
        return self.lists.get(list_id, _DEFAULT_LIST)

    def min_posterior(self, alert: Alert) -> float | None:
        """The lowest posterior for a hit of an alert; None for any."""
        of_list = self.for_list(alert.list_id).effective_min_posterior
        of_alert = alert.match.min_posterior if alert.match is not None else None
        if of_list is None or of_alert is None:
            return of_alert if of_list is None else of_list
        return max(of_list, of_alert)

    @property
    def fuzzy_lists(self) -> list[str]:
        """The lists of mode `fuzzy`."""
        return [list_id for list_id, policy in self.lists.items() if policy.mode == "fuzzy"]

    @property
    def min_fuzzy_posterior(self) -> float:
        """The lowest posterior that any list of mode `fuzzy` takes; 1 if there is none."""
        return min(
            (self.lists[each].effective_min_posterior or 0.0 for each in self.fuzzy_lists), default=1.0
        )


_DEFAULT_LIST = ListConfig()
