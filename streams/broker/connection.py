"""How to reach Kafka: `[kafka]` of the settings, and what it gives to Faust, aiokafka and kafka-python.

One model for all three. Secrets come from files or the environment, never from the settings themselves, and
do not print. Nothing here connects to a broker; the libraries are imported only where they are needed.
"""

import json
import re
import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import Annotated, Any, Final, Literal, NoReturn, get_args
from urllib.parse import quote_plus, urlencode, urlsplit

import msgspec
from msgspec import Meta, Struct

from streams.records.faults import Fault, shown

PASSWORD: Final = "ANPR_KAFKA_PASSWORD"
"""The environment variable that goes before `password_file`."""
CLIENT_SECRET: Final = "ANPR_KAFKA_CLIENT_SECRET"
"""The environment variable that goes before `client_secret_file`."""
KEY_PASSWORD: Final = "ANPR_KAFKA_KEY_PASSWORD"
"""The environment variable that goes before `key_password_file`."""

Security = Literal["plaintext", "tls", "sasl-plaintext", "sasl-tls"]
Mechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"]
Server = Annotated[str, Meta(pattern=r"^([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}\Z", max_length=260)]
Name = Annotated[str, Meta(min_length=1, max_length=1000)]

_PROTOCOLS: Final[dict[str, str]] = {
    "plaintext": "PLAINTEXT",
    "tls": "SSL",
    "sasl-plaintext": "SASL_PLAINTEXT",
    "sasl-tls": "SASL_SSL",
}
_WITH_TLS: Final = ("tls", "sasl-tls")
_WITH_SASL: Final = ("sasl-plaintext", "sasl-tls")
_TLS_KEYS: Final = ("ca_file", "cert_file", "key_file", "key_password_file")
_PASSWORD_KEYS: Final = ("username", "password_file")
_OAUTH_KEYS: Final = ("token_url", "client_id", "client_secret_file", "scope")
_LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")

_SECRET_BYTES: Final = 64 * 1024
_ANSWER_BYTES: Final = 1024 * 1024
_TOKEN_WITHIN_S: Final = 10.0
_LIFETIME_S: Final = 60.0  # of a token whose issuer does not say
_FRESH_SHARE: Final = 0.8  # of a token's life, as Kafka's own clients have it
_TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/-]+=*")  # RFC 6750, 2.1
_OAUTH_ERRORS: Final = (  # RFC 6749, 5.2
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
)


class KafkaSection(Struct, frozen=True, forbid_unknown_fields=True):
    """`[kafka]`: where the brokers are and how to prove who one is."""

    servers: Annotated[
        list[Server],
        Meta(min_length=1, description="brokers to begin with, each host:port; IPv6 addresses in brackets"),
    ] = msgspec.field(default_factory=lambda: ["127.0.0.1:9092"])
    security: Annotated[
        Security,
        Meta(description="`plaintext`, or encrypted with `tls`; with `sasl-` in front also a login"),
    ] = "plaintext"
    ca_file: Annotated[
        Name | None,
        Meta(
            description="PEM file of the authorities that sign the brokers' certificates; else the system's"
        ),
    ] = None
    cert_file: Annotated[Name | None, Meta(description="PEM file of one's own certificate, for mTLS")] = None
    key_file: Annotated[Name | None, Meta(description="PEM file of that certificate's key")] = None
    key_password_file: Annotated[
        Name | None,
        Meta(description=f"file with the key's password; the environment's {KEY_PASSWORD} goes before it"),
    ] = None
    mechanism: Annotated[Mechanism | None, Meta(description="kind of login")] = None
    username: Annotated[Name | None, Meta(description="user's name, for PLAIN and SCRAM")] = None
    password_file: Annotated[
        Name | None,
        Meta(description=f"file with the user's password; the environment's {PASSWORD} goes before it"),
    ] = None
    token_url: Annotated[
        Name | None,
        Meta(description="https address that gives tokens for client credentials, for OAUTHBEARER"),
    ] = None
    client_id: Annotated[Name | None, Meta(description="client's id there")] = None
    client_secret_file: Annotated[
        Name | None,
        Meta(description=f"file with the client's secret; the environment's {CLIENT_SECRET} goes before it"),
    ] = None
    scope: Annotated[Name | None, Meta(description="scope to ask for there")] = None
    client_name: Annotated[
        str,
        Meta(
            pattern=r"^[A-Za-z0-9._-]+\Z",
            max_length=64,
            description="what brokers call this client in their logs and quotas; parts of it add their own",
        ),
    ] = "anpr"


