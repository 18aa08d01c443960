"""What both ways of `anpr lookback` share: which alerts, and telling where they were looked back for."""

from collections import Counter
from collections.abc import Iterable
from typing import Final, NamedTuple

import click

from streams.cli.common.progress import say
from streams.cli.common.text import counted, printable
from streams.matching.lookback import LookbackRequest
from streams.records.alert import Alert, AlertKey, alert_key
from streams.rules.jurisdictions import determine_scope
from streams.settings.model import Settings


class _AlertKeyType(click.ParamType):  # type: ignore[type-arg,unused-ignore]  # generic from click 8.4 on
    """`LIST/ALERT` to the key of an alert."""

    name = "LIST/ALERT"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> AlertKey:
        if isinstance(value, tuple):
            return value
        list_id, slash, alert_id = str(value).partition("/")
        if not (list_id and slash and alert_id):
            self.fail(f"{value!r}: an alert is named LIST/ALERT, as in sis/FR-2026-00042", param, ctx)
        return list_id, alert_id


ALERT_KEY: Final = _AlertKeyType()
"""The type of arguments that name an alert; the command gets its key."""
_MAX_SHOWN: Final = 10


class LookbackOptions(NamedTuple):
    """What is wished: the alerts named, none for all, and the hours, None for those that each asks for."""

    keys: tuple[AlertKey, ...]
    hours: float | None

    def build_request(
        self, alert: Alert, settings: Settings, retained_countries: Iterable[str], at_ms: int, now_ms: int
    ) -> LookbackRequest:
        """A look back for an alert over the hours before a time, where the settings allow it now.

        `kept` are the countries whose reads there are; times in ms since 1970 UTC.
        """
        hours = alert.lookback_hours or 0.0 if self.hours is None else self.hours
        return LookbackRequest(
            alert,
            hours,
            at_ms,
            determine_scope(alert, hours, settings.jurisdictions, list(retained_countries), now_ms),
        )


def format_key(key: AlertKey) -> str:
    """An alert's key as it is printed."""
    return printable("/".join(key))


def report_refused(requests: Iterable[LookbackRequest]) -> None:
    """Says which countries' reads are not looked at, and why, for so many alerts."""
    denied = Counter(each for one in requests for each in one.scope.refused)
    for (country, why), count in sorted(denied.items()):
        say(f"{country}: not looked at for {counted(count, 'alert')}: {why}")


def none_permitted(requests: Iterable[LookbackRequest]) -> bool:
    """Says which alerts may be looked back for nowhere; whether that is all of them."""
    nowhere, somewhere = list[str](), False
    for each in requests:
        if each.scope.permitted:
            somewhere = True
        else:
            nowhere.append(format_key(alert_key(each.alert)))
    if nowhere:
        shown = ", ".join(nowhere[:_MAX_SHOWN]) + (", …" if len(nowhere) > _MAX_SHOWN else "")
        say(f"{counted(len(nowhere), 'alert')} may be looked back for nowhere: {shown}")
    return not somewhere
