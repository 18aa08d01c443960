"""What cameras and the gateway need of other sections."""

from collections.abc import Iterator
from typing import Final
from zoneinfo import available_timezones

from streams.settings import toml_format
from streams.settings.checks.check import Check, Values, shipped, tables
from streams.settings.validation import Finding, nearest


def _senders(values: Values) -> Iterator[Finding]:
    """What a camera that sends to the gateway needs."""
    own, below = dict(tables(values, "sites")), shipped(values)
    kept = values.get("topics", {})
    hours = kept.get("reads_hours", {}) if isinstance(kept, dict) else {}
    for name, camera in tables(values, "cameras"):
        zone = camera.get("zone")
        if isinstance(zone, str) and zone not in available_timezones():
            advice = nearest(zone, available_timezones())
            rule = "is the name of a zone as in the IANA time zone database"
            yield Finding(("cameras", name, "zone"), rule, toml_format.in_message(zone), advice)
        if "maker" not in camera:
            continue
        site = camera.get("site")
        if not isinstance(site, str):
            rule = "goes with a `site`, whose `territory` says to which topic its reads go"
            yield Finding(("cameras", name, "maker"), rule, "")
        elif site in own or site in below:
            country = own[site].get("territory") if site in own else below[site].territory
            # A shipped site has no line in the file.
            path = ("sites", site, "territory") if site in own else ("cameras", name, "site")
            if country is None:
                rule = f"is required, for the camera {name} sends to the topic of its country"
                yield Finding(("sites", site, "territory"), rule, "")
            elif isinstance(hours, dict) and country not in hours:
                rule = f"has a country in `reads_hours` of [topics], for the camera {name} sends to its topic"
                yield Finding(path, rule, toml_format.in_message(str(country)))


def _gateway(values: Values) -> Iterator[Finding]:
    section = values.get("gateway")
    given = section if isinstance(section, dict) else {}
    for name, other in (
        ("cert_file", "key_file"),
        ("key_file", "cert_file"),
        ("client_ca_file", "cert_file"),
    ):
        if name in given and other not in given:
            yield Finding(("gateway", name), f"needs `{other}`, which is missing", "")
    for name, camera in tables(values, "cameras"):
        if camera.get("auth") == "certificate":
            if "client_ca_file" not in given:
                rule = "is certificate only where [gateway] has `client_ca_file`, which says who may sign it"
                yield Finding(("cameras", name, "auth"), rule, "")
            if "secret_file" in camera:
                rule = "goes with `auth` basic, digest or bearer, but `auth` is certificate"
                yield Finding(("cameras", name, "secret_file"), rule, "")


CAMERAS: Final = (
    Check(
        "A camera with a `maker` has a `site` with a `territory` that is in `reads_hours` of `[topics]`. Its "
        "`zone` is in the IANA time zone database.",
        _senders,
    ),
    Check(
        "In `[gateway]`, `cert_file` and `key_file` go together, and `client_ca_file` goes with them. A "
        "camera whose `auth` is certificate needs `client_ca_file`, and has no `secret_file`.",
        _gateway,
    ),
)
