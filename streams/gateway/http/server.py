"""The server: events over HTTP in; each is kept before its camera hears that it was accepted."""

import asyncio
import logging
import ssl
from collections.abc import Callable, Sequence
from typing import Any, Final

from aiohttp import web

from streams.gateway.config import GatewaySection
from streams.gateway.event import Event, EventError, refuse
from streams.gateway.http.access import Access, Refused
from streams.gateway.http.rate_limits import Limits
from streams.gateway.intake import STATUS, Intake, told
from streams.gateway.monitoring.monitor import Watch
from streams.gateway.pictures import Store
from streams.gateway.spool.spool import Entry, SpoolFullError
from streams.gateway.spool.writer import Keeper
from streams.runtime.errors import OperatorError

_log = logging.getLogger(__name__)
_FULL_S: Final = 30
"""After so many seconds a camera may try again where the spool was full."""
_NO_ROOM: Final = 503
_METRICS: Final = "text/plain; version=0.0.4"
_CHUNK: Final = 1 << 16


class TlsError(OperatorError):
    """Files of TLS that cannot be used; the message says which and why."""


class Server:
    """Takes events.

    `now` tells the time in ms since 1970 UTC; `seen` is the text of the metrics, `state` whether events can
    be taken, and what there is to say of the spool and Kafka.
    """

    def __init__(
        self,
        policy: GatewaySection,
        access: Access,
        limits: Limits,
        intake: Intake,
        watch: Watch,
        keeper: Keeper,
        store: Store | None,
        now: Callable[[], int],
        seen: Callable[[], bytes],
        state: Callable[[], tuple[bool, dict[str, Any]]],
    ) -> None:
        self._policy = policy
        self._access = access
        self._limits = limits
        self._intake = intake
        self._watch = watch
        self._keeper = keeper
        self._store = store
        self._now = now
        self._seen = seen
        self._state = state
        self.full = 0
        """Events that found no room in the spool."""

    async def handle(self, request: web.BaseRequest) -> web.Response:
        """The answer: events by POST on any path; `/health/live`, `/health/ready` and `/metrics` by GET."""
        if request.method == "POST":
            response = await self._event(request)
        elif request.method not in ("GET", "HEAD"):
            response = web.Response(status=405, headers={"Allow": "GET, HEAD, POST"})
        elif request.path == "/metrics":
            response = web.Response(body=self._seen(), headers={"Content-Type": _METRICS})
        elif request.path == "/health/ready":
            ready, state = self._state()
            response = web.json_response({"ready": ready, **state}, status=200 if ready else _NO_ROOM)
        elif request.path == "/health/live":
            response = web.json_response({"live": True})
        else:
            response = web.Response(status=404)
        # What serves here, and in which version, is nobody's business.
        response.headers["Server"] = "anpr"
        return response

    async def _event(self, request: web.BaseRequest) -> web.Response:
        arrived = self._now()
        address = request.remote or ""
        wait = self._limits.login(address, arrived)
        if wait:
            return _wait(429, wait, "too many failed logins from this address")
        try:
            camera_id = self._access.camera(
                request.method,
                request.path_qs,
                request.headers.get("Authorization"),
                _certificate(request),
                arrived,
            )
        except Refused as refused:
            return await self._nobody(refused, request, arrived)
        wait = self._limits.event(camera_id, arrived)
        if wait:
            self._watch.refused(camera_id, arrived, "rate")
            return _wait(429, wait, "more events than [cameras] events_per_s")
        try:
            body = await self._body(camera_id, request)
        except EventError as error:
            return await self._cut_off(camera_id, request, arrived, error, STATUS[error.reason])
        except TimeoutError:
            return await self._cut_off(camera_id, request, arrived, _slow(self._policy.event_s), 408)
        event = Event(body, arrived, request.headers.get("Content-Type", ""), request.path)
        return await self._take(camera_id, event)

    async def message(self, camera_id: str, event: Event) -> bool:
        """Takes an event that came in another way than HTTP; False if there is no room for it now."""
        return (await self._take(camera_id, event)).status != _NO_ROOM

    async def _take(self, camera_id: str, event: Event) -> web.Response:
        taken, errors = self._intake.take(camera_id, event)
        if self._store is not None and taken.pictures and taken.reads:
            try:
                taken = await self._store.keep(camera_id, event, taken)
            except OSError as error:
                # A picture is not worth a read.
                _log.warning("a picture of camera %s cannot be stored, and is dropped: %s", camera_id, error)
        answer = self._intake.answer(camera_id, event, taken, errors)
        if answer.entries and not await self._kept(answer.entries):
            return _wait(_NO_ROOM, _FULL_S, "no room for further events")
        self._watch.took(camera_id, event.arrived, taken, errors)
        return _answer(answer.status, answer.reply.body, answer.reply.content_type)

    async def _body(self, camera_id: str, request: web.BaseRequest) -> bytes:
        """The body. Raises EventError for one that is too large, TimeoutError for one that comes too slow."""
        most = int((self._intake.event_mb(camera_id) or self._policy.event_mb) * 1e6)
        if (request.content_length or 0) > most:
            raise _large(most)
        if request.content.is_eof():
            # It came with the head, as nearly all do.
            body = request.content.read_nowait()
            if len(body) > most:
                raise _large(most)
            return body
        chunks, size = list[bytes](), 0
        async with asyncio.timeout(self._policy.event_s):
            async for chunk in request.content.iter_chunked(_CHUNK):
                size += len(chunk)
                if size > most:
                    raise _large(most)
                chunks.append(chunk)
        return b"".join(chunks)

    async def _kept(self, entries: Sequence[Entry]) -> bool:
        """Keeps entries; False if there is no room."""
        try:
            await self._keeper.keep(entries)
        except SpoolFullError as full:
            self.full += 1
            if self.full == 1 or self.full % 1000 == 0:
                _log.error("%s; cameras are told to try again (%d so far)", full, self.full)
            return False
        return True

    async def _nobody(self, refused: Refused, request: web.BaseRequest, arrived: int) -> web.Response:
        error = refuse("login", "Authorization", str(refused))
        response = _answer(refused.status, told([error]).body)
        for challenge in refused.challenges:
            response.headers.add("WWW-Authenticate", challenge)
        if not refused.asked:
            address = request.remote or ""
            self._limits.login_failed(address, arrived)
            self._watch.refused("", arrived, "login")
            of = f" of the user {refused.user!r}" if refused.user else ""
            _log.warning("an event%s from %s was refused: %s", of, address, refused)
            await self._aside("", request, arrived, error)
            response.force_close()
        return response

    async def _cut_off(
        self, camera_id: str, request: web.BaseRequest, arrived: int, error: EventError, status: int
    ) -> web.Response:
        self._watch.refused(camera_id, arrived, error.reason)
        await self._aside(camera_id, request, arrived, error)
        response = _answer(status, told([error]).body)
        response.force_close()
        return response

    async def _aside(self, camera_id: str, request: web.BaseRequest, arrived: int, error: EventError) -> None:
        """A dead letter of an event whose body was not taken: what nobody vouches for is not kept."""
        event = Event(b"", arrived, request.headers.get("Content-Type", ""), request.path)
        await self._kept([self._intake.letter(camera_id, event, [error])])


