"""The connection to Kafka: `[kafka]` of the settings, and the options of Faust, aiokafka and kafka-python.

One model for all three. Secrets come from files or the environment, never from the settings themselves, and
do not print. Nothing here connects to a broker; the libraries are imported only where they are needed.
"""

from streams.kafka.client.config import (
    CLIENT_SECRET_VARIABLE,
    KEY_PASSWORD_VARIABLE,
    PASSWORD_VARIABLE,
    ConnectionSettingsError,
    KafkaConfig,
    Mechanism,
    Name,
    Security,
    Server,
    find_contradictions,
)
from streams.kafka.client.connection import Connection
from streams.kafka.client.from_settings import connection_from_settings
from streams.kafka.client.oauth import TokenError, TokenSource
from streams.runtime.secrets import Secret

__all__ = [
    "CLIENT_SECRET_VARIABLE",
    "KEY_PASSWORD_VARIABLE",
    "PASSWORD_VARIABLE",
    "Connection",
    "ConnectionSettingsError",
    "KafkaConfig",
    "Mechanism",
    "Name",
    "Secret",
    "Security",
    "Server",
    "TokenError",
    "TokenSource",
    "connection_from_settings",
    "find_contradictions",
]
