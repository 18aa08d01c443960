"""Checks of cameras and the gateway against other sections."""

from collections.abc import Iterator
from typing import Final
from zoneinfo import available_timezones

from streams.settings import toml_format
from streams.settings.checks.check import (
    Check,
    TomlValues,
    enabled_builtin_sites,
    section_entries,
    section_values,
)
from streams.settings.validation import SettingFinding, suggest_name


def _check_zones(values: TomlValues) -> Iterator[SettingFinding]:
    for name, camera in section_entries(values, "cameras"):
        zone = camera.get("zone")
        if isinstance(zone, str) and zone not in available_timezones():
            yield SettingFinding(
                ("cameras", name, "zone"),
                "must be the name of a time zone in the IANA database",
                toml_format.format_for_message(zone),
                suggest_name(zone, available_timezones()),
            )


def _check_senders(values: TomlValues) -> Iterator[SettingFinding]:
    """Check that the reads of each camera that sends to the gateway have a topic."""
    sites, builtin_sites = dict(section_entries(values, "sites")), enabled_builtin_sites(values)
    hours = section_values(values, "topics").get("reads_hours", {})
    for name, camera in section_entries(values, "cameras"):
        if "maker" not in camera:
            continue
        site = camera.get("site")
        if not isinstance(site, str):
            rule = "must be set together with `site`, whose `territory` decides the topic of the reads"
            yield SettingFinding(("cameras", name, "maker"), rule)
        elif site in sites:
            country, path = sites[site].get("territory"), ("sites", site, "territory")
            if country is None:
                rule = f"must be set, because camera {name} sends to the topic of this country"
                yield SettingFinding(path, rule)
            elif isinstance(hours, dict) and country not in hours:
                rule = f"must be a country in `reads_hours` of [topics], to whose topic camera {name} sends"
                yield SettingFinding(path, rule, toml_format.format_for_message(str(country)))
        elif site in builtin_sites:
            # A built-in site has no line in the file.
            country = builtin_sites[site].territory
            if isinstance(hours, dict) and country not in hours:
                rule = "must be a site in a country in `reads_hours` of [topics], to whose topic it sends"
                shown = toml_format.format_for_message(f"{site} ({country})")
                yield SettingFinding(("cameras", name, "site"), rule, shown)


def _check_gateway(values: TomlValues) -> Iterator[SettingFinding]:
    gateway = section_values(values, "gateway")
    for key, partner in (
        ("cert_file", "key_file"),
        ("key_file", "cert_file"),
        ("client_ca_file", "cert_file"),
    ):
        if key in gateway and partner not in gateway:
            yield SettingFinding(("gateway", key), f"must be set together with `{partner}`, which is missing")
    for name, camera in section_entries(values, "cameras"):
        if camera.get("auth") == "certificate":
            if "client_ca_file" not in gateway:
                rule = (
                    "must not be certificate without `client_ca_file` of [gateway], the authorities that "
                    "sign the cameras' certificates"
                )
                yield SettingFinding(("cameras", name, "auth"), rule)
            if "secret_file" in camera:
                rule = "must not be set with `auth` certificate, only with basic, digest or bearer"
                yield SettingFinding(("cameras", name, "secret_file"), rule)


CAMERAS: Final = (
    Check("The `zone` of a camera must be in the IANA time zone database.", _check_zones),
    Check(
        "A camera with a `maker` must have a `site` whose `territory` is in `reads_hours` of `[topics]`.",
        _check_senders,
    ),
    Check(
        "In `[gateway]`, `cert_file` and `key_file` must be set together, and `client_ca_file` only with "
        "them. A camera with `auth` certificate requires `client_ca_file` and must not have a `secret_file`.",
        _check_gateway,
    ),
)
