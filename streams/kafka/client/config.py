"""`[kafka]` of the settings, its contradictions, and the environment variables of its secrets."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Final, Literal, get_args
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct

from streams.records.faults import Fault, shown_value
from streams.runtime.errors import OperatorError

PASSWORD_VARIABLE: Final = "ANPR_KAFKA_PASSWORD"
"""The environment variable that takes precedence over `password_file`."""
CLIENT_SECRET_VARIABLE: Final = "ANPR_KAFKA_CLIENT_SECRET"
"""The environment variable that takes precedence over `client_secret_file`."""
KEY_PASSWORD_VARIABLE: Final = "ANPR_KAFKA_KEY_PASSWORD"
"""The environment variable that takes precedence over `key_password_file`."""

Security = Literal["plaintext", "tls", "sasl-plaintext", "sasl-tls"]
Mechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"]
Server = Annotated[
    str,
    Meta(
        pattern=r"^([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}\Z",
        max_length=260,
        extra={"pattern_text": "in the form host:port, an IPv6 address in brackets"},
    ),
]
Name = Annotated[str, Meta(min_length=1, max_length=1000)]

WITH_TLS: Final = ("tls", "sasl-tls")
WITH_SASL: Final = ("sasl-plaintext", "sasl-tls")
_TLS_KEYS: Final = ("ca_file", "cert_file", "key_file", "key_password_file")
_PASSWORD_KEYS: Final = ("username", "password_file")
_OAUTH_KEYS: Final = ("token_url", "client_id", "client_secret_file", "scope")
_LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")


class KafkaConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """`[kafka]`: the brokers, the encryption and the login."""

    servers: Annotated[
        list[Server],
        Meta(
            min_length=1,
            description="bootstrap brokers; name several, so that a start does not depend on one",
        ),
    ] = msgspec.field(default_factory=lambda: ["127.0.0.1:9092"])
    security: Annotated[
        Security,
        Meta(description="`plaintext`, or `tls` for an encrypted connection; `sasl-` in front adds a login"),
    ] = "plaintext"
    ca_file: Annotated[
        Name | None,
        Meta(
            description="PEM file with the authorities of the brokers' certificates; if not set, those of "
            "the system"
        ),
    ] = None
    cert_file: Annotated[Name | None, Meta(description="PEM file with the client certificate, for mTLS")] = (
        None
    )
    key_file: Annotated[Name | None, Meta(description="PEM file with the key of that certificate")] = None
    key_password_file: Annotated[
        Name | None,
        Meta(
            description=(
                f"file with the password of the key; {KEY_PASSWORD_VARIABLE} in the environment takes "
                "precedence"
            )
        ),
    ] = None
    mechanism: Annotated[
        Mechanism | None, Meta(description="SASL mechanism of the login, required with `sasl-`")
    ] = None
    username: Annotated[Name | None, Meta(description="user name, for PLAIN and SCRAM")] = None
    password_file: Annotated[
        Name | None,
        Meta(
            description=f"file with the password of the user; {PASSWORD_VARIABLE} in the environment takes "
            "precedence"
        ),
    ] = None
    token_url: Annotated[
        Name | None,
        Meta(description="https address of the token server (OAuth 2.0 client credentials), for OAUTHBEARER"),
    ] = None
    client_id: Annotated[Name | None, Meta(description="client id at the token server")] = None
    client_secret_file: Annotated[
        Name | None,
        Meta(
            description=(
                f"file with the client secret; {CLIENT_SECRET_VARIABLE} in the environment takes precedence"
            )
        ),
    ] = None
    scope: Annotated[Name | None, Meta(description="scope to request from the token server")] = None
    client_name: Annotated[
        str,
        Meta(
            pattern=r"^[A-Za-z0-9._-]+\Z",
            max_length=64,
            extra={"pattern_text": "made of A-Z, a-z, 0-9, dots, underscores and hyphens"},
            description="client id in the logs and quotas of the brokers; parts of the program append their "
            "names",
        ),
    ] = "anpr"


class ConnectionSettingsError(OperatorError, ValueError):
    """The settings of the connection, or the files and variables they name, have faults.

    `faults` holds all of them.
    """

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(map(str, self.faults)))


def find_contradictions(values: Mapping[str, object]) -> Iterator[Fault]:
    """Yield what is wrong with the keys of `[kafka]` together, as far as no file has to be opened for it.

    `values` are as TOML has them, or those of a KafkaConfig; None counts as not set. A value of a wrong type
    is skipped. No fault shows a value that may be secret.
    """
    present = {key for key, value in values.items() if value is not None}
    security = values.get("security", "plaintext")
    if security in get_args(Security):
        yield from _check_security(str(security), values.get("mechanism"), present)
    for key, partner in (
        ("cert_file", "key_file"),
        ("key_file", "cert_file"),
        ("key_password_file", "key_file"),
    ):
        if key in present and partner not in present:
            yield Fault(key, f"must be set together with `{partner}`, which is missing", "")
    servers = values.get("servers")
    for server in servers if isinstance(servers, list) else ():
        port = server.rpartition(":")[2] if isinstance(server, str) else ""
        if re.fullmatch("[0-9]{1,5}", port) and not 1 <= int(port) <= 65535:
            yield Fault("servers", "must have ports from 1 to 65535", shown_value(server))
    url = values.get("token_url")
    if isinstance(url, str) and not _is_token_url(url):
        rule = "must be an https address without a user, password or fragment; http only for this machine"
        yield Fault("token_url", rule, "")


def _check_security(security: str, mechanism: object, present: set[str]) -> Iterator[Fault]:
    if security not in WITH_TLS:
        for key in _TLS_KEYS:
            if key in present:
                yield _unused_key(key, "security", security, WITH_TLS)
    if security not in WITH_SASL:
        for key in ("mechanism", *_PASSWORD_KEYS, *_OAUTH_KEYS):
            if key in present:
                yield _unused_key(key, "security", security, WITH_SASL)
    elif mechanism is None:
        yield Fault("mechanism", f"must be set with `security` {security}", "")
    elif mechanism in get_args(Mechanism):
        yield from _check_mechanism(security, str(mechanism), present)


def _check_mechanism(security: str, mechanism: str, present: set[str]) -> Iterator[Fault]:
    oauth = mechanism == "OAUTHBEARER"
    if security == "sasl-plaintext" and (oauth or mechanism == "PLAIN"):
        credential = "the token" if oauth else "the password"
        rule = f"must not be {mechanism} with `security` {security}: {credential} would be sent unencrypted"
        yield Fault("mechanism", f"{rule}; set `security` to sasl-tls", "")
    for key in ("token_url", "client_id") if oauth else ("username",):
        if key not in present:
            yield Fault(key, f"must be set with `mechanism` {mechanism}", "")
    users = get_args(Mechanism)[:3] if oauth else ("OAUTHBEARER",)
    for key in _PASSWORD_KEYS if oauth else _OAUTH_KEYS:
        if key in present:
            yield _unused_key(key, "mechanism", mechanism, users)


def _unused_key(key: str, setting: str, value: str, users: tuple[str, ...]) -> Fault:
    """Return the fault of a key that only other values of a setting use."""
    return Fault(key, f"must not be set with `{setting}` {value}, only with {' or '.join(users)}", "")


def _is_token_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises ValueError for an invalid port
    except ValueError:
        return False
    safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    plain = url.isascii() and url.isprintable() and " " not in url
    return bool(safe and plain and parts.hostname and "@" not in parts.netloc and "#" not in url)
