"""Tokens of an OAuth 2.0 server, and the providers that pass them to aiokafka and kafka-python."""

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

_MAX_RESPONSE_BYTES: Final = 1024 * 1024
_TOKEN_TIMEOUT_S: Final = 10.0
_DEFAULT_LIFETIME_S: Final = 60.0  # of a token without `expires_in`
_REFRESH_AFTER_SHARE: Final = 0.8  # of the lifetime of a token, as in Kafka's own clients
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
    """The token server gave no token; the message says why, without secrets.

    It is an OSError because aiokafka retries a connection only after one: any other error would end its
    sender or fetcher for good, although the server may answer a moment later.
    """


class TokenSource:
    """Tokens of an OAuth 2.0 server for client credentials (RFC 6749, 4.4), each reused until it is stale.

    May be used from several threads: one requests a token, the others wait for it.
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
        """Return a token that is valid now. Blocks while the server is asked, which is not on every call.

        A new one is requested when a fifth of the lifetime is left; if there is none, the old one is used
        until it expires. Raises TokenError.
        """
        with self._lock:
            now_s = self._clock()
            if now_s >= self._refresh_at_s:
                try:
                    token, lifetime_s = self._request_token()
                except TokenError:
                    if now_s >= self._expires_at_s:
                        raise
                else:
                    self._token = Secret(token)
                    self._refresh_at_s = now_s + lifetime_s * _REFRESH_AFTER_SHARE
                    self._expires_at_s = now_s + lifetime_s
            return self._token.reveal()

    def _request_token(self) -> tuple[str, float]:
        """Return a new token and its lifetime in seconds."""
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
            ) as response:
                content = response.read(_MAX_RESPONSE_BYTES)
        except HTTPError as error:
            with error:
                raise self._refusal_error(error.code, _error_code(error)) from None
        except URLError as error:
            raise self._token_error(f"cannot be reached: {error.reason}") from None
        except (OSError, HTTPException) as error:
            raise self._token_error(f"failed: {error or type(error).__name__}") from None
        return self._parse_response(content)

    def _parse_response(self, response: bytes) -> tuple[str, float]:
        # A response that cannot be parsed may still hold a token, so none of it is shown.
        try:
            values = json.loads(response)
        except (ValueError, RecursionError):
            raise self._token_error("sent a response that is not JSON") from None
        values = values if isinstance(values, dict) else {}
        token = values.get("access_token")
        if not isinstance(token, str) or not _TOKEN_PATTERN.fullmatch(token):
            raise self._token_error("sent a response without a usable `access_token`")
        if str(values.get("token_type", "bearer")).casefold() != "bearer":
            raise self._token_error("sent a token that is not of type Bearer")
        try:
            lifetime_s = float(values.get("expires_in") or _DEFAULT_LIFETIME_S)
        except (TypeError, ValueError):
            lifetime_s = -1.0
        if not 0 < lifetime_s < float("inf"):
            raise self._token_error("sent an `expires_in` that is not a positive number of seconds")
        return token, lifetime_s

    def _refusal_error(self, status: int, code: str) -> TokenError:
        if 300 <= status < 400:
            return self._token_error(f"redirected (status {status}), which is not followed")
        return self._token_error(f"refused with status {status}" + (f", {code}" if code else ""))

    def _token_error(self, why: str) -> TokenError:
        return TokenError(f"no token for client {self._client_id}: {self._address()} {why}")

    def _address(self) -> str:
        """Return the address without its query, which may hold a secret."""
        parts = urlsplit(self._url)
        return f"{parts.scheme}://{parts.netloc}{parts.path}"


def _build_opener(url: str, tls_context: ssl.SSLContext | None) -> Any:
    """Return an opener that follows no redirects, which would send the secret elsewhere."""
    from urllib.request import HTTPRedirectHandler, HTTPSHandler, ProxyHandler, build_opener

    class NoRedirects(HTTPRedirectHandler):
        def redirect_request(self, *_: Any, **__: Any) -> None:
            """Make no request; urllib then raises HTTPError."""

    # Plain HTTP is for this machine only, and not through a proxy, which could read the secret.
    proxies = ProxyHandler({}) if url.startswith("http:") else ProxyHandler()
    return build_opener(NoRedirects, proxies, HTTPSHandler(context=tls_context))


def _error_code(response: Any) -> str:
    """Return the error code of a token server if it is one of the standard; other text is not repeated."""
    try:
        values = json.loads(response.read(_MAX_RESPONSE_BYTES))
    except (OSError, ValueError, RecursionError):
        return ""
    code = values.get("error") if isinstance(values, dict) else None
    return code if code in _OAUTH_ERRORS else ""


def provider_for_aiokafka(token_source: TokenSource) -> Any:
    """Return the token provider that aiokafka's clients take."""
    import asyncio

    from aiokafka.abc import AbstractTokenProvider

    class Provider(AbstractTokenProvider):  # type: ignore[misc]
        """Tokens for aiokafka, requested in a thread so that the event loop is not blocked."""

        async def token(self) -> str:
            """Return a valid token. Raises TokenError."""
            return await asyncio.to_thread(token_source.token)

    return Provider()


def provider_for_kafka_python(token_source: TokenSource) -> Any:
    """Return the token provider that kafka-python's clients take."""
    from kafka.net.sasl.oauth import AbstractTokenProvider

    class Provider(AbstractTokenProvider):  # type: ignore[misc]
        """Tokens for kafka-python, which requests them in its own thread."""

        def token(self) -> str:
            """Return a valid token. Raises TokenError."""
            return token_source.token()

    return Provider()
