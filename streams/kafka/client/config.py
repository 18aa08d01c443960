"""`[kafka]` of the settings, what contradicts itself in it, and the variables that go before its files."""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Final, Literal, get_args
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct

from streams.records.faults import Fault, shown_value

PASSWORD_VARIABLE: Final = "ANPR_KAFKA_PASSWORD"
"""The environment variable that goes before `password_file`."""
CLIENT_SECRET_VARIABLE: Final = "ANPR_KAFKA_CLIENT_SECRET"
"""The environment variable that goes before `client_secret_file`."""
KEY_PASSWORD_VARIABLE: Final = "ANPR_KAFKA_KEY_PASSWORD"
"""The environment variable that goes before `key_password_file`."""

Security = Literal["plaintext", "tls", "sasl-plaintext", "sasl-tls"]
Mechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"]
Server = Annotated[str, Meta(pattern=r"^([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}\Z", max_length=260)]
Name = Annotated[str, Meta(min_length=1, max_length=1000)]

WITH_TLS: Final = ("tls", "sasl-tls")
WITH_SASL: Final = ("sasl-plaintext", "sasl-tls")
_TLS_KEYS: Final = ("ca_file", "cert_file", "key_file", "key_password_file")
_PASSWORD_KEYS: Final = ("username", "password_file")
_OAUTH_KEYS: Final = ("token_url", "client_id", "client_secret_file", "scope")
_LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")


class KafkaConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """`[kafka]`: where the brokers are and how to prove who one is."""

    servers: Annotated[
        list[Server],
        Meta(min_length=1, description="brokers to begin with, each host:port; IPv6 addresses in brackets"),
    ] = msgspec.field(default_factory=lambda: ["127.0.0.1:9092"])
    security: Annotated[
        Security,
        Meta(description="`plaintext`, or encrypted with `tls`; with `sasl-` in front also a login"),
    ] = "plaintext"
    ca_file: Annotated[
        Name | None,
        Meta(
            description="PEM file of the authorities that sign the brokers' certificates; else the system's"
        ),
    ] = None
    cert_file: Annotated[Name | None, Meta(description="PEM file of one's own certificate, for mTLS")] = None
    key_file: Annotated[Name | None, Meta(description="PEM file of that certificate's key")] = None
    key_password_file: Annotated[
        Name | None,
        Meta(
            description=(
                f"file with the key's password; the environment's {KEY_PASSWORD_VARIABLE} goes before it"
            )
        ),
    ] = None
    mechanism: Annotated[Mechanism | None, Meta(description="kind of login")] = None
    username: Annotated[Name | None, Meta(description="user's name, for PLAIN and SCRAM")] = None
    password_file: Annotated[
        Name | None,
        Meta(
            description=f"file with the user's password; the environment's {PASSWORD_VARIABLE} goes before it"
        ),
    ] = None
    token_url: Annotated[
        Name | None,
        Meta(description="https address that gives tokens for client credentials, for OAUTHBEARER"),
    ] = None
    client_id: Annotated[Name | None, Meta(description="client's id there")] = None
    client_secret_file: Annotated[
        Name | None,
        Meta(
            description=(
                f"file with the client's secret; the environment's {CLIENT_SECRET_VARIABLE} goes before it"
            )
        ),
    ] = None
    scope: Annotated[Name | None, Meta(description="scope to ask for there")] = None
    client_name: Annotated[
        str,
        Meta(
            pattern=r"^[A-Za-z0-9._-]+\Z",
            max_length=64,
            description="what brokers call this client in their logs and quotas; parts of it add their own",
        ),
    ] = "anpr"


def find_contradictions(values: Mapping[str, object]) -> Iterator[Fault]:
    """What is wrong with the keys of `[kafka]` together, as far as no file need be opened for it.

    Takes the values as TOML gives them, or a section's own; None is as good as missing. A value of a wrong
    type is passed over. Each fault names both keys it is about, and none tells a value that may be secret.
    """
    given = {name for name, value in values.items() if value is not None}
    security = values.get("security", "plaintext")
    if security in get_args(Security):
        yield from _check_security(str(security), values.get("mechanism"), given)
    for name, other in (
        ("cert_file", "key_file"),
        ("key_file", "cert_file"),
        ("key_password_file", "key_file"),
    ):
        if name in given and other not in given:
            yield Fault(name, f"needs `{other}`, which is missing", "")
    servers = values.get("servers")
    for server in servers if isinstance(servers, list) else ():
        port = server.rpartition(":")[2] if isinstance(server, str) else ""
        if re.fullmatch("[0-9]{1,5}", port) and not 1 <= int(port) <= 65535:
            yield Fault("servers", "has ports from 1 to 65535", shown_value(server))
    url = values.get("token_url")
    if isinstance(url, str) and not _is_token_url(url):
        rule = "is an https address without a user, password or fragment in it; http only to this machine"
        yield Fault("token_url", rule, "")


def _check_security(security: str, mechanism: object, present: set[str]) -> Iterator[Fault]:
    if security not in WITH_TLS:
        for name in sorted(present.intersection(_TLS_KEYS), key=_TLS_KEYS.index):
            yield Fault(name, f"goes with `security` {_join_or(WITH_TLS)}, but `security` is {security}", "")
    if security not in WITH_SASL:
        for name in ("mechanism", *_PASSWORD_KEYS, *_OAUTH_KEYS):
            if name in present:
                yield Fault(
                    name, f"goes with `security` {_join_or(WITH_SASL)}, but `security` is {security}", ""
                )
    elif mechanism is None:
        yield Fault("mechanism", f"is required by `security` {security}, and missing", "")
    elif mechanism in get_args(Mechanism):
        yield from _check_mechanism(security, str(mechanism), present)


def _check_mechanism(security: str, mechanism: str, present: set[str]) -> Iterator[Fault]:
    oauth = mechanism == "OAUTHBEARER"
    if security == "sasl-plaintext" and (oauth or mechanism == "PLAIN"):
        what = "its token" if oauth else "the password"
        rule = f"{mechanism} sends {what} readable and goes only with `security` sasl-tls"
        yield Fault("mechanism", f"{rule}, but `security` is {security}", "")
    for name in ("token_url", "client_id") if oauth else ("username",):
        if name not in present:
            yield Fault(name, f"is required by `mechanism` {mechanism}, and missing", "")
    others = get_args(Mechanism)[:3] if oauth else ("OAUTHBEARER",)
    for name in _PASSWORD_KEYS if oauth else _OAUTH_KEYS:
        if name in present:
            yield Fault(name, f"goes with `mechanism` {_join_or(others)}, but `mechanism` is {mechanism}", "")


def _join_or(choices: tuple[str, ...]) -> str:
    return " or ".join(choices)


def _is_token_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises for a port that is none
    except ValueError:
        return False
    safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    plain = url.isascii() and url.isprintable() and " " not in url
    return bool(safe and plain and parts.hostname and "@" not in parts.netloc and "#" not in url)
