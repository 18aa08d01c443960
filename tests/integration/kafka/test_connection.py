"""The connection to Kafka: what each library is given, what is refused, and that no secret is told."""

import asyncio
import base64
import copy
import datetime
import json
import logging
import os
import pickle
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from time import monotonic
from typing import Any, NamedTuple

import faust
import msgspec
import pytest
from aiokafka import AIOKafkaClient
from aiokafka.abc import AbstractTokenProvider as AsyncTokenProvider
from aiokafka.errors import KafkaConnectionError
from click.testing import CliRunner
from faust.transport.drivers.aiokafka import credentials_to_aiokafka_auth, server_list
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.errors import KafkaError
from kafka.net.sasl import get_sasl_mechanism

from streams.cli.main import main
from streams.kafka.client import (
    CLIENT_SECRET_VARIABLE,
    KEY_PASSWORD_VARIABLE,
    PASSWORD_VARIABLE,
    Connection,
    ConnectionSettingsError,
    KafkaConfig,
    Secret,
    TokenError,
    TokenSource,
    connection_from_settings,
    find_contradictions,
)
from streams.kafka.dev_cluster.jars import cache_folder, fetch_jars, load_pinned_jars
from streams.kafka.dev_cluster.java import find_java
from streams.records.faults import Fault
from streams.settings.load import SettingsError, parse_settings
from tests.support.certificates import KEY_PASSWORD, Certificates, create_certificates

LATIN = "s3cret-broker"
"""What the real broker has as a password; its JAAS text takes ASCII alone."""
ANY_TOKEN = "ey.first-token"


@pytest.fixture(scope="session")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return create_certificates(tmp_path_factory.mktemp("pem"))


@pytest.fixture
def secret_file(tmp_path: Path) -> str:
    """A file with the secret as an editor writes it."""
    file = tmp_path / "secret"
    file.write_text(KEY_PASSWORD + "\n", "utf-8")
    return str(file)


def faults(section: KafkaConfig, environ: Mapping[str, str] | None = None) -> list[str]:
    """The lines of the faults that `resolve` finds; it finds some, and tells no secret."""
    with pytest.raises(ConnectionSettingsError) as caught:
        connection_from_settings(section, environ or {})
    assert str(caught.value) == "\n".join(map(str, caught.value.faults))
    assert KEY_PASSWORD not in str(caught.value) + repr(caught.value)
    return str(caught.value).splitlines()


def path_fault(key: str, rule: str, path: str | Path) -> str:
    """The line of a fault about a file."""
    return str(Fault(f"kafka.{key}", rule, f'"{path}"'))


def oauth(**others: Any) -> KafkaConfig:
    return KafkaConfig(
        security="sasl-tls",
        mechanism="OAUTHBEARER",
        **{"token_url": "https://login.example/token", "client_id": "worker", **others},
    )


def by_password(mechanism: Any, security: Any = "sasl-tls", **others: Any) -> KafkaConfig:
    return KafkaConfig(security=security, mechanism=mechanism, username="worker", **others)


LOGIN = {PASSWORD_VARIABLE: KEY_PASSWORD}
CASES: dict[str, tuple[KafkaConfig, Mapping[str, str], dict[str, object]]] = {
    "plaintext": (KafkaConfig(), {}, {"security_protocol": "PLAINTEXT"}),
    "tls": (KafkaConfig(security="tls"), {}, {"security_protocol": "SSL"}),
    "plain over tls": (
        by_password("PLAIN"),
        LOGIN,
        {"security_protocol": "SASL_SSL", "sasl_mechanism": "PLAIN"},
    ),
    "scram 256 over tls": (
        by_password("SCRAM-SHA-256"),
        LOGIN,
        {"security_protocol": "SASL_SSL", "sasl_mechanism": "SCRAM-SHA-256"},
    ),
    "scram 512 over tls": (
        by_password("SCRAM-SHA-512"),
        LOGIN,
        {"security_protocol": "SASL_SSL", "sasl_mechanism": "SCRAM-SHA-512"},
    ),
    "scram 512 without tls": (
        by_password("SCRAM-SHA-512", "sasl-plaintext"),
        LOGIN,
        {"security_protocol": "SASL_PLAINTEXT", "sasl_mechanism": "SCRAM-SHA-512"},
    ),
    "oauth over tls": (
        oauth(),
        {CLIENT_SECRET_VARIABLE: KEY_PASSWORD},
        {"security_protocol": "SASL_SSL", "sasl_mechanism": "OAUTHBEARER"},
    ),
}
cases = pytest.mark.parametrize(("section", "environ", "expected"), CASES.values(), ids=CASES)


