"""The ids of rules that hits, withdrawn hits and no-match decisions name, each with its meaning.

`tests/cases/test_index.py` compares them with those that the code writes.
"""

import re
from typing import Final, Literal, NamedTuple

Where = Literal["rules", "withdrawn", "no match", "refused verdict"]


class RuleId(NamedTuple):
    """The id of a rule; `<name>` in it stands for a country's code or an id of the settings."""

    where: Where
    id: str
    meaning: str

    @property
    def pattern(self) -> re.Pattern[str]:
        """The pattern of the ids that this one stands for."""
        return re.compile(re.sub("<[a-z]+>", ".+", re.escape(self.id)))


RULE_IDS: Final = (
    RuleId("rules", "match.exact", "the plates have the same normal form, spellings of umlauts aside"),
    RuleId("rules", "match.pattern", "the plate read fits the pattern listed"),
    RuleId("rules", "match.confusable", "the plates differ in confusable characters only"),
    RuleId("rules", "match.fuzzy", "one other character differs, was lost or added"),
    RuleId("rules", "plate.settled-by-format", "the national format settles a misread character"),
    RuleId("rules", "plate.umlaut", "the plates spell an umlaut differently"),
    RuleId("rules", "plate.gap", "the gaps of two German plates differ: perhaps another vehicle"),
    RuleId("rules", "country.misread", "the plate is impossible in the country read"),
    RuleId("rules", "country.unknown", "the read has no country, and several are possible"),
    RuleId("rules", "budget.tightened", "emitted while the list's budget of false hits was tightened"),
    RuleId(
        "rules", "lookback.<country>", "found in retained reads, as the jurisdiction of the country permits"
    ),
    RuleId("rules", "action.default", "the default action of the alert"),
    RuleId(
        "rules", "action.flag.<territory>", "the action of the flag that the territory added to the alert"
    ),
    RuleId("rules", "action.<territory>", "the action that the alert has for the territory"),
    RuleId("rules", "operation.<operation>", "the joint operation admits the hit"),
    RuleId("rules", "handover.<rule>", "the handover rule for this border"),
    RuleId("withdrawn", "superseded", "an earlier read of the passage arrived, or two passages were joined"),
    RuleId("withdrawn", "alert-withdrawn", "the alert was withdrawn"),
    RuleId("withdrawn", "alert-expired", "the validity period of the alert has ended"),
    RuleId("withdrawn", "alert-replaced", "a new version of the alert came"),
    RuleId("withdrawn", "rejected", "a centre said that it is not the vehicle"),
    RuleId("withdrawn", "handover-over", "the vehicle went elsewhere, or the handover's time has passed"),
    RuleId("refused verdict", "verdict.unknown-centre", "the centre is not in `[centres]`"),
    RuleId(
        "refused verdict",
        "verdict.not-notified",
        "the centre was not notified of the hit and does not own its list",
    ),
    RuleId("refused verdict", "verdict.in-the-future", "dated later than the present time"),
    RuleId("refused verdict", "verdict.before-its-hit", "dated before the read of the hit"),
    RuleId("no match", "alert.not-in-force", "the alert is not effective at the time of the read"),
    RuleId("no match", "plate.unlike", "the plates differ by more than the mode allows"),
    RuleId("no match", "pattern.unlike", "the plate read does not fit the pattern"),
    RuleId("no match", "pattern.too-broad", "the pattern has too few letters and digits to be used"),
    RuleId("no match", "mode.exact", "the mode is `exact`, and the plates differ or the alert is a pattern"),
    RuleId("no match", "mode.pattern", "the mode is `pattern`, and the plates differ"),
    RuleId("no match", "confusable.too-many", "more open differences than `equivalences` allows"),
    RuleId("no match", "confusable.too-short", "an open difference in a plate that is too short for it"),
    RuleId("no match", "country.other-vehicle", "the plate is possible in the other country that was read"),
    RuleId(
        "no match", "posterior.too-low", "the posterior is below the `min_posterior` of the list or alert"
    ),
)


def rule_id_of(where: Where, written: str) -> RuleId:
    """Return the entry of an id as it was written. Raises KeyError for an id that is not known."""
    entries = [entry for entry in RULE_IDS if entry.where == where]
    for entry in entries:
        if entry.id == written:
            return entry
    for entry in entries:
        if entry.pattern.fullmatch(written):
            return entry
    raise KeyError(f"{written}: not among the ids of {where!r} in tools/rule_ids.py")
