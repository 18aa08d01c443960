"""A way to the brokers, and what it gives to Faust, aiokafka and kafka-python."""

import ssl
from typing import Any, Final

from msgspec import Struct

from streams.kafka.client.config import KafkaSection
from streams.kafka.client.oauth import TokenSource, provider_for_aiokafka, provider_for_kafka_python
from streams.runtime.secrets import Secret, Unprinted

_PROTOCOLS: Final[dict[str, str]] = {
    "plaintext": "PLAINTEXT",
    "tls": "SSL",
    "sasl-plaintext": "SASL_PLAINTEXT",
    "sasl-tls": "SASL_SSL",
}


class Connection(Struct, frozen=True, eq=False):
    """A way to the brokers, with all that was in files read and found right. It prints no secret."""

    section: KafkaSection
    context: ssl.SSLContext | None
    password: Secret | None
    tokens: TokenSource | None

    def for_kafka_python(self, part: str = "") -> dict[str, Any]:
        """Keyword arguments for the clients of kafka-python 3.

        `part` says in the client's name which part of the program it is.
        """
        options = self._shared(part)
        if self.tokens:
            options["sasl_oauth_token_provider"] = provider_for_kafka_python(self.tokens)
        return options

    def for_aiokafka(self, part: str = "") -> dict[str, Any]:
        """Keyword arguments for the clients of aiokafka 0.14; `part` as in `for_kafka_python`."""
        options = self._shared(part)
        if self.tokens:
            options["sasl_oauth_token_provider"] = provider_for_aiokafka(self.tokens)
        return options

    def for_faust(self, part: str = "", scheme: str = "kafka") -> dict[str, Any]:
        """Keyword arguments for the App of faust-streaming 0.15.3: `broker`, its client id and credentials.

        `scheme` of the brokers' addresses chooses Faust's driver; `part` is as in `for_kafka_python`.
        """
        options: dict[str, Any] = {
            "broker": [f"{scheme}://{server}" for server in self.section.servers],
            "broker_client_id": self._client(part),
        }
        credentials = self._credentials()
        return options if credentials is None else {**options, "broker_credentials": credentials}

    def _credentials(self) -> Any:
        from faust.auth import OAuthCredentials, SASLCredentials, SSLCredentials

        if self.tokens:
            return OAuthCredentials(oauth_cb=provider_for_aiokafka(self.tokens), ssl_context=self.context)
        if self.password:
            return SASLCredentials(
                username=self.section.username,
                password=Unprinted(self.password.reveal()),
                mechanism=self.section.mechanism,
                ssl_context=self.context,
            )
        # Without a context of its own SSLCredentials raises TypeError.
        return SSLCredentials(self.context) if self.context else None

    def _shared(self, part: str) -> dict[str, Any]:
        options: dict[str, Any] = {
            "bootstrap_servers": list(self.section.servers),
            "client_id": self._client(part),
            "security_protocol": _PROTOCOLS[self.section.security],
        }
        if self.context:
            options["ssl_context"] = self.context
        if self.section.mechanism:
            options["sasl_mechanism"] = self.section.mechanism
        if self.password:
            options["sasl_plain_username"] = self.section.username
            options["sasl_plain_password"] = Unprinted(self.password.reveal())
        return options

    def _client(self, part: str) -> str:
        return f"{self.section.client_name}-{part}" if part else self.section.client_name