def without_objects(options: Mapping[str, Any]) -> dict[str, object]:
    """The options, but for the TLS context and the token provider, which stand for themselves."""
    return {
        name: value
        for name, value in options.items()
        if name not in ("ssl_context", "sasl_oauth_token_provider")
    }


def check_objects(connection: Connection, options: Mapping[str, Any]) -> None:
    """A TLS context and a token provider are there where they must be, and only there."""
    section = connection.config
    assert ("ssl_context" in options) == (section.security in ("tls", "sasl-tls"))
    assert ("sasl_oauth_token_provider" in options) == (section.mechanism == "OAUTHBEARER")
    if "ssl_context" in options:
        assert options["ssl_context"].check_hostname
        assert options["ssl_context"].verify_mode == ssl.CERT_REQUIRED


def all_of(connection: Connection, expected: Mapping[str, object]) -> dict[str, object]:
    login = (
        {"sasl_plain_username": "worker", "sasl_plain_password": KEY_PASSWORD} if connection.password else {}
    )
    name = {"bootstrap_servers": ["127.0.0.1:9092"], "client_id": "anpr-gateway"}
    return {**name, **expected, **login}


@cases
def test_kafka_python_is_given_what_it_knows(
    section: KafkaConfig, environ: Mapping[str, str], expected: dict[str, object]
) -> None:
    connection = connection_from_settings(section, environ)
    options = connection.for_kafka_python("gateway")
    assert without_objects(options) == all_of(connection, expected)
    check_objects(connection, options)
    for client in (KafkaAdminClient, KafkaConsumer, KafkaProducer):
        assert options.keys() <= client.DEFAULT_CONFIG.keys()
    if section.mechanism:
        login = get_sasl_mechanism(section.mechanism)(host="127.0.0.1", **options)
        if section.mechanism == "PLAIN":
            assert login.auth_bytes() == f"worker\0worker\0{KEY_PASSWORD}".encode()


@cases
def test_aiokafka_is_given_what_it_knows(
    section: KafkaConfig, environ: Mapping[str, str], expected: dict[str, object]
) -> None:
    connection = connection_from_settings(section, environ)
    options = connection.for_aiokafka("gateway")
    assert without_objects(options) == all_of(connection, expected)
    check_objects(connection, options)

    async def client() -> None:
        await AIOKafkaClient(**options).close()

    asyncio.run(client())
    if connection.token_source:
        assert isinstance(options["sasl_oauth_token_provider"], AsyncTokenProvider)


@cases
def test_faust_gives_its_driver_the_same_as_aiokafka_is_given(
    section: KafkaConfig, environ: Mapping[str, str], expected: dict[str, object]
) -> None:
    connection = connection_from_settings(section, environ)
    app = faust.App("test", **connection.for_faust("worker"))
    assert server_list(app.conf.broker, 9092) == ["127.0.0.1:9092"]
    assert app.conf.broker_client_id == "anpr-worker"
    driver = dict(credentials_to_aiokafka_auth(app.conf.broker_credentials, app.conf.ssl_context))
    given = {name: value for name, value in driver.items() if value is not None}
    wanted = {
        name: value
        for name, value in connection.for_aiokafka().items()
        if name not in ("bootstrap_servers", "client_id", "sasl_oauth_token_provider")
    }
    assert ("sasl_oauth_token_provider" in given) == (
        "sasl_oauth_token_provider" in connection.for_aiokafka()
    )
    assert {name: given[name] for name in given if name != "sasl_oauth_token_provider"} == wanted
    assert given.items() >= expected.items()
    assert KEY_PASSWORD not in repr(app.conf.broker_credentials)


