"""Networks for these tests, told in few words."""

from typing import Any

from streams.network.config import LinkConfig, SiteConfig
from streams.network.routing import Network


def make_sites(*links: str, **figures: Any) -> dict[str, SiteConfig]:
    """Sites and their links: `a-b 10 6` is 10 km and 6 min between a and b, `a>b` leads one way only.

    Without figures a link is 10 km and 6 min long.
    """
    begun: dict[str, list[LinkConfig]] = {}
    for told in links:
        ends, *numbers = told.split()
        one, other = ends.replace(">", "-").split("-")
        km, minutes = map(float, numbers or (10, 6))
        begun.setdefault(one, []).append(LinkConfig(other, km, minutes, one_way=">" in ends, **figures))
        begun.setdefault(other, [])
    return {site_id: SiteConfig(links=its) for site_id, its in begun.items()}


def make_network(*links: str, **figures: Any) -> Network:
    """The network of these sites and links."""
    return Network(make_sites(*links, **figures))
