"""Settings of matching: for one list, for all lists, and the rules that follow from both."""

from typing import Annotated, Final

from msgspec import Meta, Struct

from streams.matching.appearance.config import AppearanceConfig
from streams.records.alert import MODE_RANK, Alert, MatchMode
from streams.records.countries import Country
from streams.records.types import Confidence, FreeText, Identifier

FUZZY_MIN_POSTERIOR: Final = 0.5
"""Minimum posterior of a list of mode `fuzzy` that sets none: more likely the listed vehicle than not."""


class ListConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """`[lists.<id>]`: how the alerts of one list are matched and which centres receive their hits."""

    title: Annotated[FreeText | None, Meta(description="title of the list, for display")] = None
    mode: Annotated[
        MatchMode,
        Meta(
            description="how much a read plate may differ from a listed one: `exact`: not at all; `pattern`: "
            "also plates that fit a listed plate with the wildcards ? and *; `confusable`: also characters "
            "that recognisers often confuse, such as 0 and O; `fuzzy`: also any one character misread, lost "
            "or added, if the posterior is high enough. Each mode includes those before it. An alert can set "
            "a narrower mode, not a wider one"
        ),
    ] = "confusable"
    min_posterior: Annotated[
        Confidence | None,
        Meta(
            description="minimum posterior of a hit: the probability that the vehicle is the listed one. If "
            "not set, every match of the mode is a hit, except that `fuzzy` requires 0.5. An alert can "
            "raise it. Raise it if officers reject too many hits"
        ),
    ] = None
    false_hits_per_day: (
        Annotated[
            float,
            Meta(
                gt=0,
                description="budget of false hits for a day (UTC). When the expected false hits would exceed "
                "it, the minimum posterior is raised for the rest of the day. If not set, there is no budget",
            ),
        ]
        | None
    ) = None
    audience: Annotated[
        list[Identifier],
        Meta(
            description="ids in [centres.<id>] of the centres that receive the hits of the list. An alert "
            "with an audience of its own overrides it"
        ),
    ] = []
    owner: Annotated[
        Identifier | None,
        Meta(
            description="id in [centres.<id>] of the centre that owns the list. It may judge all hits of the "
            "list; other centres only those of which they are notified"
        ),
    ] = None

    @property
    def effective_min_posterior(self) -> float | None:
        """The minimum posterior of a hit; None if any will do."""
        return (
            FUZZY_MIN_POSTERIOR if self.min_posterior is None and self.mode == "fuzzy" else self.min_posterior
        )


class MatchingConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """`[matching]`: settings that apply to all lists."""

    equivalences: Annotated[
        int,
        Meta(
            ge=0,
            le=2,
            description="maximum number of confusable characters in which a read may differ from the listed "
            "plate, not counting those that the national plate format decides (Genetec's rule: one, never "
            "more than two)",
        ),
    ] = 1
    equivalence_min_length: Annotated[
        int,
        Meta(
            ge=1,
            le=12,
            description="minimum length, in characters, of a listed plate for which `equivalences` applies; "
            "a shorter plate may differ only where the format decides (Genetec's rule: five)",
        ),
    ] = 5
    pattern_min_literals: Annotated[
        int,
        Meta(
            ge=1,
            le=12,
            description="minimum number of letters and digits in a listed plate with wildcards; a pattern "
            "with fewer is too broad and matches nothing",
        ),
    ] = 3
    confusions: (
        Annotated[
            str,
            Meta(
                min_length=1,
                description="path of a confusion model made with `anpr confusions learn`. If not set, the "
                "built-in model is used. Train a model of your own for better posteriors",
            ),
        ]
        | None
    ) = None
    max_ahead_s: Annotated[
        float,
        Meta(
            ge=0,
            le=86400,
            description="maximum number of seconds by which a read may be later than the present: the clock "
            "of the worker, or `--now` of a replay. A later read is of a camera whose clock runs ahead, and "
            "is rejected (implausible-time)",
        ),
    ] = 600.0
    lone_ahead_hours: Annotated[
        int,
        Meta(
            ge=1,
            le=8784,
            description="in a replay without `--now`, maximum number of hours by which a read may be later "
            "than the reads of all other cameras; in whole hours (UTC). A later read that nothing leads up "
            "to is rejected (implausible-time)",
        ),
    ] = 24
    looks: Annotated[
        AppearanceConfig,
        Meta(
            description="reliability of the make, model, colour and type of vehicles, in reads and in alerts"
        ),
    ] = AppearanceConfig()
    reads_per_day: Annotated[
        dict[Country, Annotated[int, Meta(ge=1)]],
        Meta(
            description="for each country of registration, the number of reads a day of its plates, by all "
            "cameras together. Used to estimate false hits per day and which country is likely if none was "
            "read. If empty, each country has a share of the reads in proportion to its registered vehicles"
        ),
    ] = {}


class MatchingRules(Struct, frozen=True):
    """The matching settings in effect, by list and for all lists."""

    lists: dict[str, ListConfig] = {}
    matching: MatchingConfig = MatchingConfig()

    def for_list(self, list_id: str) -> ListConfig:
        """Return the settings of a list; a list without settings has the defaults."""
        return self.lists.get(list_id, _DEFAULT_LIST)

    def effective_mode(self, alert: Alert) -> MatchMode:
        """Return the narrower of the list's mode and the alert's own."""
        list_mode = self.for_list(alert.list_id).mode
        if alert.match is None or alert.match.mode is None:
            return list_mode
        return min(list_mode, alert.match.mode, key=MODE_RANK.__getitem__)

    def min_posterior(self, alert: Alert) -> float | None:
        """Return the minimum posterior of a hit on an alert; None if any will do."""
        list_minimum = self.for_list(alert.list_id).effective_min_posterior
        alert_minimum = alert.match.min_posterior if alert.match is not None else None
        if list_minimum is None or alert_minimum is None:
            return alert_minimum if list_minimum is None else list_minimum
        return max(list_minimum, alert_minimum)

    def audiences(self) -> dict[str, list[str]]:
        """Return by list the centres that receive its hits."""
        return {list_id: config.audience for list_id, config in self.lists.items()}

    @property
    def fuzzy_lists(self) -> list[str]:
        """The lists of mode `fuzzy`."""
        return [list_id for list_id, config in self.lists.items() if config.mode == "fuzzy"]

    @property
    def min_fuzzy_posterior(self) -> float:
        """The lowest minimum posterior of the lists of mode `fuzzy`; 1 if there is none."""
        return min(
            (self.lists[list_id].effective_min_posterior or 0.0 for list_id in self.fuzzy_lists), default=1.0
        )


_DEFAULT_LIST = ListConfig()
