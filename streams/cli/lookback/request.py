"""The alerts of a lookback, and the countries in which it is permitted or refused."""

from collections import Counter
from collections.abc import Iterable
from typing import Final, NamedTuple

import click

from streams.cli.common.progress import say
from streams.cli.common.text import counted, printable
from streams.matching.lookback import LookbackRequest
from streams.records.alert import Alert, AlertKey, alert_key
from streams.records.times import Millis
from streams.rules.jurisdictions import determine_scope
from streams.settings.model import Settings


class _AlertKeyType(click.ParamType):  # type: ignore[type-arg,unused-ignore]  # generic from click 8.4 on
    """Converts `LIST/ALERT` to the key of an alert."""

    name = "LIST/ALERT"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> AlertKey:
        if isinstance(value, tuple):
            return value
        list_id, slash, alert_id = str(value).partition("/")
        if not (list_id and slash and alert_id):
            self.fail(f"{value!r}: must be LIST/ALERT, such as sis/FR-2026-00042", param, ctx)
        return list_id, alert_id


ALERT_KEY: Final = _AlertKeyType()
"""The type of arguments that name an alert; the command gets its key."""
_MAX_SHOWN: Final = 10


class LookbackOptions(NamedTuple):
    """The alerts of the lookback, none for all, and the hours, None for those that each alert asks for."""

    keys: tuple[AlertKey, ...]
    hours: float | None

    def build_request(
        self,
        alert: Alert,
        settings: Settings,
        retained_countries: Iterable[str],
        at_ms: Millis,
        now_ms: Millis,
    ) -> LookbackRequest:
        """Return the lookback for an alert over the hours before `at_ms`, with its scope.

        The scope is what the settings allow at `now_ms` in the countries whose reads are retained.
        """
        hours = alert.lookback_hours or 0.0 if self.hours is None else self.hours
        return LookbackRequest(
            alert,
            hours,
            at_ms,
            determine_scope(alert, hours, settings.jurisdictions, list(retained_countries), now_ms),
        )


def format_key(key: AlertKey) -> str:
    """Return an alert's key as it is printed."""
    return printable("/".join(key))


def report_refused(requests: Iterable[LookbackRequest]) -> None:
    """Print the countries whose reads are not searched, why, and for how many alerts."""
    refused = Counter(refusal for request in requests for refusal in request.scope.refused)
    for (country, reason), count in sorted(refused.items()):
        say(f"{country}: not searched for {counted(count, 'alert')}: {reason}")


def any_permitted(requests: list[LookbackRequest]) -> bool:
    """Print the alerts for which no country permits a lookback; return True if these are not all."""
    nowhere = [format_key(alert_key(request.alert)) for request in requests if not request.scope.permitted]
    if nowhere:
        shown = ", ".join(nowhere[:_MAX_SHOWN]) + (", …" if len(nowhere) > _MAX_SHOWN else "")
        say(f"no country permits a search for {counted(len(nowhere), 'alert')}: {shown}")
    return len(nowhere) < len(requests)
