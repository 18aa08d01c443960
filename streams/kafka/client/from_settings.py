"""From `[kafka]` and the environment to a connection, with all faults of both and of the files named."""

from collections.abc import Callable, Mapping
from time import monotonic
from typing import Final

import msgspec

from streams.kafka.client.config import (
    CLIENT_SECRET_VARIABLE,
    KEY_PASSWORD_VARIABLE,
    PASSWORD_VARIABLE,
    WITH_SASL,
    WITH_TLS,
    ConnectionSettingsError,
    KafkaConfig,
    find_contradictions,
)
from streams.kafka.client.connection import Connection
from streams.kafka.client.oauth import TokenSource
from streams.kafka.client.tls import TlsContextBuilder
from streams.records.faults import Fault
from streams.runtime.secrets import Secret, SecretReader, SecretSource

_MAX_SECRET_BYTES: Final = 64 * 1024
_VARIABLES: Final = (PASSWORD_VARIABLE, CLIENT_SECRET_VARIABLE, KEY_PASSWORD_VARIABLE)


def connection_from_settings(
    config: KafkaConfig, environ: Mapping[str, str], clock: Callable[[], float] = monotonic
) -> Connection:
    """Return the connection that the settings and the environment describe; read the files they name.

    A secret in the environment takes precedence over its file, which is not read then; an empty variable
    counts as not set. Relative paths start at the current folder. `clock` returns seconds and tells the age
    of a token. Raises ConnectionSettingsError with all faults: contradictions, files that are missing, cannot
    be read, are empty or have wrong content, and secrets that are missing or not used.
    """
    sasl, tls = config.security in WITH_SASL, config.security in WITH_TLS
    oauth = sasl and config.mechanism == "OAUTHBEARER"
    by_password = sasl and config.mechanism is not None and not oauth
    required_by = f"`mechanism` {config.mechanism}"

    reader = SecretReader(environ, _MAX_SECRET_BYTES)
    reader.faults += find_contradictions(msgspec.structs.asdict(config))
    password = _read_secret(
        reader,
        SecretSource(PASSWORD_VARIABLE, "password_file", config.password_file),
        "`mechanism` PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512",
        required_by if by_password else None,
    )
    client_secret = _read_secret(
        reader,
        SecretSource(CLIENT_SECRET_VARIABLE, "client_secret_file", config.client_secret_file),
        "`mechanism` OAUTHBEARER",
        required_by if oauth else None,
    )
    key_source = SecretSource(KEY_PASSWORD_VARIABLE, "key_password_file", config.key_password_file)
    # A key need not be encrypted, so its password is used but not required.
    key_password = _read_secret(reader, key_source, "`key_file`", "" if tls and config.key_file else None)

    tls_builder = TlsContextBuilder(config)
    broker_context = tls_builder.broker_context(key_password, reader.field(key_source)) if tls else None
    token_source = None
    if oauth and client_secret and config.token_url and config.client_id:
        token_context = tls_builder.token_server_context()
        token_source = TokenSource(
            config.token_url, config.client_id, client_secret, config.scope, token_context, clock
        )

    faults = reader.faults + tls_builder.faults
    if faults:
        raise ConnectionSettingsError(map(_with_section, faults))
    return Connection(config, broker_context, password if by_password else None, token_source)


def _read_secret(
    reader: SecretReader, source: SecretSource, used_with: str, required_by: str | None
) -> Secret | None:
    """Read a secret; one that is set in the environment though not used is a fault.

    `required_by` is the setting that requires the secret, empty if it may be left out, None if it has no use.
    A file without use is already among the contradictions.
    """
    if required_by is None and reader.is_in_environment(source):
        reader.add_fault(source.variable, f"must not be set in the environment without {used_with}")
    return reader.read(source, required_by or "")


def _with_section(fault: Fault) -> Fault:
    return fault if fault.field in _VARIABLES else fault._replace(field=f"kafka.{fault.field}")
