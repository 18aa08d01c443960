"""The networks shipped with the package: files of `[sites.<id>]` as an operator writes them."""

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType

import msgspec

from streams.network.config import BuiltinNetwork, SiteConfig


@lru_cache
def builtin_sites(name: BuiltinNetwork) -> Mapping[str, SiteConfig]:
    """The sites of a shipped network, by id; none for `none`."""
    if name == "none":
        return MappingProxyType({})
    text = files("streams.network").joinpath(f"{name}.toml").read_text("utf-8")
    return MappingProxyType(msgspec.convert(tomllib.loads(text)["sites"], dict[str, SiteConfig]))