class Secret:
    """A text that neither prints nor leaves the process by accident; `reveal` gives it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text. Only for the place that hands it on."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(hidden)"

    def __copy__(self) -> "Secret":
        return self

    def __deepcopy__(self, memo: object) -> "Secret":
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        """Raises TypeError: a pickle would hold the text for all to read."""
        raise TypeError("a secret is not pickled")


class ConnectionSettingsError(ValueError):
    """The settings of the connection, or what they name, have faults. `faults` holds all of them."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(map(str, self.faults)))


class TokenError(ConnectionError):
    """No token was given; the message says why, without secrets.

    It is an OSError because aiokafka tries a connection again after those only: any other error would end
    its sender or fetcher for good, though the token's address may answer a moment later.
    """


def contradictions(values: Mapping[str, object]) -> Iterator[Fault]:
    """What is wrong with the keys of `[kafka]` together, as far as no file need be opened for it.

    Takes the values as TOML gives them, or a section's own; None is as good as missing. A value of a wrong
    type is passed over. Each fault names both keys it is about, and none tells a value that may be secret.
    """
    given = {name for name, value in values.items() if value is not None}
    security = values.get("security", "plaintext")
    if security in get_args(Security):
        yield from _against_security(str(security), values.get("mechanism"), given)
    for name, other in (
        ("cert_file", "key_file"),
        ("key_file", "cert_file"),
        ("key_password_file", "key_file"),
    ):
        if name in given and other not in given:
            yield Fault(name, f"needs `{other}`, which is missing", "")
    servers = values.get("servers")
    for server in servers if isinstance(servers, list) else ():
        port = server.rpartition(":")[2] if isinstance(server, str) else ""
        if re.fullmatch("[0-9]{1,5}", port) and not 1 <= int(port) <= 65535:
            yield Fault("servers", "has ports from 1 to 65535", shown(server))
    url = values.get("token_url")
    if isinstance(url, str) and not _is_token_url(url):
        rule = "is an https address without a user, password or fragment in it; http only to this machine"
        yield Fault("token_url", rule, "")