def test_several_servers_and_the_scheme_of_a_driver() -> None:
    connection = connection_from_settings(KafkaConfig(servers=["k1.example:9092", "[::1]:9093"]), {})
    options = connection.for_faust(scheme="batches")
    assert options["broker"] == ["batches://k1.example:9092", "batches://[::1]:9093"]
    app = faust.App("test", broker=options["broker"])
    assert [(url.scheme, url.host, url.port) for url in app.conf.broker] == [
        ("batches", "k1.example", 9092),
        ("batches", "::1", 9093),
    ]
    assert connection.for_aiokafka()["client_id"] == "anpr"


def test_no_secret_prints_or_is_pickled(secret_file: str, caplog: pytest.LogCaptureFixture) -> None:
    connection = connection_from_settings(by_password("PLAIN", password_file=secret_file), {})
    tokens = connection_from_settings(oauth(), {CLIENT_SECRET_VARIABLE: KEY_PASSWORD})
    assert connection.password is not None
    assert connection.password.reveal() == KEY_PASSWORD
    told = [connection, connection.password, tokens, tokens.token_source, connection.for_faust()]
    told += [each.for_aiokafka() for each in (connection, tokens)]
    told += [each.for_kafka_python() for each in (connection, tokens)]
    for each in told:
        assert KEY_PASSWORD not in f"{each!r} {each} {[each]}"
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(connection.password)
    assert copy.deepcopy(connection.password) is connection.password
    # This client logs its arguments. Set for its own logger, whatever another test has set there.
    caplog.set_level(logging.DEBUG, logger="kafka")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        options = connection.for_kafka_python()
        options["bootstrap_servers"] = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(KafkaError):
            KafkaAdminClient(**options, request_timeout_ms=500, bootstrap_timeout_ms=500)
    assert "Starting KafkaAdminClient" in caplog.text
    assert KEY_PASSWORD not in caplog.text


def test_a_secret_of_the_environment_goes_before_its_file(secret_file: str) -> None:
    section = by_password("SCRAM-SHA-512", password_file="/no/such/file")
    assert connection_from_settings(section, LOGIN).for_aiokafka()["sasl_plain_password"] == KEY_PASSWORD
    section = by_password("SCRAM-SHA-512", password_file=secret_file)
    assert (
        connection_from_settings(section, {PASSWORD_VARIABLE: ""}).for_aiokafka()["sasl_plain_password"]
        == KEY_PASSWORD
    )
    assert (
        connection_from_settings(section, {PASSWORD_VARIABLE: "other"}).for_aiokafka()["sasl_plain_password"]
        == "other"
    )


def handshake(context: ssl.SSLContext, pem: Certificates, host: str, ask: bool) -> dict[str, Any] | None:
    """A TLS handshake as `host` with a server on this machine; the certificate it was shown if it asks."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pem.cert, pem.key)
    server.load_verify_locations(pem.ca)
    server.verify_mode = ssl.CERT_REQUIRED if ask else ssl.CERT_NONE
    here, there = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = context.wrap_bio(there, here, server_hostname=host)
    theirs = server.wrap_bio(here, there, server_side=True)
    waiting = [ours.do_handshake, theirs.do_handshake]
    while waiting:
        step = waiting.pop(0)
        try:
            step()
        except ssl.SSLWantReadError:
            waiting.append(step)
    return theirs.getpeercert()


@pytest.mark.parametrize("encrypted", [False, True])
def test_mutual_tls_shows_the_own_certificate(pem: Certificates, secret_file: str, encrypted: bool) -> None:
    key = pem.encrypted_key if encrypted else pem.key
    section = KafkaConfig(
        security="tls",
        ca_file=pem.ca,
        cert_file=pem.cert,
        key_file=key,
        key_password_file=secret_file if encrypted else None,
    )
    context = connection_from_settings(section, {}).for_kafka_python()["ssl_context"]
    shown = handshake(context, pem, "127.0.0.1", ask=True)
    assert shown is not None
    assert shown["subject"] == ((("commonName", "test"),),)


def test_a_broker_of_another_name_or_another_authority_is_refused(pem: Certificates) -> None:
    context = connection_from_settings(KafkaConfig(security="tls", ca_file=pem.ca), {}).for_aiokafka()[
        "ssl_context"
    ]
    handshake(context, pem, "127.0.0.1", ask=False)
    with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
        handshake(context, pem, "kafka.example", ask=False)
    system = connection_from_settings(KafkaConfig(security="tls"), {}).for_aiokafka()["ssl_context"]
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(system, pem, "127.0.0.1", ask=False)


def test_contradictions_are_told_all_at_once_with_their_lines() -> None:
    text = """\
