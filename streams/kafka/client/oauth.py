"""Tokens of an OAuth 2.0 server, and how aiokafka and kafka-python are given them."""

import json
import re
import ssl
from collections.abc import Callable
from threading import Lock
from time import monotonic
from typing import Any, Final
from urllib.parse import quote_plus, urlencode, urlsplit

from streams.runtime.errors import OperatorError
from streams.runtime.secrets import Secret

MAX_RESPONSE_BYTES: Final = 1024 * 1024
_TOKEN_TIMEOUT_S: Final = 10.0
_DEFAULT_LIFETIME_S: Final = 60.0  # of a token whose issuer does not say
_REFRESH_AFTER_SHARE: Final = 0.8  # of a token's life, as Kafka's own clients have it
_TOKEN_PATTERN: Final = re.compile(r"[A-Za-z0-9._~+/-]+=*")  # RFC 6750, 2.1
_OAUTH_ERRORS: Final = (  # RFC 6749, 5.2
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
)


class TokenError(OperatorError, ConnectionError):
    """No token was given; the message says why, without secrets.

    It is an OSError because aiokafka tries a connection again after those only: any other error would end
    its sender or fetcher for good, though the token's address may answer a moment later.
    """


class TokenSource:
    """Tokens of an OAuth 2.0 server for client credentials (RFC 6749, 4.4), each used until it is stale.

    May be used from several threads; one asks, the others wait for its token.
    """

    def __init__(
        self,
        url: str,
        client_id: str,
        secret: Secret,
        scope: str | None,
        tls_context: ssl.SSLContext | None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._url = url
        self._client_id = client_id
        self._secret = secret
        self._scope = scope
        self._tls_context = tls_context
        self._clock = clock
        self._lock = Lock()
        self._token = Secret("")
        self._refresh_at_s = self._expires_at_s = -float("inf")

    def __repr__(self) -> str:
        return f"TokenSource({self._address()}, client {self._client_id})"

    def token(self) -> str:
        """A token that is valid now. Blocks while the server is asked, which is not done for each call.

        A new one is asked for when a fifth of the old one's life is left; if none is given then, the old
        one serves until its end. Raises TokenError.
        """
        with self._lock:
            now = self._clock()
            if now >= self._refresh_at_s:
                try:
                    token, life = self._request_token()
                except TokenError:
                    if now >= self._expires_at_s:
                        raise
                else:
                    self._token = Secret(token)
                    self._refresh_at_s, self._expires_at_s = now + life * _REFRESH_AFTER_SHARE, now + life
            return self._token.reveal()

    def _request_token(self) -> tuple[str, float]:
        """A new token and its life in seconds."""
        from base64 import b64encode
        from http.client import HTTPException
        from urllib.error import HTTPError, URLError
        from urllib.request import Request

        login = f"{quote_plus(self._client_id)}:{quote_plus(self._secret.reveal())}"
        form = {"grant_type": "client_credentials", **({"scope": self._scope} if self._scope else {})}
        request = Request(self._url, urlencode(form).encode(), method="POST")
        request.add_header("Authorization", f"Basic {b64encode(login.encode()).decode()}")
        request.add_header("Accept", "application/json")
        try:
            with _build_opener(self._url, self._tls_context).open(
                request, timeout=_TOKEN_TIMEOUT_S
            ) as answer:
                content = answer.read(MAX_RESPONSE_BYTES)
        except HTTPError as error:
            with error:
                raise self._refusal_error(error.code, _error_code(error)) from None
        except URLError as error:
            raise self._token_error(f"cannot be reached: {error.reason}") from None
        except (OSError, HTTPException) as error:
            raise self._token_error(f"did not answer as it should: {error or type(error).__name__}") from None
        return self._parse_response(content)

    def _parse_response(self, response: bytes) -> tuple[str, float]:
        # An answer that is not understood may still hold a token, so none of it is told.
        try:
            values = json.loads(response)
        except (ValueError, RecursionError):
            raise self._token_error("answered with something that is not JSON") from None
        values = values if isinstance(values, dict) else {}
        token = values.get("access_token")
        if not isinstance(token, str) or not _TOKEN_PATTERN.fullmatch(token):
            raise self._token_error("answered without a usable `access_token`")
        if str(values.get("token_type", "bearer")).casefold() != "bearer":
            raise self._token_error("answered with a token that is not of the type Bearer")
        try:
            life = float(values.get("expires_in") or _DEFAULT_LIFETIME_S)
        except (TypeError, ValueError):
            life = -1.0
        if not 0 < life < float("inf"):
            raise self._token_error("answered with an `expires_in` that is no number of seconds")
        return token, life

    def _refusal_error(self, status: int, code: str) -> TokenError:
        if 300 <= status < 400:
            return self._token_error(f"answered with a redirection ({status}), which is not followed")
        return self._token_error(f"refused with status {status}" + (f", {code}" if code else ""))

    def _token_error(self, why: str) -> TokenError:
        return TokenError(f"no token for the client {self._client_id}: {self._address()} {why}")

    def _address(self) -> str:
        """The address without its query, which may hold what is not to be told."""
        parts = urlsplit(self._url)
        return f"{parts.scheme}://{parts.netloc}{parts.path}"


def _build_opener(url: str, tls_context: ssl.SSLContext | None) -> Any:
    """Opens addresses without following redirections, which would carry the secret elsewhere."""
    from urllib.request import HTTPRedirectHandler, HTTPSHandler, ProxyHandler, build_opener

    class Stay(HTTPRedirectHandler):
        def redirect_request(self, *_: Any, **__: Any) -> None:
            """No request to another place."""

    # Plain HTTP goes to this machine only, and through no proxy, which could read the secret.
    proxies = ProxyHandler({}) if url.startswith("http:") else ProxyHandler()
    return build_opener(Stay, proxies, HTTPSHandler(context=tls_context))


def _error_code(response: Any) -> str:
    """The error that a token server names, if it is one of the standard's; other words are not repeated."""
    try:
        values = json.loads(response.read(MAX_RESPONSE_BYTES))
    except (OSError, ValueError, RecursionError):
        return ""
    code = values.get("error") if isinstance(values, dict) else None
    return code if code in _OAUTH_ERRORS else ""


def provider_for_aiokafka(token_source: TokenSource) -> Any:
    import asyncio

    from aiokafka.abc import AbstractTokenProvider

    class Provider(AbstractTokenProvider):  # type: ignore[misc]
        """Tokens for aiokafka, asked for in a thread so that the event loop goes on."""

        async def token(self) -> str:
            """A valid token. Raises TokenError."""
            return await asyncio.to_thread(token_source.token)

    return Provider()


def provider_for_kafka_python(token_source: TokenSource) -> Any:
    from kafka.net.sasl.oauth import AbstractTokenProvider

    class Provider(AbstractTokenProvider):  # type: ignore[misc]
        """Tokens for kafka-python, which asks for them in its own thread."""

        def token(self) -> str:
            """A valid token. Raises TokenError."""
            return token_source.token()

    return Provider()
