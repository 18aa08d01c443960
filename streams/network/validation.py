"""What is wrong with a network: links, speeds and ways that cannot be, and sites nobody can come to."""

from collections.abc import Collection, Iterator, Mapping
from math import inf
from typing import Final, NamedTuple

from streams.network.config import LinkConfig, Places, SiteConfig
from streams.network.distance import km_between
from streams.network.routing import Network

_TOLERANCE: Final = 0.05
"""How much shorter than the crow flies a link may be: places are known to about a kilometre."""
_MAX_KMH: Final = {"road": (200.0, 250.0), "rails": (320.0, 330.0)}
"""The highest usual and best speeds that are taken for possible; 320 km/h is that of the fastest trains."""

SettingPath = tuple[str | int, ...]


class NetworkFault(NamedTuple):
    """One thing that is wrong: the rule it breaks, the value it has, and what to do.

    `path` says where: `("sites", "lille", "links", 0, "km")`, `("cameras", "c1", "towards", 0)`.
    """

    path: SettingPath
    rule: str
    value: str
    advice: str


def find_self_links(sites: Mapping[str, SiteConfig]) -> Iterator[NetworkFault]:
    """Links that lead to the site where they begin."""
    for site_id, index, link in _known_links(sites):
        if link.to == site_id:
            advice = "name the next site, or take the link out"
            yield NetworkFault(("sites", site_id, "links", index, "to"), "is another site", link.to, advice)


def find_conflicting_links(sites: Mapping[str, SiteConfig]) -> Iterator[NetworkFault]:
    """Links for the same way in the same direction that have other figures."""
    known: dict[tuple[str, str], tuple[str, int, LinkConfig]] = {}
    for site_id, index, link in _known_links(sites):
        for way in ((site_id, link.to), (link.to, site_id))[: 1 if link.one_way else 2]:
            at, place, other = known.setdefault(way, (site_id, index, link))
            if _link_values(other) != _link_values(link):
                rule = (
                    f"has the figures of links[{place}] of site {at}, the same link: {_describe_link(other)}"
                )
                advice = "tell a link once, at one of its ends, or each direction with `one_way = true`"
                yield NetworkFault(("sites", site_id, "links", index), rule, _describe_link(link), advice)
                break


def find_too_short_links(sites: Mapping[str, SiteConfig]) -> Iterator[NetworkFault]:
    """Links that are shorter than the crow flies between their ends; 5 % are allowed."""
    for site_id, index, link in _known_links(sites):
        crow = km_between(sites[site_id], sites[link.to])
        if crow < inf and link.km < (least := crow * (1 - _TOLERANCE)):
            rule = f"is at least {least:.1f}: from {site_id} to {link.to} the crow flies {crow:.1f} km"
            advice = "put right the km, or `lat` and `lon` of the two sites"
            yield NetworkFault(("sites", site_id, "links", index, "km"), rule, f"{link.km:g}", advice)


def find_too_fast_links(sites: Mapping[str, SiteConfig]) -> Iterator[NetworkFault]:
    """Links whose times give speeds that no vehicle or train has, or a best time above the usual one."""
    for site_id, index, link in _known_links(sites):
        path: SettingPath = ("sites", site_id, "links", index)
        way = "rails" if _is_rail_link(sites, site_id, link) else "road"
        usual, best = _MAX_KMH[way]
        advice = "put right the minutes or the km"
        kmh = link.km / link.minutes * 60
        if kmh > usual:
            rule = f"is a usual time that gives at most {usual:g} km/h {_SURFACE_TEXT[way]}"
            yield NetworkFault((*path, "minutes"), rule, f"{link.minutes:g}: {kmh:.0f} km/h", advice)
        if link.best_minutes is None:
            continue
        kmh = link.km / link.best_minutes * 60
        if link.best_minutes > link.minutes:
            rule = (
                f"is at most `minutes` ({link.minutes:g}), for the best time is no longer than the usual one"
            )
            yield NetworkFault((*path, "best_minutes"), rule, f"{link.best_minutes:g}", advice)
        elif kmh > best:
            rule = f"is a best time that gives at most {best:g} km/h {_SURFACE_TEXT[way]}"
            yield NetworkFault(
                (*path, "best_minutes"), rule, f"{link.best_minutes:g}: {kmh:.0f} km/h", advice
            )


