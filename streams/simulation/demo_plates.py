"""Plates as vehicles on these roads have them: a mix of countries, ordinary series."""

from random import Random
from typing import Final, NamedTuple

from streams.plates.formats import builtin_formats
from streams.plates.normal_form import normalise
from streams.plates.shapes import Form, expand_shape

# Shares of the traffic are a guess for motorways between France and Belgium. The shapes are those of
# formats.toml, narrowed to what is issued now, so that the plates look as those on the road do.
_SERIES: Final = (
    ("FR", 0.42, "[A-H][A-HJ-NP-TV-Z] [0-9]{3} [A-HJ-NP-TV-Z]{2}"),
    ("BE", 0.38, "[12] [A-HJ-NPR-Z][A-NP-Z]{2} [0-9]{3}"),
    ("NL", 0.05, "[GHJKLNPRST][BDF-HJ-NPR-TV-XZ] [0-9]{3} [BDF-HJ-NPR-TV-XZ]"),
    ("NL", 0.05, "[GHJKLNPRST] [0-9]{3} [BDF-HJ-NPR-TV-XZ]{2}"),
    ("DE", 0.06, ""),
    ("LU", 0.02, "[A-HJ-NP-Z]{2} [0-9]{4}"),
    ("GB", 0.02, "[A-HJ-PR-Y]{2}[0-9]{2} [A-HJ-PR-Z]{3}"),
)
_DISTRICTS: Final = ("AC", "B", "BN", "D", "DO", "DÜW", "E", "F", "GÖ", "HH", "K", "LÖ", "M", "SB", "TR")
_BEHIND_DISTRICT: Final = "[A-Z]{2} [1-9][0-9]{2,3}"


class Plate(NamedTuple):
    """A plate as printed, with its gaps, and the country that issued it (ISO 3166-1 alpha-2)."""

    text: str
    country: str

    @property
    def normal(self) -> str:
        """Its normal form."""
        return normalise(self.text)


def plate(rng: Random) -> Plate:
    """A plate of the mix, possible in its country."""
    while True:
        made = _plate(rng)
        if builtin_formats().is_possible_as_read(made.normal, made.country):
            return made


def _plate(rng: Random) -> Plate:
    country, choices = rng.choices(_CHOICES, _SHARES)[0]
    form = rng.choice(choices)
    text = form.group_plate("".join(rng.choice(sorted(allowed)) for allowed in form.allowed))
    return Plate(f"{rng.choice(_DISTRICTS)}-{text}" if country == "DE" else text, country)


_CHOICES: Final[tuple[tuple[str, tuple[Form, ...]], ...]] = tuple(
    (country, expand_shape(shape or _BEHIND_DISTRICT)) for country, _, shape in _SERIES
)
_SHARES: Final = tuple(share for _, share, _ in _SERIES)