[kafka]
servers = ["k1:9092", "k2:90920"]
ca_file = "ca.pem"
cert_file = "cert.pem"
key_password_file = "pw"
mechanism = "PLAIN"
username = "worker"
password_file = "pw"
token_url = "https://me:pw@login.example/"
"""
    with pytest.raises(SettingsError) as caught:
        parse_settings(text, "border.toml")
    tls = "must not be set with `security` plaintext, only with tls or sasl-tls"
    sasl = "must not be set with `security` plaintext, only with sasl-plaintext or sasl-tls"
    url = "must be an https address without a user, password or fragment; http only for this machine"
    servers, *others = str(caught.value).splitlines()
    assert servers.startswith("border.toml:2: kafka.servers: must have ports from 1 to 65535")
    assert servers.endswith('"k2:90920"')
    assert others == [
        f"border.toml:3: kafka.ca_file: {tls}",
        f"border.toml:4: kafka.cert_file: {tls}",
        "border.toml:4: kafka.cert_file: must be set together with `key_file`, which is missing",
        f"border.toml:5: kafka.key_password_file: {tls}",
        "border.toml:5: kafka.key_password_file: must be set together with `key_file`, which is missing",
        f"border.toml:6: kafka.mechanism: {sasl}",
        f"border.toml:7: kafka.username: {sasl}",
        f"border.toml:8: kafka.password_file: {sasl}",
        f"border.toml:9: kafka.token_url: {sasl}",
        f"border.toml:9: kafka.token_url: {url}",
    ]


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({}, []),
        ({"security": "loose", "username": "u"}, []),
        ({"security": "sasl-tls", "mechanism": 5}, []),
        ({"security": "sasl-tls"}, ["mechanism: must be set with `security` sasl-tls"]),
        (
            {"security": "sasl-tls", "mechanism": "SCRAM-SHA-512", "scope": "s"},
            [
                "username: must be set with `mechanism` SCRAM-SHA-512",
                "scope: must not be set with `mechanism` SCRAM-SHA-512, only with OAUTHBEARER",
            ],
        ),
        (
            {"security": "sasl-tls", "mechanism": "OAUTHBEARER", "username": "u"},
            [
                "token_url: must be set with `mechanism` OAUTHBEARER",
                "client_id: must be set with `mechanism` OAUTHBEARER",
                "username: must not be set with `mechanism` OAUTHBEARER, only with PLAIN or SCRAM-SHA-256 or "
                "SCRAM-SHA-512",
            ],
        ),
        (
            {"security": "sasl-plaintext", "mechanism": "PLAIN", "username": "u"},
            [
                "mechanism: must not be PLAIN with `security` sasl-plaintext: the password would be sent "
                "unencrypted; set `security` to sasl-tls"
            ],
        ),
        (
            {"security": "tls", "key_file": "k"},
            ["key_file: must be set together with `cert_file`, which is missing"],
        ),
    ],
)
def test_a_contradiction_names_both_keys(values: dict[str, object], told: list[str]) -> None:
    assert list(map(str, find_contradictions(values))) == told


@pytest.mark.parametrize(
    ("url", "right"),
    [
        ("https://login.example/token?tenant=x", True),
        ("http://127.0.0.1:8080/token", True),
        ("http://login.example/token", False),
        ("https://", False),
        ("https://login.example:port/", False),
        ("https://login.example/#x", False),
        ("https://login.example/a b", False),
        ("ftp://login.example/", False),
    ],
)
def test_the_address_of_tokens_is_safe(url: str, right: bool) -> None:
    assert (not list(find_contradictions({"token_url": url, "security": "loose"}))) == right


def test_a_secret_in_the_file_of_settings_is_refused_and_not_told(tmp_path: Path) -> None:
    file = tmp_path / "border.toml"
    file.write_text(f'[kafka]\npassword = "{KEY_PASSWORD}"\n', "utf-8")
    result = CliRunner().invoke(main, ["config", "check", "--config", str(file)])
    assert result.exit_code == 1
    assert "kafka.password: is not a key of [kafka]; did you mean password_file?" in result.stderr
    assert KEY_PASSWORD not in result.output


def test_config_show_tells_the_file_of_a_secret_and_not_the_secret(tmp_path: Path, secret_file: str) -> None:
    file = tmp_path / "border.toml"
    file.write_text(
        '[kafka]\nsecurity = "sasl-tls"\nmechanism = "SCRAM-SHA-512"\nusername = "worker"\n'
        f'password_file = "{secret_file}"\n'
    )
    result = CliRunner().invoke(main, ["config", "show", "--config", str(file)], env=LOGIN)
    assert result.exit_code == 0
    assert f'password_file = "{secret_file}"' in result.stdout
    assert KEY_PASSWORD not in result.output
    assert parse_settings(result.stdout, "shown").kafka.username == "worker"


def test_all_that_is_wrong_with_files_and_contradictions_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    absent = tmp_path / "none"
    section = KafkaConfig(
        security="sasl-tls",
        mechanism="SCRAM-SHA-512",
        ca_file=str(absent),
        cert_file=f"{tmp_path}/empty",
        key_file=str(tmp_path),
        scope="s",
    )
    assert faults(section, {CLIENT_SECRET_VARIABLE: KEY_PASSWORD}) == [
        "kafka.username: must be set with `mechanism` SCRAM-SHA-512",
        "kafka.scope: must not be set with `mechanism` SCRAM-SHA-512, only with OAUTHBEARER",
        f"kafka.password_file: must be set, or {PASSWORD_VARIABLE} in the environment, with `mechanism` "
        "SCRAM-SHA-512",
        f"{CLIENT_SECRET_VARIABLE}: must not be set in the environment without `mechanism` OAUTHBEARER",
        path_fault("ca_file", "must name a file that can be read (No such file or directory)", absent),
        path_fault("cert_file", "must name a file that is not empty", tmp_path / "empty"),
        path_fault("key_file", "must name a file that can be read (Is a directory)", tmp_path),
    ]


@pytest.mark.parametrize("variable", [PASSWORD_VARIABLE, CLIENT_SECRET_VARIABLE, KEY_PASSWORD_VARIABLE])
def test_a_secret_of_no_use_is_a_fault(variable: str) -> None:
    (told,) = faults(KafkaConfig(), {variable: KEY_PASSWORD})
    assert told.startswith(f"{variable}: must not be set in the environment without `")


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"\n", "must name a file that is not blank"),
        (
            KEY_PASSWORD.encode() + b"\nsecond\n",
            "must name a file of one line without control characters",
        ),
        (KEY_PASSWORD.encode("latin-1"), "must name a file of UTF-8 text"),
        (b"x" * 70_000, "must name a file of at most 65536 bytes"),
    ],
)
def test_a_file_that_holds_no_secret_is_a_fault(tmp_path: Path, content: bytes, rule: str) -> None:
    file = tmp_path / "pw"
    file.write_bytes(content)
    wrong = faults(by_password("PLAIN", password_file=str(file)))
    assert wrong == [path_fault("password_file", rule, file)]


def test_a_certificate_or_key_that_is_wrong_is_named(pem: Certificates, tmp_path: Path) -> None:
    broken = tmp_path / "broken.pem"
    broken.write_text("-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----\n")
    broken_key = tmp_path / "key.pem"
    broken_key.write_text("-----BEGIN PRIVATE KEY-----\nno\n-----END PRIVATE KEY-----\n")

    def told(
        ca: str | Path | None, cert: str | Path, key: str | Path, environ: Mapping[str, str] | None = None
    ) -> list[str]:
        names = {"cert_file": str(cert), "key_file": str(key), "ca_file": str(ca) if ca else None}
        return faults(KafkaConfig(security="tls", **names), environ)

    assert told(broken, pem.key, pem.cert) == [
        path_fault("ca_file", "must name a PEM file of certificates", broken),
        path_fault("cert_file", "must name a PEM file of a certificate", pem.key),
        path_fault("key_file", "must name a PEM file of a private key", pem.cert),
    ]
    assert told(None, broken, pem.key) == [
        path_fault("cert_file", "must name a PEM file of a certificate", broken)
    ]
    assert told(None, pem.cert, broken_key) == [
        path_fault("key_file", "must name a PEM file of a private key", broken_key)
    ]
    assert told(pem.ca, pem.cert, pem.other_key) == [
        path_fault("key_file", "must name the key of the certificate in `cert_file`", pem.other_key)
    ]
    assert told(pem.ca, pem.cert, pem.encrypted_key) == [
        path_fault(
            "key_file",
            "must name a key that is not encrypted, unless `key_password_file` or "
            f"{KEY_PASSWORD_VARIABLE} in the environment is set",
            pem.encrypted_key,
        )
    ]
    wrong_password = {KEY_PASSWORD_VARIABLE: KEY_PASSWORD + "x"}
    assert told(pem.ca, pem.cert, pem.encrypted_key, wrong_password) == [
        path_fault(
            "key_file",
            f"must name a key that the password in `{KEY_PASSWORD_VARIABLE}` decrypts",
            pem.encrypted_key,
        )
    ]


class Asked(NamedTuple):
    """A request that the token server got."""

    authorization: str
    body: str


class Issuer:
    """A token server on this machine: its address, what it was asked, and what it answers next."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.asked: list[Asked] = []
        self.status = 200
        self.headers: dict[str, str] = {}
        self.body = json.dumps({"access_token": ANY_TOKEN, "token_type": "Bearer", "expires_in": 100})
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                issuer.asked.append(Asked(self.headers["Authorization"], body))
                self.send_response(issuer.status)
                for name, value in issuer.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(issuer.body.encode())

            def log_message(self, *_: object) -> None:
                """Nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if context:
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"http{'s' if context else ''}://127.0.0.1:{self.server.server_port}/token"
        self.thread = Thread(target=self.server.serve_forever)
        self.thread.start()

    def close(self) -> None:
        """Stops the server; a second time does nothing."""
        if self.thread.is_alive():
            self.server.shutdown()
            self.thread.join()
            self.server.server_close()


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    made = Issuer()
    yield made
    made.close()


class Clock:
    """A clock that is set by hand."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def source(
    issuer: Issuer, clock: Callable[[], float] = monotonic, scope: str | None = "kafka x"
) -> TokenSource:
    tokens = connection_from_settings(
        oauth(token_url=issuer.url, client_id="worker:1", scope=scope),
        {CLIENT_SECRET_VARIABLE: KEY_PASSWORD},
        clock,
    ).token_source
    assert tokens is not None
    return tokens


