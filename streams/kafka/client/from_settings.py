"""From the settings and the environment to a connection: reads what they name and tells all faults."""

import json
import ssl
from collections.abc import Callable, Mapping
from pathlib import Path
from time import monotonic
from typing import Final

import msgspec

from streams.kafka.client.config import (
    CLIENT_SECRET_VARIABLE,
    KEY_PASSWORD_VARIABLE,
    PASSWORD_VARIABLE,
    WITH_SASL,
    WITH_TLS,
    KafkaConfig,
    find_contradictions,
)
from streams.kafka.client.connection import Connection
from streams.kafka.client.oauth import MAX_RESPONSE_BYTES, TokenSource
from streams.records.faults import Fault
from streams.runtime.secrets import ConnectionSettingsError, Secret

_MAX_SECRET_BYTES: Final = 64 * 1024
_ENV_VARIABLES: Final = (PASSWORD_VARIABLE, CLIENT_SECRET_VARIABLE, KEY_PASSWORD_VARIABLE)


def connection_from_settings(
    config: KafkaConfig, environ: Mapping[str, str], clock: Callable[[], float] = monotonic
) -> Connection:
    """The connection that the settings and the environment give; reads the files they name.

    A secret in the environment goes before its file, which is not read then; an empty variable counts as not
    set. Relative paths begin at the current folder. `clock` tells seconds and is asked how old a token is.
    Raises ConnectionSettingsError with all faults: contradictions, files that are missing, cannot be read,
    are empty or are not what they should be, and secrets that are missing or have no use.
    """
    return _ConnectionBuilder(config, environ).build(clock)


