"""Networks for tests, in short notation."""

from typing import Any

from streams.network.config import LinkConfig, SiteConfig
from streams.network.routing import Network


def make_sites(*links: str, **figures: Any) -> dict[str, SiteConfig]:
    """Return sites and their links: `a-b 10 6` is 10 km and 6 min between a and b, `a>b` is one-way.

    By default a link has 10 km and 6 min; `figures` are further fields of all links.
    """
    links_by_site: dict[str, list[LinkConfig]] = {}
    for text in links:
        ends, *values = text.split()
        start, end = ends.replace(">", "-").split("-")
        km, minutes = map(float, values or (10, 6))
        link = LinkConfig(end, km, minutes, one_way=">" in ends, **figures)
        links_by_site.setdefault(start, []).append(link)
        links_by_site.setdefault(end, [])
    return {site_id: SiteConfig(links=site_links) for site_id, site_links in links_by_site.items()}


def make_network(*links: str, **figures: Any) -> Network:
    """Return the network of these sites and links."""
    return Network(make_sites(*links, **figures))