def test_a_token_is_asked_for_with_the_client_s_credentials_and_used_by_both_libraries(
    issuer: Issuer,
) -> None:
    connection = connection_from_settings(
        oauth(token_url=issuer.url, scope="kafka x"), {CLIENT_SECRET_VARIABLE: KEY_PASSWORD}
    )
    login = get_sasl_mechanism("OAUTHBEARER")(host="k", **connection.for_kafka_python())
    assert login.auth_bytes() == f"n,,\x01auth=Bearer {ANY_TOKEN}\x01\x01".encode()
    assert asyncio.run(connection.for_aiokafka()["sasl_oauth_token_provider"].token()) == ANY_TOKEN
    assert asyncio.run(connection.for_faust()["broker_credentials"].oauth_cb.token()) == ANY_TOKEN
    (asked,) = issuer.asked  # one for all: the token is kept
    assert asked.body == "grant_type=client_credentials&scope=kafka+x"
    login_sent = base64.b64decode(asked.authorization.removeprefix("Basic ")).decode()
    assert login_sent == "worker:s3cret-%C3%9Cbung"


def test_a_token_is_kept_until_a_fifth_of_its_life_is_left(issuer: Issuer) -> None:
    clock = Clock()
    tokens = source(issuer, clock)
    tokens.token()
    clock.now += 79
    tokens.token()
    assert len(issuer.asked) == 1
    clock.now += 1
    issuer.body = '{"access_token": "second", "expires_in": "100"}'
    assert tokens.token() == "second"
    assert len(issuer.asked) == 2