class _ConnectionBuilder:
    """The files and variables that a section names, and the faults found in them so far."""

    def __init__(self, config: KafkaConfig, environ: Mapping[str, str]) -> None:
        self._config = config
        self._environ = environ
        self._faults = list(find_contradictions(msgspec.structs.asdict(config)))

    def build(self, clock: Callable[[], float]) -> Connection:
        section = self._config
        sasl, tls = section.security in WITH_SASL, section.security in WITH_TLS
        oauth = section.mechanism == "OAUTHBEARER"
        by_password = sasl and section.mechanism is not None and not oauth
        password = self._read_secret(
            "password_file", PASSWORD_VARIABLE, by_password, "a SASL login by PLAIN or SCRAM"
        )
        secret = self._read_secret(
            "client_secret_file", CLIENT_SECRET_VARIABLE, sasl and oauth, "OAUTHBEARER"
        )
        for name, found in (("password_file", password), ("client_secret_file", secret)):
            self._require(name, found, by_password if name == "password_file" else sasl and oauth)
        keyed = tls and section.key_file is not None
        key_password = self._read_secret("key_password_file", KEY_PASSWORD_VARIABLE, keyed, "`key_file`")
        readable = [name for name in ("ca_file", "cert_file", "key_file") if self._read_file(name)]
        context = self._build_tls_context(readable, key_password) if tls else None
        tokens = None
        if sasl and oauth and secret and section.token_url and section.client_id:
            tls_there = self._build_token_tls_context("ca_file" in readable)
            tokens = TokenSource(
                section.token_url, section.client_id, secret, section.scope, tls_there, clock
            )
        if self._faults:
            raise ConnectionSettingsError(
                each._replace(field=each.field if each.field in _ENV_VARIABLES else f"kafka.{each.field}")
                for each in self._faults
            )
        return Connection(section, context, password if by_password else None, tokens)

    def _read_secret(self, name: str, variable: str, required: bool, use: str) -> Secret | None:
        """The secret of a variable or else a file; a variable that is set and has no use is a fault."""
        text = self._environ.get(variable)
        if text:
            if not required:
                self._add_fault(variable, f"is set in the environment, but is of use only with {use}")
            return self._parse_secret(variable, text)
        content = self._read_file(name)
        if content is None:
            return None
        if len(content) > _MAX_SECRET_BYTES:
            self._add_fault(name, f"names a file of at most {_MAX_SECRET_BYTES} bytes", name)
            return None
        try:
            return self._parse_secret(name, content.decode())
        except UnicodeDecodeError:
            self._add_fault(name, "names a file of UTF-8 text, and this is none", name)
            return None

    def _parse_secret(self, name: str, text: str) -> Secret | None:
        # Editors and `echo` end a file with a line's end; it is no part of the secret.
        text = text.removesuffix("\n").removesuffix("\r")
        source = "" if name in _ENV_VARIABLES else name
        if not text.strip():
            self._add_fault(name, "holds a secret, and this is blank", source)
        elif any(ord(each) < 32 or ord(each) == 127 for each in text):
            self._add_fault(name, "holds one line without control characters, and this holds more", source)
        else:
            return Secret(text)
        return None

    def _require(self, name: str, secret: Secret | None, required: bool) -> None:
        variable = PASSWORD_VARIABLE if name == "password_file" else CLIENT_SECRET_VARIABLE
        # What is given and has a fault of its own is not missing too.
        if (
            required
            and not secret
            and getattr(self._config, name) is None
            and not self._environ.get(variable)
        ):
            mechanism = self._config.mechanism
            rule = (
                f"or {variable} in the environment is required by `mechanism` {mechanism}, both are missing"
            )
            self._add_fault(name, rule)

    def _read_file(self, name: str) -> bytes | None:
        """What is in the file that a key names, at least one byte of it; else a fault if it names one."""
        path = getattr(self._config, name)
        if path is None:
            return None
        try:
            with Path(path).open("rb") as file:
                content = file.read(MAX_RESPONSE_BYTES)
        except (OSError, ValueError) as error:  # ValueError: a NUL in the path
            why = getattr(error, "strerror", None) or str(error)
            self._add_fault(name, f"names a file that cannot be read ({why})", name)
            return None
        if not content:
            self._add_fault(name, "names a file that is empty", name)
            return None
        return content

    def _build_tls_context(self, readable: list[str], key_password: Secret | None) -> ssl.SSLContext | None:
        section = self._config
        context: ssl.SSLContext | None = None
        if section.ca_file is None or "ca_file" in readable:
            try:
                context = ssl.create_default_context(cafile=section.ca_file)
            except (ssl.SSLError, OSError):
                self._add_fault("ca_file", "names a PEM file of certificates, and this is none", "ca_file")
        if section.cert_file and section.key_file and {"cert_file", "key_file"} <= set(readable):
            # With the authorities at fault one's own certificate is still looked at.
            own = context or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            self._load_own_certificate(own, section.cert_file, section.key_file, key_password)
        return context

    def _load_own_certificate(
        self, context: ssl.SSLContext, cert: str, key: str, key_password: Secret | None
    ) -> None:
        """Loads one's own certificate and key."""
        asked = []

        def password() -> str:
            # Given always, for without it OpenSSL asks the terminal and the program stands still.
            asked.append(True)
            return key_password.reveal() if key_password else ""

        sound = self._check_pem("cert_file", "-----BEGIN CERTIFICATE-----", "a certificate")
        sound &= self._check_pem("key_file", "PRIVATE KEY-----", "a private key")
        if not sound:
            return
        try:
            # Alone first: the error of loading both does not say which is at fault.
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cert)
        except (ssl.SSLError, OSError):
            self._add_fault("cert_file", "names a PEM file of a certificate, and this is none", "cert_file")
            return
        try:
            context.load_cert_chain(cert, key, password)
        except (ssl.SSLError, OSError, ValueError) as error:
            if asked and key_password:
                given = (
                    KEY_PASSWORD_VARIABLE
                    if self._environ.get(KEY_PASSWORD_VARIABLE)
                    else "`key_password_file`"
                )
                self._add_fault("key_file", f"is not opened by the password in {given}", "key_file")
            elif asked:
                rule = (
                    f"is encrypted and needs `key_password_file` or {KEY_PASSWORD_VARIABLE} in the "
                    "environment"
                )
                self._add_fault("key_file", rule, "key_file")
            elif getattr(error, "reason", None) == "KEY_VALUES_MISMATCH":
                self._add_fault("key_file", "names the key of `cert_file`, and this is another", "key_file")
            else:
                self._add_fault("key_file", "names a PEM file of a private key, and this is none", "key_file")

    def _check_pem(self, name: str, mark: str, kind: str) -> bool:
        found = mark.encode() in (self._read_file(name) or b"")
        if not found:
            self._add_fault(name, f"names a PEM file of {kind}, and this is none", name)
        return found

    def _build_token_tls_context(self, with_ca: bool) -> ssl.SSLContext | None:
        """Trusts the system's authorities and those of `ca_file`: tokens often come from elsewhere."""
        if self._config.token_url is None or self._config.token_url.startswith("http:"):
            return None
        context = ssl.create_default_context()
        if with_ca:
            try:
                context.load_verify_locations(self._config.ca_file)
            except (ssl.SSLError, OSError):
                return None  # a fault already
        return context

    def _add_fault(self, name: str, rule: str, file_key: str = "") -> None:
        """Notes a fault, with the path of the file that the key `path_of` names."""
        # The whole path, however long: its end is what tells files apart.
        path = json.dumps(getattr(self._config, file_key), ensure_ascii=False) if file_key else ""
        self._faults.append(Fault(name, rule, path))
