"""Networks for these tests, told in few words."""

from typing import Any

from streams.network.config import Link, Site
from streams.network.routing import Network


def sites(*links: str, **figures: Any) -> dict[str, Site]:
    """Sites and their links: `a-b 10 6` is 10 km and 6 min between a and b, `a>b` leads one way only.

    Without figures a link is 10 km and 6 min long.
    """
    begun: dict[str, list[Link]] = {}
    for told in links:
        ends, *numbers = told.split()
        one, other = ends.replace(">", "-").split("-")
        km, minutes = map(float, numbers or (10, 6))
        begun.setdefault(one, []).append(Link(other, km, minutes, one_way=">" in ends, **figures))
        begun.setdefault(other, [])
    return {site_id: Site(links=its) for site_id, its in begun.items()}


def network(*links: str, **figures: Any) -> Network:
    """The network of these sites and links."""
    return Network(sites(*links, **figures))
