"""Every kind of login on a real broker, by every library."""

import asyncio
import base64
import datetime
import json
import logging
import os
import socket
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import faust
import msgspec
import pytest
from aiokafka import AIOKafkaClient
from aiokafka.errors import KafkaConnectionError
from faust.transport.drivers.aiokafka import credentials_to_aiokafka_auth, server_list
from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from streams.kafka.client import (
    CLIENT_SECRET_VARIABLE,
    KEY_PASSWORD_VARIABLE,
    PASSWORD_VARIABLE,
    Connection,
    KafkaConfig,
    connection_from_settings,
)
from streams.kafka.dev_cluster.jars import cache_folder, fetch_jars, load_pinned_jars
from streams.kafka.dev_cluster.java import find_java
from tests.support.certificates import KEY_PASSWORD, Certificates
from tests.support.kafka_configs import oauth_config, password_config
from tests.support.token_server import TokenServer
from tests.support.waiting import HANG_LIMIT_S

BROKER_PASSWORD: Final = "s3cret-broker"
"""The password that the broker knows; its JAAS settings accept ASCII only."""


class ListenerPorts(NamedTuple):
    """The ports of a broker: SASL over TLS, SASL without TLS, and TLS with client certificates."""

    sasl_tls: int
    sasl_plaintext: int
    mutual_tls: int


