"""OAuth tokens: requested once, reused, and refusals reported without secrets."""

import asyncio
import base64
import json
import ssl
from collections.abc import Callable
from time import monotonic

import pytest
from kafka.net.sasl import get_sasl_mechanism

from streams.kafka.client import CLIENT_SECRET_VARIABLE, TokenError, TokenSource, connection_from_settings
from tests.support.certificates import KEY_PASSWORD, Certificates
from tests.support.kafka_configs import oauth_config
from tests.support.token_server import TOKEN, TokenServer


class ManualClock:
    """A clock that the test sets."""

    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def token_source(
    token_server: TokenServer, clock: Callable[[], float] = monotonic, scope: str | None = "kafka x"
) -> TokenSource:
    """Return the token source of a connection that uses the token server."""
    source = connection_from_settings(
        oauth_config(token_url=token_server.url, client_id="worker:1", scope=scope),
        {CLIENT_SECRET_VARIABLE: KEY_PASSWORD},
        clock,
    ).token_source
    assert source is not None
    return source


def test_a_token_is_requested_with_client_credentials_and_used_by_all_libraries(
    token_server: TokenServer,
) -> None:
    connection = connection_from_settings(
        oauth_config(token_url=token_server.url, scope="kafka x"), {CLIENT_SECRET_VARIABLE: KEY_PASSWORD}
    )
    login = get_sasl_mechanism("OAUTHBEARER")(host="k", **connection.for_kafka_python())
    assert login.auth_bytes() == f"n,,\x01auth=Bearer {TOKEN}\x01\x01".encode()
    assert asyncio.run(connection.for_aiokafka()["sasl_oauth_token_provider"].token()) == TOKEN
    assert asyncio.run(connection.for_faust()["broker_credentials"].oauth_cb.token()) == TOKEN
    (request,) = token_server.requests  # one for all: the token is reused
    assert request.body == "grant_type=client_credentials&scope=kafka+x"
    login_sent = base64.b64decode(request.authorization.removeprefix("Basic ")).decode()
    assert login_sent == "worker:s3cret-%C3%9Cbung"


def test_a_token_is_reused_until_a_fifth_of_its_lifetime_is_left(token_server: TokenServer) -> None:
    clock = ManualClock()
    source = token_source(token_server, clock)
    source.token()
    clock.now_s += 79
    source.token()
    assert len(token_server.requests) == 1
    clock.now_s += 1
    token_server.body = '{"access_token": "second", "expires_in": "100"}'
    assert source.token() == "second"
    assert len(token_server.requests) == 2


def test_an_old_token_is_used_until_it_expires_if_there_is_no_new_one(token_server: TokenServer) -> None:
    clock = ManualClock()
    source = token_source(token_server, clock)
    source.token()
    token_server.status = 503
    clock.now_s += 99
    assert source.token() == TOKEN
    clock.now_s += 1
    with pytest.raises(TokenError, match="refused with status 503"):
        source.token()


@pytest.mark.parametrize(
    ("status", "body", "reason"),
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
def test_a_refusal_is_reported_without_secrets(
    token_server: TokenServer, status: int, body: str, reason: str
) -> None:
    token_server.status, token_server.body, token_server.headers = (
        status,
        body,
        {"Location": token_server.url + "/elsewhere"},
    )
    if reason == "token":  # an empty value counts as no value
        assert token_source(token_server).token() == "a"
        return
    with pytest.raises(TokenError) as caught:
        token_source(token_server).token()
    assert str(caught.value) == f"no token for client worker:1: {token_server.url} {reason}"
    assert isinstance(caught.value, OSError)  # otherwise aiokafka does not retry
    assert len(token_server.requests) == 1


def test_a_missing_server_is_reported(token_server: TokenServer) -> None:
    token_server.close()
    with pytest.raises(TokenError, match=r"cannot be reached: .*refused"):
        token_source(token_server).token()


def test_the_token_server_is_trusted_by_the_authorities_of_ca_file(pem: Certificates) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem.cert, pem.key)
    token_server = TokenServer(context)
    try:
        trusting = connection_from_settings(
            oauth_config(token_url=token_server.url, ca_file=pem.ca), {CLIENT_SECRET_VARIABLE: KEY_PASSWORD}
        ).token_source
        assert trusting is not None
        assert trusting.token() == TOKEN
        with pytest.raises(TokenError, match="CERTIFICATE_VERIFY_FAILED"):
            token_source(token_server).token()
    finally:
        token_server.close()
