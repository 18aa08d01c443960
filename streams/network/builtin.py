"""Built-in networks: files of `[sites.<id>]` in the form of an operator's settings."""

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType

import msgspec

from streams.network.config import BuiltinNetwork, SiteConfig


@lru_cache
def builtin_sites(name: BuiltinNetwork) -> Mapping[str, SiteConfig]:
    """Return the sites of a built-in network, by id; none for `none`."""
    if name == "none":
        return MappingProxyType({})
    text = files("streams.network").joinpath(f"{name}.toml").read_text("utf-8")
    return MappingProxyType(msgspec.convert(tomllib.loads(text)["sites"], dict[str, SiteConfig]))
