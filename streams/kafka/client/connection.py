"""A connection to the brokers, and the options it gives to Faust, aiokafka and kafka-python."""

import ssl
from typing import Any, Final

from msgspec import Struct

from streams.kafka.client.config import KafkaConfig
from streams.kafka.client.oauth import TokenSource, provider_for_aiokafka, provider_for_kafka_python
from streams.runtime.secrets import MaskedStr, Secret

_SECURITY_PROTOCOLS: Final[dict[str, str]] = {
    "plaintext": "PLAINTEXT",
    "tls": "SSL",
    "sasl-plaintext": "SASL_PLAINTEXT",
    "sasl-tls": "SASL_SSL",
}


class Connection(Struct, frozen=True, eq=False):
    """The settings of a connection, with the files they name read and checked. It prints no secret."""

    config: KafkaConfig
    tls_context: ssl.SSLContext | None
    password: Secret | None
    token_source: TokenSource | None

    def for_kafka_python(self, part: str = "") -> dict[str, Any]:
        """Return keyword arguments for the clients of kafka-python 3.

        `part` is the part of the program, which is appended to the client id.
        """
        options = self._common_options(part)
        if self.token_source:
            options["sasl_oauth_token_provider"] = provider_for_kafka_python(self.token_source)
        return options

    def for_aiokafka(self, part: str = "") -> dict[str, Any]:
        """Return keyword arguments for the clients of aiokafka 0.14; `part` as in `for_kafka_python`."""
        options = self._common_options(part)
        if self.token_source:
            options["sasl_oauth_token_provider"] = provider_for_aiokafka(self.token_source)
        return options

    def for_faust(self, part: str = "", scheme: str = "kafka") -> dict[str, Any]:
        """Return keyword arguments for the App of faust-streaming 0.15.3: brokers, client id and credentials.

        The `scheme` of the brokers' addresses chooses Faust's driver; `part` is as in `for_kafka_python`.
        """
        options: dict[str, Any] = {
            "broker": [f"{scheme}://{server}" for server in self.config.servers],
            "broker_client_id": self._client_id(part),
        }
        credentials = self._faust_credentials()
        return options if credentials is None else {**options, "broker_credentials": credentials}

    def _faust_credentials(self) -> Any:
        from faust.auth import OAuthCredentials, SASLCredentials, SSLCredentials

        if self.token_source:
            return OAuthCredentials(
                oauth_cb=provider_for_aiokafka(self.token_source), ssl_context=self.tls_context
            )
        if self.password:
            return SASLCredentials(
                username=self.config.username,
                password=MaskedStr(self.password.reveal()),
                mechanism=self.config.mechanism,
                ssl_context=self.tls_context,
            )
        # SSLCredentials without a context raises TypeError.
        return SSLCredentials(self.tls_context) if self.tls_context else None

    def _common_options(self, part: str) -> dict[str, Any]:
        options: dict[str, Any] = {
            "bootstrap_servers": list(self.config.servers),
            "client_id": self._client_id(part),
            "security_protocol": _SECURITY_PROTOCOLS[self.config.security],
        }
        if self.tls_context:
            options["ssl_context"] = self.tls_context
        if self.config.mechanism:
            options["sasl_mechanism"] = self.config.mechanism
        if self.password:
            options["sasl_plain_username"] = self.config.username
            options["sasl_plain_password"] = MaskedStr(self.password.reveal())
        return options

    def _client_id(self, part: str) -> str:
        return f"{self.config.client_name}-{part}" if part else self.config.client_name