class Connection(Struct, frozen=True, eq=False):
    """A way to the brokers, with all that was in files read and found right. It prints no secret."""

    section: KafkaSection
    context: ssl.SSLContext | None
    password: Secret | None
    tokens: "TokenSource | None"

    def for_kafka_python(self, part: str = "") -> dict[str, Any]:
        """Keyword arguments for the clients of kafka-python 3.

        `part` says in the client's name which part of the program it is.
        """
        options = self._shared(part)
        if self.tokens:
            options["sasl_oauth_token_provider"] = _for_kafka_python(self.tokens)
        return options

    def for_aiokafka(self, part: str = "") -> dict[str, Any]:
        """Keyword arguments for the clients of aiokafka 0.14; `part` as in `for_kafka_python`."""
        options = self._shared(part)
        if self.tokens:
            options["sasl_oauth_token_provider"] = _for_aiokafka(self.tokens)
        return options

    def for_faust(self, part: str = "", scheme: str = "kafka") -> dict[str, Any]:
        """Keyword arguments for the App of faust-streaming 0.15.3: `broker`, its client id and credentials.

        `scheme` of the brokers' addresses chooses Faust's driver; `part` is as in `for_kafka_python`.
        """
        options: dict[str, Any] = {
            "broker": [f"{scheme}://{server}" for server in self.section.servers],
            "broker_client_id": self._client(part),
        }
        credentials = self._credentials()
        return options if credentials is None else {**options, "broker_credentials": credentials}

    def _credentials(self) -> Any:
        from faust.auth import OAuthCredentials, SASLCredentials, SSLCredentials

        if self.tokens:
            return OAuthCredentials(oauth_cb=_for_aiokafka(self.tokens), ssl_context=self.context)
        if self.password:
            return SASLCredentials(
                username=self.section.username,
                password=_Unprinted(self.password.reveal()),
                mechanism=self.section.mechanism,
                ssl_context=self.context,
            )
        # Without a context of its own SSLCredentials raises TypeError.
        return SSLCredentials(self.context) if self.context else None

    def _shared(self, part: str) -> dict[str, Any]:
        options: dict[str, Any] = {
            "bootstrap_servers": list(self.section.servers),
            "client_id": self._client(part),
            "security_protocol": _PROTOCOLS[self.section.security],
        }
        if self.context:
            options["ssl_context"] = self.context
        if self.section.mechanism:
            options["sasl_mechanism"] = self.section.mechanism
        if self.password:
            options["sasl_plain_username"] = self.section.username
            options["sasl_plain_password"] = _Unprinted(self.password.reveal())
        return options

    def _client(self, part: str) -> str:
        return f"{self.section.client_name}-{part}" if part else self.section.client_name


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
        context: ssl.SSLContext | None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._url = url
        self._client_id = client_id
        self._secret = secret
        self._scope = scope
        self._context = context
        self._clock = clock
        self._lock = Lock()
        self._token = Secret("")
        self._stale_at = self._ends_at = -float("inf")

    def __repr__(self) -> str:
        return f"TokenSource({self._place()}, client {self._client_id})"

    def token(self) -> str:
        """A token that is valid now. Blocks while the server is asked, which is not done for each call.

        A new one is asked for when a fifth of the old one's life is left; if none is given then, the old
        one serves until its end. Raises TokenError.
        """
        with self._lock:
            now = self._clock()
            if now >= self._stale_at:
                try:
                    token, life = self._ask()
                except TokenError:
                    if now >= self._ends_at:
                        raise
                else:
                    self._token = Secret(token)
                    self._stale_at, self._ends_at = now + life * _FRESH_SHARE, now + life
            return self._token.reveal()

    def _ask(self) -> tuple[str, float]:
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
            with _opener(self._url, self._context).open(request, timeout=_TOKEN_WITHIN_S) as answer:
                content = answer.read(_ANSWER_BYTES)
        except HTTPError as error:
            with error:
                raise self._refused(error.code, _error_code(error)) from None
        except URLError as error:
            raise self._failed(f"cannot be reached: {error.reason}") from None
        except (OSError, HTTPException) as error:
            raise self._failed(f"did not answer as it should: {error or type(error).__name__}") from None
        return self._read(content)

    def _read(self, answer: bytes) -> tuple[str, float]:
        # An answer that is not understood may still hold a token, so none of it is told.
        try:
            values = json.loads(answer)
        except (ValueError, RecursionError):
            raise self._failed("answered with something that is not JSON") from None
        values = values if isinstance(values, dict) else {}
        token = values.get("access_token")
        if not isinstance(token, str) or not _TOKEN.fullmatch(token):
            raise self._failed("answered without a usable `access_token`")
        if str(values.get("token_type", "bearer")).casefold() != "bearer":
            raise self._failed("answered with a token that is not of the type Bearer")
        try:
            life = float(values.get("expires_in") or _LIFETIME_S)
        except (TypeError, ValueError):
            life = -1.0
        if not 0 < life < float("inf"):
            raise self._failed("answered with an `expires_in` that is no number of seconds")
        return token, life

    def _refused(self, status: int, code: str) -> TokenError:
        if 300 <= status < 400:
            return self._failed(f"answered with a redirection ({status}), which is not followed")
        return self._failed(f"refused with status {status}" + (f", {code}" if code else ""))

    def _failed(self, why: str) -> TokenError:
        return TokenError(f"no token for the client {self._client_id}: {self._place()} {why}")

    def _place(self) -> str:
        """The address without its query, which may hold what is not to be told."""
        parts = urlsplit(self._url)
        return f"{parts.scheme}://{parts.netloc}{parts.path}"