def free_ports(count: int) -> list[int]:
    """Return ports that nothing listens on, bound at the same time so that they differ."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [sock.getsockname()[1] for sock in sockets]
    for sock in sockets:
        sock.close()
    return ports


def write_broker_settings(folder: Path, pem: Certificates, ports: ListenerPorts, controller: int) -> Path:
    """Write the settings of a broker that accepts `worker` by every mechanism, and unsigned tokens."""
    (folder / "store.pem").write_text(Path(pem.key).read_text() + Path(pem.cert).read_text())
    listeners = ",".join(
        f"{name}://127.0.0.1:{port}" for name, port in zip(("ST", "SP", "MT"), ports, strict=True)
    )
    module = "org.apache.kafka.common.security"
    scram = f"{module}.scram.ScramLoginModule required;"
    bearer = f'{module}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="b";'
    settings = {
        "process.roles": "broker,controller",
        "node.id": 1,
        "controller.quorum.voters": f"1@127.0.0.1:{controller}",
        "controller.listener.names": "CONTROLLER",
        "listeners": f"{listeners},CONTROLLER://127.0.0.1:{controller}",
        "advertised.listeners": listeners,
        "listener.security.protocol.map": "ST:SASL_SSL,SP:SASL_PLAINTEXT,MT:SSL,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "MT",
        "log.dirs": folder / "data",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": folder / "store.pem",
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": pem.ca,
        "listener.name.mt.ssl.client.auth": "required",
        "listener.name.st.sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER",
        "listener.name.sp.sasl.enabled.mechanisms": "SCRAM-SHA-512",
        "listener.name.st.plain.sasl.jaas.config": (
            f'{module}.plain.PlainLoginModule required user_worker="{BROKER_PASSWORD}";'
        ),
        "listener.name.st.scram-sha-256.sasl.jaas.config": scram,
        "listener.name.st.scram-sha-512.sasl.jaas.config": scram,
        "listener.name.sp.scram-sha-512.sasl.jaas.config": scram,
        "listener.name.st.oauthbearer.sasl.jaas.config": bearer,
    }
    file = folder / "server.properties"
    file.write_text("".join(f"{key}={value}\n" for key, value in settings.items()))
    return file


@pytest.fixture(scope="module")
def broker(pem: Certificates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ListenerPorts]:
    """A real broker that requires a login."""
    folder = tmp_path_factory.mktemp("broker")
    *listeners, controller = free_ports(4)
    ports = ListenerPorts(*listeners)
    settings = write_broker_settings(folder, pem, ports, controller)
    version, jars = load_pinned_jars()
    paths = fetch_jars(cache_folder(os.environ) / f"kafka-{version}", jars)
    java = [str(find_java(os.environ)), "-Xmx512m", "-cp", os.pathsep.join(map(str, paths))]
    format_command = [
        *java,
        "kafka.tools.StorageTool",
        "format",
        "-t",
        "MkU3OEVBNTcwNTJENDM2Qg",
        "-c",
        str(settings),
    ]
    for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-512"):
        format_command += ["--add-scram", f"{mechanism}=[name=worker,password={BROKER_PASSWORD}]"]
    subprocess.run(format_command, check=True, capture_output=True)
    with (folder / "console.log").open("wb") as log:
        process = subprocess.Popen([*java, "kafka.Kafka", str(settings)], stdout=log, stderr=log)
    try:
        yield ports
    finally:
        process.terminate()
        process.wait(HANG_LIMIT_S)


def brokers_by_kafka_python(connection: Connection, timeout_ms: int = 60_000) -> list[int]:
    """Return the ports of the brokers, as kafka-python learns them; it retries until the broker is up."""
    client = KafkaAdminClient(**connection.for_kafka_python(), bootstrap_timeout_ms=timeout_ms)
    try:
        return [broker["port"] for broker in client.describe_cluster()["brokers"]]
    finally:
        client.close()


def brokers_by_aiokafka(options: Mapping[str, Any]) -> list[int]:
    """Return the ports of the brokers, as aiokafka learns them."""

    async def fetch_ports() -> list[int]:
        client = AIOKafkaClient(**options)
        try:
            await client.bootstrap()
            return [broker.port for broker in client.cluster.brokers()]
        finally:
            await client.close()

    return asyncio.run(fetch_ports())


@pytest.mark.parametrize(
    "login", ["mTLS", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER", "SCRAM without TLS"]
)
def test_a_real_kafka_accepts_every_login_of_every_library(
    broker: ListenerPorts, pem: Certificates, token_server: TokenServer, login: str
) -> None:
    port = broker.sasl_tls
    environ = {PASSWORD_VARIABLE: BROKER_PASSWORD}
    if login == "mTLS":
        port, environ = broker.mutual_tls, {KEY_PASSWORD_VARIABLE: KEY_PASSWORD}
        config = KafkaConfig(security="tls", ca_file=pem.ca, cert_file=pem.cert, key_file=pem.encrypted_key)
    elif login == "OAUTHBEARER":
        now = datetime.datetime.now(datetime.UTC).timestamp()
        claims = {"sub": "worker", "iat": now, "exp": now + 600}
        parts = [
            base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
            for part in ({"alg": "none"}, claims)
        ]
        token_server.body = json.dumps({"access_token": ".".join([*parts, ""]), "expires_in": 600})
        environ = {CLIENT_SECRET_VARIABLE: KEY_PASSWORD}
        config = oauth_config(token_url=token_server.url, ca_file=pem.ca)
    elif login == "SCRAM without TLS":
        port = broker.sasl_plaintext
        config = password_config("SCRAM-SHA-512", "sasl-plaintext")
    else:
        config = password_config(login, ca_file=pem.ca)
    connection = connection_from_settings(
        msgspec.structs.replace(config, servers=[f"127.0.0.1:{port}"]), environ
    )
    assert brokers_by_kafka_python(connection) == [port]
    assert brokers_by_aiokafka(connection.for_aiokafka()) == [port]
    app = faust.App("test", **connection.for_faust())
    driver = credentials_to_aiokafka_auth(app.conf.broker_credentials)
    servers = server_list(app.conf.broker, 9092)
    assert brokers_by_aiokafka({"bootstrap_servers": servers, **driver}) == [port]


def test_a_real_kafka_refuses_a_wrong_password_and_no_log_shows_it(
    broker: ListenerPorts, pem: Certificates, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    servers = [f"127.0.0.1:{broker.sasl_tls}"]
    config = password_config("SCRAM-SHA-256", ca_file=pem.ca, servers=servers)
    assert brokers_by_kafka_python(
        connection_from_settings(config, {PASSWORD_VARIABLE: BROKER_PASSWORD})
    ) == [broker.sasl_tls]
    wrong = connection_from_settings(config, {PASSWORD_VARIABLE: KEY_PASSWORD})
    with pytest.raises(KafkaConnectionError):
        brokers_by_aiokafka(wrong.for_aiokafka())
    with pytest.raises(KafkaError):
        brokers_by_kafka_python(wrong, 1000)
    assert "invalid credentials" in caplog.text
    assert KEY_PASSWORD not in caplog.text
    assert BROKER_PASSWORD not in caplog.text