def test_an_old_token_serves_to_its_end_if_no_new_one_is_given(issuer: Issuer) -> None:
    clock = Clock()
    tokens = source(issuer, clock)
    tokens.token()
    issuer.status = 503
    clock.now += 99
    assert tokens.token() == ANY_TOKEN
    clock.now += 1
    with pytest.raises(TokenError, match="refused with status 503"):
        tokens.token()


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (
            401,
            json.dumps({"error": "invalid_client", "error_description": KEY_PASSWORD}),
            "refused with status 401, invalid_client",
        ),
        (400, json.dumps({"error": KEY_PASSWORD}), "refused with status 400"),
        (500, KEY_PASSWORD, "refused with status 500"),
        (302, "", "redirected (status 302), which is not followed"),
        (200, KEY_PASSWORD, "sent a response that is not JSON"),
        (200, "[]", "sent a response without a usable `access_token`"),
        (200, '{"access_token": "a b"}', "sent a response without a usable `access_token`"),
        (
            200,
            '{"access_token": "a", "token_type": "mac"}',
            "sent a token that is not of type Bearer",
        ),
        (
            200,
            '{"access_token": "a", "expires_in": -1}',
            "sent an `expires_in` that is not a positive number of seconds",
        ),
        (200, '{"access_token": "a", "expires_in": []}', "token"),
    ],
)
def test_a_refusal_is_told_without_secrets(issuer: Issuer, status: int, body: str, told: str) -> None:
    issuer.status, issuer.body, issuer.headers = status, body, {"Location": issuer.url + "/elsewhere"}
    if told == "token":  # an empty value counts as no value
        assert source(issuer).token() == "a"
        return
    with pytest.raises(TokenError) as caught:
        source(issuer).token()
    assert str(caught.value) == f"no token for client worker:1: {issuer.url} {told}"
    assert isinstance(caught.value, OSError)  # else aiokafka does not try again
    assert len(issuer.asked) == 1


