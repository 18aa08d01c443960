"""The road network: what `[sites.<id>]`, their links and the cameras at them ask of one another."""

from collections.abc import Iterator
from typing import Final

from streams.settings.checks.check import Check, Values, named, tables
from streams.settings.examine import Finding


def _sites(values: Values) -> Iterator[Finding]:
    for name, camera in tables(values, "cameras"):
        yield from named(values, "sites", camera.get("site"), ("cameras", name, "site"))


NETWORK: Final = (Check("The `site` of a camera names a site in `[sites.<id>]`.", _sites),)
