"""The TLS contexts of a connection, built from the PEM files that `[kafka]` names."""

import json
import ssl
from pathlib import Path
from typing import Final

from streams.kafka.client.config import KEY_PASSWORD_VARIABLE, KafkaConfig
from streams.records.faults import Fault
from streams.runtime.secrets import Secret

_MAX_PEM_BYTES: Final = 1024 * 1024


class TlsContextBuilder:
    """Read the PEM files of `[kafka]` and collect what is wrong with them in `faults`."""

    def __init__(self, config: KafkaConfig) -> None:
        self.faults: list[Fault] = []
        self._config = config
        self._pem = {
            key: content
            for key in ("ca_file", "cert_file", "key_file")
            if (content := self._read_file(key)) is not None
        }

    def broker_context(self, key_password: Secret | None, password_field: str) -> ssl.SSLContext | None:
        """Return the context for brokers; None if `ca_file` has a fault.

        It trusts the authorities of `ca_file`, or those of the system without one. `password_field` is where
        the password of the key comes from, for faults.
        """
        context: ssl.SSLContext | None = None
        if self._config.ca_file is None or "ca_file" in self._pem:
            try:
                context = tls_context(self._config.ca_file)
            except (ssl.SSLError, OSError):
                self._add_fault("ca_file", "must name a PEM file of certificates")
        if "cert_file" in self._pem and "key_file" in self._pem:
            # With a fault in the authorities the client's own certificate is still checked.
            self._load_client_certificate(
                context or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), key_password, password_field
            )
        return context

    def token_server_context(self) -> ssl.SSLContext | None:
        """Return the context for the token server; None if it is not asked over TLS.

        It trusts the authorities of the system and of `ca_file`, as token servers often belong to others.
        """
        if self._config.token_url is None or self._config.token_url.startswith("http:"):
            return None
        context = tls_context()
        if "ca_file" in self._pem:
            try:
                context.load_verify_locations(self._config.ca_file)
            except (ssl.SSLError, OSError):
                return None  # `broker_context` reports it
        return context

    def _load_client_certificate(
        self, context: ssl.SSLContext, key_password: Secret | None, password_field: str
    ) -> None:
        password_requested = False

        def password() -> str:
            # Always passed: without it OpenSSL prompts on the terminal and blocks the program.
            nonlocal password_requested
            password_requested = True
            return key_password.reveal() if key_password else ""

        is_certificate = self._check_marker("cert_file", b"-----BEGIN CERTIFICATE-----", "a certificate")
        is_key = self._check_marker("key_file", b"PRIVATE KEY-----", "a private key")
        if not (is_certificate and is_key):
            return
        assert self._config.cert_file is not None
        try:
            # On its own first: the error of loading both does not say which file is at fault.
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(self._config.cert_file)
        except (ssl.SSLError, OSError):
            self._add_fault("cert_file", "must name a PEM file of a certificate")
            return
        try:
            context.load_cert_chain(self._config.cert_file, self._config.key_file, password)
        except (ssl.SSLError, OSError, ValueError) as error:
            if password_requested and key_password:
                rule = f"must name a key that the password in `{password_field}` decrypts"
            elif password_requested:
                rule = (
                    "must name a key that is not encrypted, unless `key_password_file` or "
                    f"{KEY_PASSWORD_VARIABLE} in the environment is set"
                )
            elif getattr(error, "reason", None) == "KEY_VALUES_MISMATCH":
                rule = "must name the key of the certificate in `cert_file`"
            else:
                rule = "must name a PEM file of a private key"
            self._add_fault("key_file", rule)

    def _check_marker(self, key: str, marker: bytes, content_name: str) -> bool:
        present = marker in self._pem[key]
        if not present:
            self._add_fault(key, f"must name a PEM file of {content_name}")
        return present

    def _read_file(self, key: str) -> bytes | None:
        path = getattr(self._config, key)
        if path is None:
            return None
        try:
            with Path(path).open("rb") as file:
                content = file.read(_MAX_PEM_BYTES)
        except (OSError, ValueError) as error:  # ValueError: a NUL in the path
            why = getattr(error, "strerror", None) or str(error)
            self._add_fault(key, f"must name a file that can be read ({why})")
            return None
        if not content:
            self._add_fault(key, "must name a file that is not empty")
            return None
        return content

    def _add_fault(self, key: str, rule: str) -> None:
        # The whole path, however long: its end is what tells files apart.
        path = json.dumps(getattr(self._config, key), ensure_ascii=False)
        self.faults.append(Fault(key, rule, path))


def tls_context(ca_file: str | None = None) -> ssl.SSLContext:
    """Return a client's context that trusts the authorities of a PEM file, else those of the system.

    Raises ssl.SSLError or OSError for a file that cannot be used.
    """
    return ssl.create_default_context(cafile=ca_file)
