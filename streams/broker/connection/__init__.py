"""How to reach Kafka: `[kafka]` of the settings, and what it gives to Faust, aiokafka and kafka-python.

One model for all three. Secrets come from files or the environment, never from the settings themselves, and
do not print. Nothing here connects to a broker; the libraries are imported only where they are needed.
"""

from streams.broker.connection.clients import Connection
from streams.broker.connection.resolve import resolve
from streams.broker.connection.secret import ConnectionSettingsError, Secret
from streams.broker.connection.section import (
    CLIENT_SECRET,
    KEY_PASSWORD,
    PASSWORD,
    KafkaSection,
    Mechanism,
    Name,
    Security,
    Server,
    contradictions,
)
from streams.broker.connection.tokens import TokenError, TokenSource

__all__ = [
    "CLIENT_SECRET",
    "KEY_PASSWORD",
    "PASSWORD",
    "Connection",
    "ConnectionSettingsError",
    "KafkaSection",
    "Mechanism",
    "Name",
    "Secret",
    "Security",
    "Server",
    "TokenError",
    "TokenSource",
    "contradictions",
    "resolve",
]
