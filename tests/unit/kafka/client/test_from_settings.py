"""Secrets and certificates of a connection: read from files and the environment, and all faults reported."""

import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from streams.kafka.client import (
    CLIENT_SECRET_VARIABLE,
    KEY_PASSWORD_VARIABLE,
    PASSWORD_VARIABLE,
    ConnectionSettingsError,
    KafkaConfig,
    connection_from_settings,
)
from streams.records.faults import Fault
from tests.support.certificates import KEY_PASSWORD, Certificates, create_certificates
from tests.support.kafka_configs import PASSWORD_ENVIRON, password_config


@pytest.fixture(scope="session")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Certificates and keys."""
    return create_certificates(tmp_path_factory.mktemp("pem"))


@pytest.fixture
def secret_file(tmp_path: Path) -> str:
    """A file with the secret as an editor writes it."""
    file = tmp_path / "secret"
    file.write_text(KEY_PASSWORD + "\n", "utf-8")
    return str(file)


def find_faults(config: KafkaConfig, environ: Mapping[str, str] | None = None) -> list[str]:
    """Return the lines of the faults of a connection, of which there is one at least; none shows a secret."""
    with pytest.raises(ConnectionSettingsError) as caught:
        connection_from_settings(config, environ or {})
    assert str(caught.value) == "\n".join(map(str, caught.value.faults))
    assert KEY_PASSWORD not in str(caught.value) + repr(caught.value)
    return str(caught.value).splitlines()


def path_fault(key: str, rule: str, path: str | Path) -> str:
    """Return the line of a fault about a file."""
    return str(Fault(f"kafka.{key}", rule, f'"{path}"'))


def test_a_secret_in_the_environment_takes_precedence_over_its_file(secret_file: str) -> None:
    def password(path: str, environ: Mapping[str, str]) -> Any:
        config = password_config("SCRAM-SHA-512", password_file=path)
        return connection_from_settings(config, environ).for_aiokafka()["sasl_plain_password"]

    assert password("/no/such/file", PASSWORD_ENVIRON) == KEY_PASSWORD
    assert password(secret_file, {PASSWORD_VARIABLE: ""}) == KEY_PASSWORD
    assert password(secret_file, {PASSWORD_VARIABLE: "other"}) == "other"


def test_all_faults_of_files_and_contradictions_are_reported_at_once(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    absent = tmp_path / "none"
    config = KafkaConfig(
        security="sasl-tls",
        mechanism="SCRAM-SHA-512",
        ca_file=str(absent),
        cert_file=f"{tmp_path}/empty",
        key_file=str(tmp_path),
        scope="s",
    )
    assert find_faults(config, {CLIENT_SECRET_VARIABLE: KEY_PASSWORD}) == [
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
def test_an_unused_secret_is_a_fault(variable: str) -> None:
    (fault,) = find_faults(KafkaConfig(), {variable: KEY_PASSWORD})
    assert fault.startswith(f"{variable}: must not be set in the environment without `")


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
    lines = find_faults(password_config("PLAIN", password_file=str(file)))
    assert lines == [path_fault("password_file", rule, file)]


def test_the_file_of_a_wrong_certificate_or_key_is_named(pem: Certificates, tmp_path: Path) -> None:
    broken = tmp_path / "broken.pem"
    broken.write_text("-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----\n")
    broken_key = tmp_path / "key.pem"
    broken_key.write_text("-----BEGIN PRIVATE KEY-----\nno\n-----END PRIVATE KEY-----\n")

    def tls_faults(
        ca: str | Path | None, cert: str | Path, key: str | Path, environ: Mapping[str, str] | None = None
    ) -> list[str]:
        names = {"cert_file": str(cert), "key_file": str(key), "ca_file": str(ca) if ca else None}
        return find_faults(KafkaConfig(security="tls", **names), environ)

    assert tls_faults(broken, pem.key, pem.cert) == [
        path_fault("ca_file", "must name a PEM file of certificates", broken),
        path_fault("cert_file", "must name a PEM file of a certificate", pem.key),
        path_fault("key_file", "must name a PEM file of a private key", pem.cert),
    ]
    assert tls_faults(None, broken, pem.key) == [
        path_fault("cert_file", "must name a PEM file of a certificate", broken)
    ]
    assert tls_faults(None, pem.cert, broken_key) == [
        path_fault("key_file", "must name a PEM file of a private key", broken_key)
    ]
    assert tls_faults(pem.ca, pem.cert, pem.other_key) == [
        path_fault("key_file", "must name the key of the certificate in `cert_file`", pem.other_key)
    ]
    assert tls_faults(pem.ca, pem.cert, pem.encrypted_key) == [
        path_fault(
            "key_file",
            "must name a key that is not encrypted, unless `key_password_file` or "
            f"{KEY_PASSWORD_VARIABLE} in the environment is set",
            pem.encrypted_key,
        )
    ]
    wrong_password = {KEY_PASSWORD_VARIABLE: KEY_PASSWORD + "x"}
    assert tls_faults(pem.ca, pem.cert, pem.encrypted_key, wrong_password) == [
        path_fault(
            "key_file",
            f"must name a key that the password in `{KEY_PASSWORD_VARIABLE}` decrypts",
            pem.encrypted_key,
        )
    ]


def handshake(context: ssl.SSLContext, pem: Certificates, host: str, ask: bool) -> dict[str, Any] | None:
    """Make a TLS handshake with a server named `host`; return the client certificate if the server asks."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pem.cert, pem.key)
    server.load_verify_locations(pem.ca)
    server.verify_mode = ssl.CERT_REQUIRED if ask else ssl.CERT_NONE
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client_end = context.wrap_bio(to_client, to_server, server_hostname=host)
    server_end = server.wrap_bio(to_server, to_client, server_side=True)
    waiting = [client_end.do_handshake, server_end.do_handshake]
    while waiting:
        step = waiting.pop(0)
        try:
            step()
        except ssl.SSLWantReadError:
            waiting.append(step)
    return server_end.getpeercert()


@pytest.mark.parametrize("encrypted", [False, True])
def test_mutual_tls_presents_the_client_certificate(
    pem: Certificates, secret_file: str, encrypted: bool
) -> None:
    key = pem.encrypted_key if encrypted else pem.key
    config = KafkaConfig(
        security="tls",
        ca_file=pem.ca,
        cert_file=pem.cert,
        key_file=key,
        key_password_file=secret_file if encrypted else None,
    )
    context = connection_from_settings(config, {}).for_kafka_python()["ssl_context"]
    certificate = handshake(context, pem, "127.0.0.1", ask=True)
    assert certificate is not None
    assert certificate["subject"] == ((("commonName", "test"),),)


def test_a_broker_with_another_name_or_authority_is_refused(pem: Certificates) -> None:
    context = connection_from_settings(KafkaConfig(security="tls", ca_file=pem.ca), {}).for_aiokafka()[
        "ssl_context"
    ]
    handshake(context, pem, "127.0.0.1", ask=False)
    with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
        handshake(context, pem, "kafka.example", ask=False)
    system = connection_from_settings(KafkaConfig(security="tls"), {}).for_aiokafka()["ssl_context"]
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(system, pem, "127.0.0.1", ask=False)
