"""Validation of a network: implausible links, speeds and routes, and sites that cannot be reached."""

from collections.abc import Collection, Iterator, Mapping
from math import inf
from typing import Final, NamedTuple

from streams.network.config import LinkConfig, Places, SiteConfig
from streams.network.distance import km_between
from streams.network.routing import Network, is_rail_link, link_directions, road_links

_TOLERANCE: Final = 0.05
"""Share by which a link may be shorter than the straight line: positions may be wrong by a kilometre."""
_MAX_KMH: Final = {"road": (200.0, 250.0), "rail": (320.0, 330.0)}
"""The highest plausible usual and best speeds; 320 km/h is that of the fastest trains."""
_SURFACE_TEXT: Final = {"road": "on a road", "rail": "on rails"}

SettingPath = tuple[str | int, ...]


class NetworkFault(NamedTuple):
    """One thing that is wrong: the rule it breaks, the value it has, and what to do.

    `path` is its place in the settings: `("sites", "lille", "links", 0, "km")`,
    `("cameras", "c1", "towards", 0)`.
    """

    path: SettingPath
    rule: str
    value: str
    advice: str


def find_self_links(sites: Mapping[str, SiteConfig]) -> Iterator[NetworkFault]:
    """Yield links that lead to the site where they begin."""
    for site_id, index, link in _known_links(sites):
        if link.to == site_id:
            advice = "name the next site, or remove the link"
            yield NetworkFault(
                ("sites", site_id, "links", index, "to"), "must be another site", link.to, advice
            )


def find_conflicting_links(sites: Mapping[str, SiteConfig]) -> Iterator[NetworkFault]:
    """Yield links for a direction that has been given before with other figures."""
    links: dict[tuple[str, str], tuple[str, int, LinkConfig]] = {}
    for site_id, index, link in _known_links(sites):
        for direction in link_directions(site_id, link):
            first_site, first_index, first = links.setdefault(direction, (site_id, index, link))
            if _link_values(first) != _link_values(link):
                rule = (
                    f"must have the figures of links[{first_index}] of site {first_site}, the same link "
                    f"({_describe_link(first)})"
                )
                advice = "give a link once, at one of its ends, or each direction with `one_way = true`"
                yield NetworkFault(("sites", site_id, "links", index), rule, _describe_link(link), advice)
                break


def find_too_short_links(sites: Mapping[str, SiteConfig]) -> Iterator[NetworkFault]:
    """Yield links that are shorter than the straight line between their ends, less 5 %."""
    for site_id, index, link in _known_links(sites):
        straight_km = km_between(sites[site_id], sites[link.to])
        min_km = straight_km * (1 - _TOLERANCE)
        if straight_km < inf and link.km < min_km:
            advice = (
                f"the straight line from {site_id} to {link.to} is {straight_km:.1f} km long; correct the "
                "km, or `lat` and `lon` of the two sites"
            )
            path: SettingPath = ("sites", site_id, "links", index, "km")
            yield NetworkFault(path, f"must be at least {min_km:.1f}", f"{link.km:g}", advice)


def find_too_fast_links(sites: Mapping[str, SiteConfig]) -> Iterator[NetworkFault]:
    """Yield links whose times give speeds no vehicle or train has, or a best time above the usual one."""
    for site_id, index, link in _known_links(sites):
        path: SettingPath = ("sites", site_id, "links", index)
        surface = "rail" if is_rail_link(sites, site_id, link) else "road"
        max_usual_kmh, max_best_kmh = _MAX_KMH[surface]
        advice = "correct the minutes or the km"
        kmh = link.km / link.minutes * 60
        if kmh > max_usual_kmh:
            rule = f"must give a usual speed of at most {max_usual_kmh:g} km/h {_SURFACE_TEXT[surface]}"
            yield NetworkFault((*path, "minutes"), rule, f"{link.minutes:g} ({kmh:.0f} km/h)", advice)
        if link.best_minutes is None:
            continue
        kmh = link.km / link.best_minutes * 60
        if link.best_minutes > link.minutes:
            rule = f"must be at most `minutes` ({link.minutes:g}), the usual time"
            yield NetworkFault((*path, "best_minutes"), rule, f"{link.best_minutes:g}", advice)
        elif kmh > max_best_kmh:
            rule = f"must give a best speed of at most {max_best_kmh:g} km/h {_SURFACE_TEXT[surface]}"
            yield NetworkFault(
                (*path, "best_minutes"), rule, f"{link.best_minutes:g} ({kmh:.0f} km/h)", advice
            )