def resolve(
    section: KafkaSection, environ: Mapping[str, str], clock: Callable[[], float] = monotonic
) -> Connection:
    """The connection that the settings and the environment give; reads the files they name.

    A secret in the environment goes before its file, which is not read then; an empty variable counts as not
    set. Relative paths begin at the current folder. `clock` tells seconds and is asked how old a token is.
    Raises ConnectionSettingsError with all faults: contradictions, files that are missing, cannot be read,
    are empty or are not what they should be, and secrets that are missing or have no use.
    """
    return _Reading(section, environ).connection(clock)


class _Reading:
    """The files and variables that a section names, and the faults found in them so far."""

    def __init__(self, section: KafkaSection, environ: Mapping[str, str]) -> None:
        self._section = section
        self._environ = environ
        self._faults = list(contradictions(msgspec.structs.asdict(section)))

    def connection(self, clock: Callable[[], float]) -> Connection:
        section = self._section
        sasl, tls = section.security in _WITH_SASL, section.security in _WITH_TLS
        oauth = section.mechanism == "OAUTHBEARER"
        by_password = sasl and section.mechanism is not None and not oauth
        password = self._secret("password_file", PASSWORD, by_password, "a SASL login by PLAIN or SCRAM")
        secret = self._secret("client_secret_file", CLIENT_SECRET, sasl and oauth, "OAUTHBEARER")
        for name, found in (("password_file", password), ("client_secret_file", secret)):
            self._require(name, found, by_password if name == "password_file" else sasl and oauth)
        keyed = tls and section.key_file is not None
        key_password = self._secret("key_password_file", KEY_PASSWORD, keyed, "`key_file`")
        readable = [name for name in ("ca_file", "cert_file", "key_file") if self._content(name)]
        context = self._context(readable, key_password) if tls else None
        tokens = None
        if sasl and oauth and secret and section.token_url and section.client_id:
            tls_there = self._context_of_tokens("ca_file" in readable)
            tokens = TokenSource(
                section.token_url, section.client_id, secret, section.scope, tls_there, clock
            )
        if self._faults:
            raise ConnectionSettingsError(
                each._replace(field=each.field if each.field in _VARIABLES else f"kafka.{each.field}")
                for each in self._faults
            )
        return Connection(section, context, password if by_password else None, tokens)

    def _secret(self, name: str, variable: str, wanted: bool, use: str) -> Secret | None:
        """The secret of a variable or else a file; a variable that is set and has no use is a fault."""
        text = self._environ.get(variable)
        if text:
            if not wanted:
                self._fault(variable, f"is set in the environment, but is of use only with {use}")
            return self._one_line(variable, text)
        content = self._content(name)
        if content is None:
            return None
        if len(content) > _SECRET_BYTES:
            self._fault(name, f"names a file of at most {_SECRET_BYTES} bytes", name)
            return None
        try:
            return self._one_line(name, content.decode())
        except UnicodeDecodeError:
            self._fault(name, "names a file of UTF-8 text, and this is none", name)
            return None

    def _one_line(self, name: str, text: str) -> Secret | None:
        # Editors and `echo` end a file with a line's end; it is no part of the secret.
        text = text.removesuffix("\n").removesuffix("\r")
        source = "" if name in _VARIABLES else name
        if not text.strip():
            self._fault(name, "holds a secret, and this is blank", source)
        elif any(ord(each) < 32 or ord(each) == 127 for each in text):
            self._fault(name, "holds one line without control characters, and this holds more", source)
        else:
            return Secret(text)
        return None

    def _require(self, name: str, found: Secret | None, wanted: bool) -> None:
        variable = PASSWORD if name == "password_file" else CLIENT_SECRET
        # What is given and has a fault of its own is not missing too.
        if wanted and not found and getattr(self._section, name) is None and not self._environ.get(variable):
            mechanism = self._section.mechanism
            rule = (
                f"or {variable} in the environment is required by `mechanism` {mechanism}, both are missing"
            )
            self._fault(name, rule)

    def _content(self, name: str) -> bytes | None:
        """What is in the file that a key names, at least one byte of it; else a fault if it names one."""
        path = getattr(self._section, name)
        if path is None:
            return None
        try:
            with Path(path).open("rb") as file:
                content = file.read(_ANSWER_BYTES)
        except (OSError, ValueError) as error:  # ValueError: a NUL in the path
            why = getattr(error, "strerror", None) or str(error)
            self._fault(name, f"names a file that cannot be read ({why})", name)
            return None
        if not content:
            self._fault(name, "names a file that is empty", name)
            return None
        return content

    def _context(self, readable: list[str], key_password: Secret | None) -> ssl.SSLContext | None:
        section = self._section
        context: ssl.SSLContext | None = None
        if section.ca_file is None or "ca_file" in readable:
            try:
                context = ssl.create_default_context(cafile=section.ca_file)
            except (ssl.SSLError, OSError):
                self._fault("ca_file", "names a PEM file of certificates, and this is none", "ca_file")
        if section.cert_file and section.key_file and {"cert_file", "key_file"} <= set(readable):
            # With the authorities at fault one's own certificate is still looked at.
            own = context or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            self._own(own, section.cert_file, section.key_file, key_password)
        return context

    def _own(self, context: ssl.SSLContext, cert: str, key: str, key_password: Secret | None) -> None:
        """Loads one's own certificate and key."""
        asked = []

        def password() -> str:
            # Given always, for without it OpenSSL asks the terminal and the program stands still.
            asked.append(True)
            return key_password.reveal() if key_password else ""

        sound = self._check_pem("cert_file", "-----BEGIN CERTIFICATE-----", "a certificate")
        sound &= self._check_pem("key_file", "PRIVATE KEY-----", "a private key")
        if not sound:
            return
        try:
            # Alone first: the error of loading both does not say which is at fault.
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cert)
        except (ssl.SSLError, OSError):
            self._fault("cert_file", "names a PEM file of a certificate, and this is none", "cert_file")
            return
        try:
            context.load_cert_chain(cert, key, password)
        except (ssl.SSLError, OSError, ValueError) as error:
            if asked and key_password:
                given = KEY_PASSWORD if self._environ.get(KEY_PASSWORD) else "`key_password_file`"
                self._fault("key_file", f"is not opened by the password in {given}", "key_file")
            elif asked:
                rule = f"is encrypted and needs `key_password_file` or {KEY_PASSWORD} in the environment"
                self._fault("key_file", rule, "key_file")
            elif getattr(error, "reason", None) == "KEY_VALUES_MISMATCH":
                self._fault("key_file", "names the key of `cert_file`, and this is another", "key_file")
            else:
                self._fault("key_file", "names a PEM file of a private key, and this is none", "key_file")

    def _check_pem(self, name: str, mark: str, what: str) -> bool:
        found = mark.encode() in (self._content(name) or b"")
        if not found:
            self._fault(name, f"names a PEM file of {what}, and this is none", name)
        return found

    def _context_of_tokens(self, with_ca: bool) -> ssl.SSLContext | None:
        """Trusts the system's authorities and those of `ca_file`: tokens often come from elsewhere."""
        if self._section.token_url is None or self._section.token_url.startswith("http:"):
            return None
        context = ssl.create_default_context()
        if with_ca:
            try:
                context.load_verify_locations(self._section.ca_file)
            except (ssl.SSLError, OSError):
                return None  # a fault already
        return context

    def _fault(self, name: str, rule: str, path_of: str = "") -> None:
        """Notes a fault, with the path of the file that the key `path_of` names."""
        # The whole path, however long: its end is what tells files apart.
        path = json.dumps(getattr(self._section, path_of), ensure_ascii=False) if path_of else ""
        self._faults.append(Fault(name, rule, path))


