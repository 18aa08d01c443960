"""What the lists ask of their ids and of the centres."""

from collections.abc import Iterator
from typing import Final

from streams.settings import toml_format
from streams.settings.checks.check import Check, Values, named, tables
from streams.settings.validation import Finding


def _slashes(values: Values) -> Iterator[Finding]:
    for name, _ in tables(values, "lists"):
        if "/" in name:
            advice = "the slash parts list and alert in the key <list_id>/<alert_id>"
            yield Finding(("lists", name), "its id holds no slash", toml_format.in_message(name), advice)


def _audiences(values: Values) -> Iterator[Finding]:
    for name, policy in tables(values, "lists"):
        audience = policy.get("audience")
        for index, centre in enumerate(audience if isinstance(audience, list) else ()):
            yield from named(values, "centres", centre, ("lists", name, "audience", index))


LISTS: Final = (
    Check("The id of a list holds no slash, for the key of an alert is `<list_id>/<alert_id>`.", _slashes),
    Check("The `audience` of a list names only centres in `[centres.<id>]`.", _audiences),
)
