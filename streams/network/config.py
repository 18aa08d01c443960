"""What an operator sets about places: sites, the links between them, cameras."""

from collections.abc import Mapping
from typing import Annotated, Literal

from msgspec import Meta, Struct

from streams.records.countries import Country
from streams.records.times import Time, to_ms
from streams.records.types import FreeText, Identifier, Latitude, Longitude, ShortText

SiteKind = Literal["road", "rail", "port", "terminal"]
BuiltinNetwork = Literal["none", "fr-be"]
"""The networks shipped with the package, and none of them."""


class NetworkConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """`[network]`: what is in force below the operator's own sites."""

    shipped: Annotated[
        BuiltinNetwork,
        Meta(
            description="the shipped network whose sites are known too: fr-be is that of the border between "
            "France and Belgium and the stations of the Thalys network; a site of [sites.<id>] goes before "
            "the shipped one of the same id, whole"
        ),
    ] = "none"


class LinkConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """A link from a site to one that follows it on the road or the rails."""

    to: Annotated[Identifier, Meta(description="the site at its other end, as in [sites.<id>]")]
    km: Annotated[float, Meta(gt=0, le=2000, description="the way in km")]
    minutes: Annotated[float, Meta(gt=0, le=1440, description="usual travel time in minutes")]
    best_minutes: (
        Annotated[
            float,
            Meta(
                gt=0,
                le=1440,
                description="best travel time in minutes; else that at 130 km/h, on rails at 300 km/h, or "
                "the usual one if that is less",
            ),
        ]
        | None
    ) = None
    one_way: Annotated[bool, Meta(description="whether it leads only there and not back")] = False


class SiteConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """`[sites.<id>]`: a place with one or more cameras."""

    name: Annotated[FreeText | None, Meta(description="the place's name")] = None
    kind: Annotated[
        SiteKind,
        Meta(
            description="a road; a station and its forecourt; a port; a terminal such as the Channel tunnel's"
        ),
    ] = "road"
    road: Annotated[ShortText | None, Meta(description="the road, for example A22/E17")] = None
    direction: Annotated[
        ShortText | None,
        Meta(description="where the traffic goes, in words, if the site has one carriageway"),
    ] = None
    territory: Annotated[
        Country | None,
        Meta(description="the country whose ground it is, ISO 3166-1 alpha-2; decides the action"),
    ] = None
    lat: Annotated[Latitude | None, Meta(description="latitude in degrees, WGS 84")] = None
    lon: Annotated[Longitude | None, Meta(description="longitude in degrees, WGS 84")] = None
    links: Annotated[
        list[LinkConfig],
        Meta(description="the links that begin here; each leads both ways if not told otherwise"),
    ] = []


class EarlierSiteConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a camera stood before it was moved."""

    until: Annotated[Time, Meta(description="first instant at which it no longer stood there, RFC 3339")]
    site: Annotated[Identifier | None, Meta(description="its site then; without one, not known")] = None


class CameraConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """`[cameras.<id>]`: a camera and where it looks."""

    site: Annotated[Identifier | None, Meta(description="its site, as in [sites.<id>]")] = None
    direction: Annotated[ShortText | None, Meta(description="where the traffic it sees goes, in words")] = (
        None
    )
    towards: Annotated[
        list[Identifier],
        Meta(description="the sites next on the way of the traffic it sees, each linked with its own site"),
    ] = []
    earlier: Annotated[
        list[EarlierSiteConfig],
        Meta(description="where it stood before it was moved, so that reads of then keep their place"),
    ] = []


class Places(Struct, frozen=True):
    """The cameras and sites known."""

    cameras: Mapping[str, CameraConfig] = {}
    sites: Mapping[str, SiteConfig] = {}

    def site_at(self, camera_id: str, at_ms: int) -> str | None:
        """The site a camera stood at at a time, in ms since 1970 UTC; None if it is not known."""
        camera = self.cameras.get(camera_id)
        if camera is None:
            return None
        if camera.earlier:
            then = [each for each in camera.earlier if at_ms < to_ms(each.until)]
            if then:
                return min(then, key=lambda each: each.until).site
        return camera.site
