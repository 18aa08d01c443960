"""What a Hikvision event tells beside the plate and the time."""

from typing import Final

from streams.gateway.vendors.hikvision.countries import parse_country_code
from streams.gateway.vendors.shared.event_fields import EventFields
from streams.plates.normal_form import PlateError, normalise

_COLOURS: Final = {"deepgray": "grey", "deepblue": "blue"}
_CARS: Final = ("vehicle", "smallcar", "minicar", "motorvehicle", "coupe", "hatchback", "saloon")
_VANS: Final = ("buggy", "minitruck", "lighttruck", "minibus")
_LORRIES: Final = (
    *("truck", "containertruck", "slagtruck", "concretemixer", "oiltanktruck", "platformtrailer"),
    *("mediumheavytruck", "crane"),
)
_TYPES: Final = {
    **dict.fromkeys(_CARS, "car"),
    **dict.fromkeys(_VANS, "van"),
    **dict.fromkeys(_LORRIES, "lorry"),
    **dict.fromkeys(("bus", "largebus", "mediumbus"), "bus"),
    "suvmpv": "SUV",
    "pickuptruck": "pickup",
    "twowheelvehicle": "motorcycle",
}
"""The vendor's `vehicleType`, in small letters, in the words of lists; what is not here goes as it is."""


def parse_country(anpr: EventFields) -> str | None:
    """The first of the three fields that names one: `CRIndex` covers `country`, says the vendor."""
    unknown = []
    for name in ("ISO-CR", "CRIndex", "country"):
        code = anpr.text(name)
        country = parse_country_code(code) if code else ""
        if country:
            return country
        if country is None:
            unknown.append((name, code))
    for name, code in unknown[:1]:
        anpr.add_fault(name, "is a number of Hikvision's list of countries", code, "country")
    return None


def parse_char_confidences(anpr: EventFields, plate: str) -> list[float] | None:
    """One for each letter or digit, 0 to 1; None if there are not as many as the plate has."""
    text = anpr.text("plateCharBelieve")
    if text is None:
        return None
    shares = [each.strip() for each in text.split(",")]
    if not all(
        share.isascii() and share.isdigit() and len(share) <= 3 and int(share) <= 100 for share in shares
    ):
        anpr.add_fault(
            "plateCharBelieve", "is one number from 0 to 100 for each character, with commas", text
        )
        return None
    try:
        fits = len(shares) == len(normalise(plate))
    except PlateError:
        return None
    return [int(share) / 100 for share in shares] if fits else None


def parse_position(gps: EventFields) -> dict[str, float] | None:
    """Where the device says it stands, WGS 84, of degrees, minutes and seconds; None if it does not know."""
    degrees = []
    for name, hemisphere, most in (("Latitude", "latitudeType", 90), ("Longitude", "longitudeType", 180)):
        angle = gps.child(name)
        parts = angle.number("degree", 0, most), angle.number("minute", 0, 60), angle.number("sec", 0, 60)
        if parts[0] is None:
            return None
        value = parts[0] + (parts[1] or 0) / 60 + (parts[2] or 0) / 3600
        degrees.append(-value if (gps.text(hemisphere) or "").upper() in ("S", "W") else value)
    lat, lon = degrees
    # All zeros is a camera that has no GPS.
    return {"lat": lat, "lon": lon} if (lat or lon) and abs(lat) <= 90 and abs(lon) <= 180 else None


def parse_vehicle(anpr: EventFields) -> dict[str, str] | None:
    """The type and colour. The make is a number of a list of the vendor's that is not public."""
    kind, colour = anpr.vehicle_attribute("vehicleType"), anpr.child("vehicleInfo").vehicle_attribute("color")
    looks = {
        "type": kind and _TYPES.get(kind.casefold(), kind),
        "colour": colour and _COLOURS.get(colour.casefold(), colour),
    }
    return {name: value for name, value in looks.items() if value} or None


def is_true(text: str | None) -> bool:
    """Whether a field of true or false is true."""
    return text is not None and text.casefold() in ("true", "1")
