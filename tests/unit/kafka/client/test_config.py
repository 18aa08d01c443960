"""Contradictions within `[kafka]`: each names both settings, and all are reported at once."""

import pytest

from streams.kafka.client import find_contradictions
from streams.settings.load import SettingsError, parse_settings


def test_all_contradictions_are_reported_with_their_lines() -> None:
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
    ("values", "expected"),
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
def test_a_contradiction_names_both_keys(values: dict[str, object], expected: list[str]) -> None:
    assert list(map(str, find_contradictions(values))) == expected


@pytest.mark.parametrize(
    ("url", "valid"),
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
def test_the_token_url_must_be_encrypted_or_local(url: str, valid: bool) -> None:
    assert (not list(find_contradictions({"token_url": url, "security": "loose"}))) == valid