def test_a_server_that_is_not_there_is_told(issuer: Issuer) -> None:
    issuer.close()
    with pytest.raises(TokenError, match=r"cannot be reached: .*refused"):
        source(issuer).token()


def test_tokens_come_over_tls_from_an_authority_of_ca_file_only(pem: Certificates) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem.cert, pem.key)
    issuer = Issuer(context)
    try:
        trusting = connection_from_settings(
            oauth(token_url=issuer.url, ca_file=pem.ca), {CLIENT_SECRET_VARIABLE: KEY_PASSWORD}
        ).token_source
        assert trusting is not None
        assert trusting.token() == ANY_TOKEN
        with pytest.raises(TokenError, match="CERTIFICATE_VERIFY_FAILED"):
            source(issuer).token()
    finally:
        issuer.close()


def test_a_secret_reveals_its_text_only_when_asked() -> None:
    secret = Secret(KEY_PASSWORD)
    assert secret.reveal() == KEY_PASSWORD
    assert f"{secret} {secret!r} {[secret]}" == "Secret(hidden) Secret(hidden) [Secret(hidden)]"
    assert not hasattr(secret, "__dict__")


class Ports(NamedTuple):
    """Of a broker's listeners: SASL over TLS, SASL without, and TLS that asks for a certificate."""

    sasl_tls: int
    sasl_plaintext: int
    mutual_tls: int