def _certificate(request: web.BaseRequest) -> Any:
    transport = request.transport
    return transport.get_extra_info("peercert") if transport is not None else None


def _answer(status: int, body: bytes, content_type: str = "application/json") -> web.Response:
    return web.Response(status=status, body=body, headers={"Content-Type": content_type})


def _wait(status: int, seconds: float, why: str) -> web.Response:
    response = web.json_response({"why": why}, status=status)
    response.headers["Retry-After"] = str(max(1, round(seconds)))
    return response


def _large(most: int) -> EventError:
    return refuse("size", "", f"has at most {most:,} bytes (event_mb of the camera or [gateway])", "larger")


def _slow(seconds: float) -> EventError:
    return refuse("form", "", f"comes within {seconds:g} s ([gateway] event_s)", "slower")


def tls_of(policy: GatewaySection) -> ssl.SSLContext | None:
    """The server's TLS; None without a certificate.

    A camera's own certificate is asked for if `client_ca_file` names who may sign it, and not demanded, for
    others may log in by password.
    Raises TlsError for files that cannot be used.
    """
    if policy.cert_file is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(policy.cert_file, policy.key_file)
    except OSError as error:  # ssl.SSLError is one
        keys = f"cert_file = {policy.cert_file!r} and key_file = {policy.key_file!r}"
        raise TlsError(f"[gateway] {keys} are no certificate and its key: {_why(error)}") from error
    if policy.client_ca_file is not None:
        try:
            context.load_verify_locations(policy.client_ca_file)
        except OSError as error:
            raise TlsError(
                f"[gateway] client_ca_file = {policy.client_ca_file!r} has no certificates: {_why(error)}"
            ) from error
        context.verify_mode = ssl.CERT_OPTIONAL
    return context


def _why(error: OSError) -> str:
    return error.strerror or str(error)