def find_unreachable_sites(sites: Mapping[str, SiteConfig]) -> Iterator[NetworkFault]:
    """Sites that cannot be reached from the rest of the network, or from which nothing leads back to it.

    The rest is the largest part in which each site can be reached from each by road: no car goes by train.
    Without any link there is no network, and nothing is wrong.
    """
    there, back = _build_graph(sites), _build_graph(sites, reverse=True)
    if not any(there.values()):
        return
    rest = _largest_component(there, back)
    start = next(iter(rest))
    reached, returns = _reachable_from(there, start), _reachable_from(back, start)
    for site_id in sites:
        if site_id in reached and site_id in returns:
            continue
        near = _nearest_text(sites, site_id, rest)
        rule, advice = "is linked with the rest of the network by road", f"add a link{near}"
        if site_id in returns:
            rule = "can be reached from the rest of the network; its links only lead away"
            advice = f"add a link that leads there, or take `one_way` from one{near}"
        elif site_id in reached:
            rule = "leads back to the rest of the network; a vehicle that comes there could go nowhere"
            advice = f"add a link that leads on, or take `one_way` from one{near}"
        yield NetworkFault(("sites", site_id), rule, "", advice)


def find_unlinked_targets(places: Places) -> Iterator[NetworkFault]:
    """Sites that cameras say their traffic goes to, to which no link leads from the cameras' own sites."""
    network = Network(places.sites, include_rail=True)
    for camera_id, camera in places.cameras.items():
        if camera.site is not None and camera.site not in network:
            continue
        next_to = sorted(network.linked_sites(camera.site)) if camera.site else []
        for index, to in enumerate(camera.towards):
            path: SettingPath = ("cameras", camera_id, "towards", index)
            if camera.site is None:
                advice = "set the camera's `site`"
                yield NetworkFault(path, "goes with a `site`, from which a link leads there", to, advice)
            elif to in network and to not in next_to:
                rule = f"is a site to which a link leads from {camera.site}"
                advice = f"links lead to {', '.join(next_to)}" if next_to else f"add a link at {camera.site}"
                yield NetworkFault(path, rule, to, advice)


_SURFACE_TEXT: Final = {"road": "on a road", "rails": "on rails"}


def _nearest_text(sites: Mapping[str, SiteConfig], site_id: str, others: Collection[str]) -> str:
    """Which of some other sites is the nearest, in words, if it is known."""
    km, near = min((km_between(sites[site_id], sites[other]), other) for other in others)
    return f"; the nearest site of it is {near}" if km < inf else ""


def _known_links(sites: Mapping[str, SiteConfig]) -> Iterator[tuple[str, int, LinkConfig]]:
    """All links to known sites: where they begin, their place there, and they themselves."""
    for site_id, site in sites.items():
        for index, link in enumerate(site.links):
            if link.to in sites:
                yield site_id, index, link


def _is_rail_link(sites: Mapping[str, SiteConfig], site_id: str, link: LinkConfig) -> bool:
    return sites[site_id].kind == sites[link.to].kind == "rail"


def _link_values(link: LinkConfig) -> tuple[float, float, float | None]:
    return link.km, link.minutes, link.best_minutes


def _describe_link(link: LinkConfig) -> str:
    best = "" if link.best_minutes is None else f", at best {link.best_minutes:g}"
    return f"{link.km:g} km, {link.minutes:g} min{best}"


def _build_graph(sites: Mapping[str, SiteConfig], *, reverse: bool = False) -> dict[str, list[str]]:
    """The sites to which a road leads from each; with `turned`, those from which one leads there."""
    found: dict[str, list[str]] = {site_id: [] for site_id in sites}
    for site_id, _, link in _known_links(sites):
        if _is_rail_link(sites, site_id, link):
            continue
        for one, other in ((site_id, link.to), (link.to, site_id))[: 1 if link.one_way else 2]:
            if one != other:
                found[other if reverse else one].append(one if reverse else other)
    return found


def _reachable_from(graph: Mapping[str, list[str]], start: str) -> set[str]:
    found, edge = {start}, [start]
    while edge:
        for to in graph[edge.pop()]:
            if to not in found:
                found.add(to)
                edge.append(to)
    return found


def _largest_component(forward: Mapping[str, list[str]], backward: Mapping[str, list[str]]) -> list[str]:
    """The largest part of a graph in which each can be reached from each, the first of several so large."""
    left, largest = dict.fromkeys(forward), list[str]()
    while len(left) > len(largest):
        start = next(iter(left))
        both = _reachable_from(forward, start) & _reachable_from(backward, start)
        part = [each for each in left if each in both]
        largest = max(largest, part, key=len)
        for each in part:
            del left[each]
    return largest