def free_ports(count: int) -> list[int]:
    """Ports that nothing listens on, held together so that they differ."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def login_settings(folder: Path, pem: Certificates, ports: Ports, controller: int) -> Path:
    """The settings of a broker that knows `worker` by every mechanism, and takes unsigned tokens."""
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
            f'{module}.plain.PlainLoginModule required user_worker="{LATIN}";'
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
def broker(pem: Certificates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ports]:
    """A real broker that asks who one is."""
    folder = tmp_path_factory.mktemp("broker")
    *listeners, controller = free_ports(4)
    ports = Ports(*listeners)
    settings = login_settings(folder, pem, ports, controller)
    version, jars = load_pinned_jars()
    paths = fetch_jars(cache_folder(os.environ) / f"kafka-{version}", jars)
    run = [str(find_java(os.environ)), "-Xmx512m", "-cp", os.pathsep.join(map(str, paths))]
    format_it = [
        *run,
        "kafka.tools.StorageTool",
        "format",
        "-t",
        "MkU3OEVBNTcwNTJENDM2Qg",
        "-c",
        str(settings),
    ]
    for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-512"):
        format_it += ["--add-scram", f"{mechanism}=[name=worker,password={LATIN}]"]
    subprocess.run(format_it, check=True, capture_output=True)
    with (folder / "console.log").open("wb") as log:
        process = subprocess.Popen([*run, "kafka.Kafka", str(settings)], stdout=log, stderr=log)
    try:
        yield ports
    finally:
        process.terminate()
        process.wait(60)


def brokers_by_kafka_python(connection: Connection, within_ms: int = 60_000) -> list[int]:
    """The ports of the brokers, as kafka-python learns them; it tries until the broker is up."""
    client = KafkaAdminClient(**connection.for_kafka_python(), bootstrap_timeout_ms=within_ms)
    try:
        return [each["port"] for each in client.describe_cluster()["brokers"]]
    finally:
        client.close()


def brokers_by_aiokafka(options: Mapping[str, Any]) -> list[int]:
    async def ask() -> list[int]:
        client = AIOKafkaClient(**options)
        try:
            await client.bootstrap()
            return [each.port for each in client.cluster.brokers()]
        finally:
            await client.close()

    return asyncio.run(ask())


@pytest.mark.parametrize(
    "login", ["mTLS", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER", "SCRAM without TLS"]
)
def test_a_real_kafka_takes_every_login_of_every_library(
    broker: Ports, pem: Certificates, issuer: Issuer, login: str
) -> None:
    port = broker.sasl_tls
    environ = {PASSWORD_VARIABLE: LATIN}
    if login == "mTLS":
        port, environ = broker.mutual_tls, {KEY_PASSWORD_VARIABLE: KEY_PASSWORD}
        section = KafkaConfig(security="tls", ca_file=pem.ca, cert_file=pem.cert, key_file=pem.encrypted_key)
    elif login == "OAUTHBEARER":
        now = datetime.datetime.now(datetime.UTC).timestamp()
        claims = {"sub": "worker", "iat": now, "exp": now + 600}
        parts = [
            base64.urlsafe_b64encode(json.dumps(each).encode()).decode().rstrip("=")
            for each in ({"alg": "none"}, claims)
        ]
        issuer.body = json.dumps({"access_token": ".".join([*parts, ""]), "expires_in": 600})
        environ = {CLIENT_SECRET_VARIABLE: KEY_PASSWORD}
        section = oauth(token_url=issuer.url, ca_file=pem.ca)
    elif login == "SCRAM without TLS":
        port = broker.sasl_plaintext
        section = by_password("SCRAM-SHA-512", "sasl-plaintext")
    else:
        section = by_password(login, ca_file=pem.ca)
    connection = connection_from_settings(
        msgspec.structs.replace(section, servers=[f"127.0.0.1:{port}"]), environ
    )
    assert brokers_by_kafka_python(connection) == [port]
    assert brokers_by_aiokafka(connection.for_aiokafka()) == [port]
    app = faust.App("test", **connection.for_faust())
    driver = credentials_to_aiokafka_auth(app.conf.broker_credentials)
    servers = server_list(app.conf.broker, 9092)
    assert brokers_by_aiokafka({"bootstrap_servers": servers, **driver}) == [port]


def test_a_real_kafka_refuses_a_wrong_password_and_nobody_tells_it(
    broker: Ports, pem: Certificates, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    here = [f"127.0.0.1:{broker.sasl_tls}"]
    section = by_password("SCRAM-SHA-256", ca_file=pem.ca, servers=here)
    assert brokers_by_kafka_python(connection_from_settings(section, {PASSWORD_VARIABLE: LATIN})) == [
        broker.sasl_tls
    ]
    wrong = connection_from_settings(section, {PASSWORD_VARIABLE: KEY_PASSWORD})
    with pytest.raises(KafkaConnectionError):
        brokers_by_aiokafka(wrong.for_aiokafka())
    with pytest.raises(KafkaError):
        brokers_by_kafka_python(wrong, 1000)
    assert "invalid credentials" in caplog.text
    assert KEY_PASSWORD not in caplog.text
    assert LATIN not in caplog.text
