"""Configuration of places: sites, the links between them, and cameras."""

from collections.abc import Mapping
from typing import Annotated, Literal

from msgspec import Meta, Struct

from streams.records.countries import Country
from streams.records.times import Millis, Time, to_ms
from streams.records.types import FreeText, Identifier, Latitude, Longitude, ShortText

SiteKind = Literal["road", "rail", "port", "terminal"]
BuiltinNetwork = Literal["none", "fr-be"]
"""The built-in networks, and none of them."""


class NetworkConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """`[network]`: the network on which the operator's own sites are based."""

    shipped: Annotated[
        BuiltinNetwork,
        Meta(
            description="the built-in network whose sites are added: fr-be has the border between France and "
            "Belgium and the stations of the Thalys network; a site in [sites.<id>] replaces the built-in "
            "one of the same id as a whole"
        ),
    ] = "none"


class LinkConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """A link from a site to an adjacent one, by road or rail."""

    to: Annotated[Identifier, Meta(description="the site at its other end, as in [sites.<id>]")]
    km: Annotated[float, Meta(gt=0, le=2000, description="length in km")]
    minutes: Annotated[float, Meta(gt=0, le=1440, description="usual travel time in minutes")]
    best_minutes: (
        Annotated[
            float,
            Meta(
                gt=0,
                le=1440,
                description="best travel time in minutes; if absent, that at 130 km/h (300 km/h on rails), "
                "or the usual one if that is less",
            ),
        ]
        | None
    ) = None
    one_way: Annotated[bool, Meta(description="true if it leads only there and not back")] = False


class SiteConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """`[sites.<id>]`: a place with one or more cameras."""

    name: Annotated[FreeText | None, Meta(description="name of the place")] = None
    kind: Annotated[
        SiteKind,
        Meta(description="road; rail: a station and its forecourt; port; terminal, as of the Channel Tunnel"),
    ] = "road"
    road: Annotated[ShortText | None, Meta(description="the road, for example A22/E17")] = None
    direction: Annotated[
        ShortText | None,
        Meta(description="direction of the traffic in words, if the site has only one carriageway"),
    ] = None
    territory: Annotated[
        Country | None,
        Meta(description="the country in whose territory it is, ISO 3166-1 alpha-2; decides the action"),
    ] = None
    lat: Annotated[Latitude | None, Meta(description="latitude in degrees, WGS 84")] = None
    lon: Annotated[Longitude | None, Meta(description="longitude in degrees, WGS 84")] = None
    links: Annotated[
        list[LinkConfig],
        Meta(description="the links that begin here; each leads both ways unless it is `one_way`"),
    ] = []


class EarlierSiteConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """A former site of a camera that was moved."""

    until: Annotated[Time, Meta(description="first instant at which it was no longer there, RFC 3339")]
    site: Annotated[Identifier | None, Meta(description="its site then; if absent, unknown")] = None


class CameraConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """`[cameras.<id>]`: a camera and the traffic that it sees."""

    site: Annotated[Identifier | None, Meta(description="its site, as in [sites.<id>]")] = None
    direction: Annotated[
        ShortText | None, Meta(description="direction of the traffic that it sees, in words")
    ] = None
    towards: Annotated[
        list[Identifier],
        Meta(description="the next sites of the traffic that it sees, each linked with its own site"),
    ] = []
    earlier: Annotated[
        list[EarlierSiteConfig],
        Meta(description="its former sites, so that older reads keep their place"),
    ] = []


class Places(Struct, frozen=True):
    """The known cameras and sites."""

    cameras: Mapping[str, CameraConfig] = {}
    sites: Mapping[str, SiteConfig] = {}

    def site_at(self, camera_id: str, at_ms: Millis) -> str | None:
        """Return the site of a camera at a time; None if it is not known."""
        camera = self.cameras.get(camera_id)
        if camera is None:
            return None
        if camera.earlier:
            later_moves = [former for former in camera.earlier if at_ms < to_ms(former.until)]
            if later_moves:
                return min(later_moves, key=lambda former: former.until).site
        return camera.site
