"""The check on reasons. A line without any reason is not an alert; see streams.records.alert."""

from collections.abc import Iterable
from typing import ClassVar, Final

from streams.alerts.lint.finding import Check, Entry, Finding, Severity
from streams.records.alert import Alert
from streams.records.faults import shown_value

PLACEHOLDERS: Final = frozenset(
    (  # noqa: SIM905 - a list of quoted words reads worse
        "na none null nil nothing empty blank test testing tests tbd tbc tba todo unknown unspecified "
        "missing reason xx xxx xxxx x asdf dummy placeholder "
        "ka keine unbekannt grund leer inconnu inconnue neant aucun aucune motif raison "
        "onbekend geen nvt reden leeg nb"
    ).split()
)
"""Words written in place of a reason, in the four languages of the lists; letters and digits only."""
_MAX_PLACEHOLDER_LENGTH: Final = 2 * max(map(len, PLACEHOLDERS))


class NoReason(Check):
    """A reason of white space, punctuation or a placeholder, from which an officer learns nothing."""

    id: ClassVar[str] = "no-reason"
    severity: ClassVar[Severity] = "error"

    def check_entry(self, entry: Entry) -> Iterable[Finding]:
        alert = entry.record
        if not isinstance(alert, Alert):
            return ()
        reason = alert.reason
        if len(reason) > _MAX_PLACEHOLDER_LENGTH and any(map(str.isalnum, reason)):
            return ()
        word = "".join(filter(str.isalnum, reason)).casefold().replace("é", "e")
        if word and word not in PLACEHOLDERS:
            return ()
        value = f"a placeholder of {shown_value(reason, 'reason')}"
        return (
            self.make_finding(
                entry.location,
                "reason",
                "is only a placeholder",
                value,
                "write in words why the vehicle is sought",
            ),
        )
