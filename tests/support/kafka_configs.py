"""Settings of connections to Kafka, for tests."""

from typing import Any, Final

from streams.kafka.client import PASSWORD_VARIABLE, KafkaConfig
from tests.support.certificates import KEY_PASSWORD

PASSWORD_ENVIRON: Final = {PASSWORD_VARIABLE: KEY_PASSWORD}


def oauth_config(**fields: Any) -> KafkaConfig:
    """Return settings with OAUTHBEARER over TLS."""
    return KafkaConfig(
        security="sasl-tls",
        mechanism="OAUTHBEARER",
        **{"token_url": "https://login.example/token", "client_id": "worker", **fields},
    )


def password_config(mechanism: Any, security: Any = "sasl-tls", **fields: Any) -> KafkaConfig:
    """Return settings with a login by user name and password."""
    return KafkaConfig(security=security, mechanism=mechanism, username="worker", **fields)