def find_unreachable_sites(sites: Mapping[str, SiteConfig]) -> Iterator[NetworkFault]:
    """Yield sites that no road from the rest of the network leads to, or from which none leads back.

    The rest is the largest strongly connected component. Without any link there is no network and no fault.
    """
    forward, backward = _build_graph(sites), _build_graph(sites, reverse=True)
    if not any(forward.values()):
        return
    rest = _largest_component(forward, backward)
    start = next(iter(rest))
    reachable, returning = _reachable_from(forward, start), _reachable_from(backward, start)
    for site_id in sites:
        if site_id in reachable and site_id in returning:
            continue
        nearest = _nearest_text(sites, site_id, rest)
        rule, advice = "must be linked with the rest of the network by road", f"add a link{nearest}"
        if site_id in returning:
            rule = "must be reachable from the rest of the network; its links only lead away"
            advice = f"add a link that leads there, or remove `one_way` from one{nearest}"
        elif site_id in reachable:
            rule = "must lead back to the rest of the network; a vehicle that comes there cannot go on"
            advice = f"add a link that leads on, or remove `one_way` from one{nearest}"
        yield NetworkFault(("sites", site_id), rule, "", advice)


def find_unlinked_targets(places: Places) -> Iterator[NetworkFault]:
    """Yield sites in `towards` of cameras to which no link leads from the cameras' own sites."""
    network = Network(places.sites, include_rail=True)
    for camera_id, camera in places.cameras.items():
        if camera.site is not None and camera.site not in network:
            continue
        linked = sorted(network.linked_sites(camera.site)) if camera.site else []
        for index, target in enumerate(camera.towards):
            path: SettingPath = ("cameras", camera_id, "towards", index)
            if camera.site is None:
                rule = "must be a site to which a link leads from the camera's `site`, which is missing"
                yield NetworkFault(path, rule, target, "set the camera's `site`")
            elif target in network and target not in linked:
                rule = f"must be a site to which a link leads from {camera.site}"
                advice = f"links lead to {', '.join(linked)}" if linked else f"add a link at {camera.site}"
                yield NetworkFault(path, rule, target, advice)


def _nearest_text(sites: Mapping[str, SiteConfig], site_id: str, others: Collection[str]) -> str:
    """Return which of some other sites is the nearest, in words; empty if positions are not known."""
    km, nearest = min((km_between(sites[site_id], sites[other]), other) for other in others)
    return f"; the nearest site of the network is {nearest}" if km < inf else ""


def _known_links(sites: Mapping[str, SiteConfig]) -> Iterator[tuple[str, int, LinkConfig]]:
    """Yield each link to a known site, with the site where it begins and its index there."""
    for site_id, site in sites.items():
        for index, link in enumerate(site.links):
            if link.to in sites:
                yield site_id, index, link


def _link_values(link: LinkConfig) -> tuple[float, float, float | None]:
    return link.km, link.minutes, link.best_minutes


def _describe_link(link: LinkConfig) -> str:
    best = "" if link.best_minutes is None else f", at best {link.best_minutes:g}"
    return f"{link.km:g} km, {link.minutes:g} min{best}"


def _build_graph(sites: Mapping[str, SiteConfig], *, reverse: bool = False) -> dict[str, list[str]]:
    """Return the sites to which a road leads from each site; with `reverse`, those from which one comes."""
    graph: dict[str, list[str]] = {site_id: [] for site_id in sites}
    for start, end, _ in road_links(sites):
        graph[end if reverse else start].append(start if reverse else end)
    return graph


def _reachable_from(graph: Mapping[str, list[str]], start: str) -> set[str]:
    reachable, frontier = {start}, [start]
    while frontier:
        for neighbour in graph[frontier.pop()]:
            if neighbour not in reachable:
                reachable.add(neighbour)
                frontier.append(neighbour)
    return reachable


def _largest_component(forward: Mapping[str, list[str]], backward: Mapping[str, list[str]]) -> list[str]:
    """Return the largest strongly connected component of a graph, the first of several of one size."""
    remaining, largest = dict.fromkeys(forward), list[str]()
    while len(remaining) > len(largest):
        start = next(iter(remaining))
        members = _reachable_from(forward, start) & _reachable_from(backward, start)
        component = [site_id for site_id in remaining if site_id in members]
        largest = max(largest, component, key=len)
        for site_id in component:
            del remaining[site_id]
    return largest