_VARIABLES: Final = (PASSWORD, CLIENT_SECRET, KEY_PASSWORD)


class _Unprinted(str):
    """A text for a library that wants one, hidden where its arguments are printed.

    KafkaAdminClient of kafka-python logs all its arguments at the level DEBUG.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return "'(hidden)'"


def _against_security(security: str, mechanism: object, given: set[str]) -> Iterator[Fault]:
    if security not in _WITH_TLS:
        for name in sorted(given.intersection(_TLS_KEYS), key=_TLS_KEYS.index):
            yield Fault(name, f"goes with `security` {_or(_WITH_TLS)}, but `security` is {security}", "")
    if security not in _WITH_SASL:
        for name in ("mechanism", *_PASSWORD_KEYS, *_OAUTH_KEYS):
            if name in given:
                yield Fault(name, f"goes with `security` {_or(_WITH_SASL)}, but `security` is {security}", "")
    elif mechanism is None:
        yield Fault("mechanism", f"is required by `security` {security}, and missing", "")
    elif mechanism in get_args(Mechanism):
        yield from _against_mechanism(security, str(mechanism), given)


def _against_mechanism(security: str, mechanism: str, given: set[str]) -> Iterator[Fault]:
    oauth = mechanism == "OAUTHBEARER"
    if security == "sasl-plaintext" and (oauth or mechanism == "PLAIN"):
        what = "its token" if oauth else "the password"
        rule = f"{mechanism} sends {what} readable and goes only with `security` sasl-tls"
        yield Fault("mechanism", f"{rule}, but `security` is {security}", "")
    for name in ("token_url", "client_id") if oauth else ("username",):
        if name not in given:
            yield Fault(name, f"is required by `mechanism` {mechanism}, and missing", "")
    others = get_args(Mechanism)[:3] if oauth else ("OAUTHBEARER",)
    for name in _PASSWORD_KEYS if oauth else _OAUTH_KEYS:
        if name in given:
            yield Fault(name, f"goes with `mechanism` {_or(others)}, but `mechanism` is {mechanism}", "")


def _or(choices: tuple[str, ...]) -> str:
    return " or ".join(choices)


def _is_token_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises for a port that is none
    except ValueError:
        return False
    safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    plain = url.isascii() and url.isprintable() and " " not in url
    return bool(safe and plain and parts.hostname and "@" not in parts.netloc and "#" not in url)


def _opener(url: str, context: ssl.SSLContext | None) -> Any:
    """Opens addresses without following redirections, which would carry the secret elsewhere."""
    from urllib.request import HTTPRedirectHandler, HTTPSHandler, ProxyHandler, build_opener

    class Stay(HTTPRedirectHandler):
        def redirect_request(self, *_: Any, **__: Any) -> None:
            """No request to another place."""

    # Plain HTTP goes to this machine only, and through no proxy, which could read the secret.
    proxies = ProxyHandler({}) if url.startswith("http:") else ProxyHandler()
    return build_opener(Stay, proxies, HTTPSHandler(context=context))


def _error_code(answer: Any) -> str:
    """The error that a token server names, if it is one of the standard's; other words are not repeated."""
    try:
        values = json.loads(answer.read(_ANSWER_BYTES))
    except (OSError, ValueError, RecursionError):
        return ""
    code = values.get("error") if isinstance(values, dict) else None
    return code if code in _OAUTH_ERRORS else ""


def _for_aiokafka(tokens: TokenSource) -> Any:
    import asyncio

    from aiokafka.abc import AbstractTokenProvider

    class Provider(AbstractTokenProvider):  # type: ignore[misc]
        """Tokens for aiokafka, asked for in a thread so that the event loop goes on."""

        async def token(self) -> str:
            """A valid token. Raises TokenError."""
            return await asyncio.to_thread(tokens.token)

    return Provider()


def _for_kafka_python(tokens: TokenSource) -> Any:
    from kafka.net.sasl.oauth import AbstractTokenProvider

    class Provider(AbstractTokenProvider):  # type: ignore[misc]
        """Tokens for kafka-python, which asks for them in its own thread."""

        def token(self) -> str:
            """A valid token. Raises TokenError."""
            return tokens.token()

    return Provider()
