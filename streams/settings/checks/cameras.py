"""What cameras and the gateway need of other sections."""

from collections.abc import Iterator
from typing import Final
from zoneinfo import available_timezones

from streams.settings import toml_format
from streams.settings.checks.check import Check, TomlValues, enabled_builtin_sites, section_entries
from streams.settings.validation import SettingFinding, suggest_name


def _check_senders(values: TomlValues) -> Iterator[SettingFinding]:
    """What a camera that sends to the gateway needs."""
    own, below = dict(section_entries(values, "sites")), enabled_builtin_sites(values)
    kept = values.get("topics", {})
    hours = kept.get("reads_hours", {}) if isinstance(kept, dict) else {}
    for name, camera in section_entries(values, "cameras"):
        zone = camera.get("zone")
        if isinstance(zone, str) and zone not in available_timezones():
            advice = suggest_name(zone, available_timezones())
            rule = "is the name of a zone as in the IANA time zone database"
            yield SettingFinding(
                ("cameras", name, "zone"), rule, toml_format.format_for_message(zone), advice
            )
        if "maker" not in camera:
            continue
        site = camera.get("site")
        if not isinstance(site, str):
            rule = "goes with a `site`, whose `territory` says to which topic its reads go"
            yield SettingFinding(("cameras", name, "maker"), rule, "")
        elif site in own or site in below:
            country = own[site].get("territory") if site in own else below[site].territory
            # A shipped site has no line in the file.
            path = ("sites", site, "territory") if site in own else ("cameras", name, "site")
            if country is None:
                rule = f"is required, for the camera {name} sends to the topic of its country"
                yield SettingFinding(("sites", site, "territory"), rule, "")
            elif isinstance(hours, dict) and country not in hours:
                rule = f"has a country in `reads_hours` of [topics], for the camera {name} sends to its topic"
                yield SettingFinding(path, rule, toml_format.format_for_message(str(country)))


def _check_gateway(values: TomlValues) -> Iterator[SettingFinding]:
    section = values.get("gateway")
    given = section if isinstance(section, dict) else {}
    for name, other in (
        ("cert_file", "key_file"),
        ("key_file", "cert_file"),
        ("client_ca_file", "cert_file"),
    ):
        if name in given and other not in given:
            yield SettingFinding(("gateway", name), f"needs `{other}`, which is missing", "")
    for name, camera in section_entries(values, "cameras"):
        if camera.get("auth") == "certificate":
            if "client_ca_file" not in given:
                rule = "is certificate only where [gateway] has `client_ca_file`, which says who may sign it"
                yield SettingFinding(("cameras", name, "auth"), rule, "")
            if "secret_file" in camera:
                rule = "goes with `auth` basic, digest or bearer, but `auth` is certificate"
                yield SettingFinding(("cameras", name, "secret_file"), rule, "")


CAMERAS: Final = (
    Check(
        "A camera with a `maker` has a `site` with a `territory` that is in `reads_hours` of `[topics]`. Its "
        "`zone` is in the IANA time zone database.",
        _check_senders,
    ),
    Check(
        "In `[gateway]`, `cert_file` and `key_file` go together, and `client_ca_file` goes with them. A "
        "camera whose `auth` is certificate needs `client_ca_file`, and has no `secret_file`.",
        _check_gateway,
    ),
)
