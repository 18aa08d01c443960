"""A connection gives each library the options it accepts, with the same login and encryption for all."""

import asyncio
import ssl
from collections.abc import Mapping
from typing import Any

import faust
import pytest
from aiokafka import AIOKafkaClient
from aiokafka.abc import AbstractTokenProvider as AsyncTokenProvider
from faust.transport.drivers.aiokafka import credentials_to_aiokafka_auth, server_list
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.net.sasl import get_sasl_mechanism

from streams.kafka.client import (
    CLIENT_SECRET_VARIABLE,
    Connection,
    KafkaConfig,
    connection_from_settings,
)
from tests.support.certificates import KEY_PASSWORD
from tests.support.kafka_configs import PASSWORD_ENVIRON, oauth_config, password_config

CASES: dict[str, tuple[KafkaConfig, Mapping[str, str], dict[str, object]]] = {
    "plaintext": (KafkaConfig(), {}, {"security_protocol": "PLAINTEXT"}),
    "tls": (KafkaConfig(security="tls"), {}, {"security_protocol": "SSL"}),
    "plain over tls": (
        password_config("PLAIN"),
        PASSWORD_ENVIRON,
        {"security_protocol": "SASL_SSL", "sasl_mechanism": "PLAIN"},
    ),
    "scram 256 over tls": (
        password_config("SCRAM-SHA-256"),
        PASSWORD_ENVIRON,
        {"security_protocol": "SASL_SSL", "sasl_mechanism": "SCRAM-SHA-256"},
    ),
    "scram 512 over tls": (
        password_config("SCRAM-SHA-512"),
        PASSWORD_ENVIRON,
        {"security_protocol": "SASL_SSL", "sasl_mechanism": "SCRAM-SHA-512"},
    ),
    "scram 512 without tls": (
        password_config("SCRAM-SHA-512", "sasl-plaintext"),
        PASSWORD_ENVIRON,
        {"security_protocol": "SASL_PLAINTEXT", "sasl_mechanism": "SCRAM-SHA-512"},
    ),
    "oauth over tls": (
        oauth_config(),
        {CLIENT_SECRET_VARIABLE: KEY_PASSWORD},
        {"security_protocol": "SASL_SSL", "sasl_mechanism": "OAUTHBEARER"},
    ),
}
cases = pytest.mark.parametrize(("config", "environ", "expected"), CASES.values(), ids=CASES)


def without_objects(options: Mapping[str, Any]) -> dict[str, object]:
    """Return the options without the TLS context and the token provider, which have no equals."""
    return {
        name: value
        for name, value in options.items()
        if name not in ("ssl_context", "sasl_oauth_token_provider")
    }


def check_objects(connection: Connection, options: Mapping[str, Any]) -> None:
    """Check that there are a TLS context and a token provider where they must be, and only there."""
    config = connection.config
    assert ("ssl_context" in options) == (config.security in ("tls", "sasl-tls"))
    assert ("sasl_oauth_token_provider" in options) == (config.mechanism == "OAUTHBEARER")
    if "ssl_context" in options:
        assert options["ssl_context"].check_hostname
        assert options["ssl_context"].verify_mode == ssl.CERT_REQUIRED


def expected_options(connection: Connection, expected: Mapping[str, object]) -> dict[str, object]:
    """Return the options of a case with the brokers, the client id and the login."""
    login = (
        {"sasl_plain_username": "worker", "sasl_plain_password": KEY_PASSWORD} if connection.password else {}
    )
    name = {"bootstrap_servers": ["127.0.0.1:9092"], "client_id": "anpr-gateway"}
    return {**name, **expected, **login}


@cases
def test_kafka_python_accepts_its_options(
    config: KafkaConfig, environ: Mapping[str, str], expected: dict[str, object]
) -> None:
    connection = connection_from_settings(config, environ)
    options = connection.for_kafka_python("gateway")
    assert without_objects(options) == expected_options(connection, expected)
    check_objects(connection, options)
    for client in (KafkaAdminClient, KafkaConsumer, KafkaProducer):
        assert options.keys() <= client.DEFAULT_CONFIG.keys()
    if config.mechanism:
        login = get_sasl_mechanism(config.mechanism)(host="127.0.0.1", **options)
        if config.mechanism == "PLAIN":
            assert login.auth_bytes() == f"worker\0worker\0{KEY_PASSWORD}".encode()


@cases
def test_aiokafka_accepts_its_options(
    config: KafkaConfig, environ: Mapping[str, str], expected: dict[str, object]
) -> None:
    connection = connection_from_settings(config, environ)
    options = connection.for_aiokafka("gateway")
    assert without_objects(options) == expected_options(connection, expected)
    check_objects(connection, options)

    async def create_client() -> None:
        await AIOKafkaClient(**options).close()

    asyncio.run(create_client())
    if connection.token_source:
        assert isinstance(options["sasl_oauth_token_provider"], AsyncTokenProvider)


@cases
def test_faust_passes_the_options_of_aiokafka_to_its_driver(
    config: KafkaConfig, environ: Mapping[str, str], expected: dict[str, object]
) -> None:
    connection = connection_from_settings(config, environ)
    app = faust.App("test", **connection.for_faust("worker"))
    assert server_list(app.conf.broker, 9092) == ["127.0.0.1:9092"]
    assert app.conf.broker_client_id == "anpr-worker"
    driver = dict(credentials_to_aiokafka_auth(app.conf.broker_credentials, app.conf.ssl_context))
    passed = {name: value for name, value in driver.items() if value is not None}
    aiokafka_options = {
        name: value
        for name, value in connection.for_aiokafka().items()
        if name not in ("bootstrap_servers", "client_id", "sasl_oauth_token_provider")
    }
    assert ("sasl_oauth_token_provider" in passed) == (
        "sasl_oauth_token_provider" in connection.for_aiokafka()
    )
    assert {
        name: value for name, value in passed.items() if name != "sasl_oauth_token_provider"
    } == aiokafka_options
    assert passed.items() >= expected.items()
    assert KEY_PASSWORD not in repr(app.conf.broker_credentials)


def test_each_server_has_the_scheme_of_the_driver() -> None:
    connection = connection_from_settings(KafkaConfig(servers=["k1.example:9092", "[::1]:9093"]), {})
    options = connection.for_faust(scheme="batches")
    assert options["broker"] == ["batches://k1.example:9092", "batches://[::1]:9093"]
    app = faust.App("test", broker=options["broker"])
    assert [(url.scheme, url.host, url.port) for url in app.conf.broker] == [
        ("batches", "k1.example", 9092),
        ("batches", "::1", 9093),
    ]
    assert connection.for_aiokafka()["client_id"] == "anpr"
