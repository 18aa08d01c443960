"""The server: events over HTTP in; each is kept before its camera hears that it was accepted."""

import asyncio
import logging
import ssl
from collections.abc import Callable, Sequence
from typing import Any, Final

from aiohttp import web

from streams.gateway.config import GatewayConfig
from streams.gateway.event import Event, EventError, event_error
from streams.gateway.http.access import Access, Unauthorised
from streams.gateway.http.rate_limits import RateLimits
from streams.gateway.intake import HTTP_STATUS, Intake, build_error_reply
from streams.gateway.monitoring.monitor import CameraMonitor
from streams.gateway.pictures import PictureStore
from streams.gateway.spool.spool import Entry, SpoolFullError
from streams.gateway.spool.writer import SpoolWriter
from streams.runtime.errors import OperatorError

_log = logging.getLogger(__name__)
_FULL_RETRY_S: Final = 30
"""After so many seconds a camera may try again where the spool was full."""
_UNAVAILABLE: Final = 503
_METRICS_CONTENT_TYPE: Final = "text/plain; version=0.0.4"
_CHUNK_BYTES: Final = 1 << 16


class TlsError(OperatorError):
    """Files of TLS that cannot be used; the message says which and why."""


class Server:
    """Takes events.

    `now` tells the time in ms since 1970 UTC; `seen` is the text of the metrics, `state` whether events can
    be taken, and what there is to say of the spool and Kafka.
    """

    def __init__(
        self,
        config: GatewayConfig,
        access: Access,
        rate_limits: RateLimits,
        intake: Intake,
        monitor: CameraMonitor,
        spool_writer: SpoolWriter,
        picture_store: PictureStore | None,
        now_ms: Callable[[], int],
        render_metrics: Callable[[], bytes],
        build_status: Callable[[], tuple[bool, dict[str, Any]]],
    ) -> None:
        self._config = config
        self._access = access
        self._rate_limits = rate_limits
        self._intake = intake
        self._monitor = monitor
        self._spool_writer = spool_writer
        self._picture_store = picture_store
        self._now_ms = now_ms
        self._render_metrics = render_metrics
        self._build_status = build_status
        self.spool_full_events = 0
        """Events that found no room in the spool."""

    async def handle(self, request: web.BaseRequest) -> web.Response:
        """The answer: events by POST on any path; `/health/live`, `/health/ready` and `/metrics` by GET."""
        if request.method == "POST":
            response = await self._handle_event(request)
        elif request.method not in ("GET", "HEAD"):
            response = web.Response(status=405, headers={"Allow": "GET, HEAD, POST"})
        elif request.path == "/metrics":
            response = web.Response(
                body=self._render_metrics(), headers={"Content-Type": _METRICS_CONTENT_TYPE}
            )
        elif request.path == "/health/ready":
            ready, state = self._build_status()
            response = web.json_response({"ready": ready, **state}, status=200 if ready else _UNAVAILABLE)
        elif request.path == "/health/live":
            response = web.json_response({"live": True})
        else:
            response = web.Response(status=404)
        # What serves here, and in which version, is nobody's business.
        response.headers["Server"] = "anpr"
        return response

    async def _handle_event(self, request: web.BaseRequest) -> web.Response:
        arrived = self._now_ms()
        address = request.remote or ""
        wait = self._rate_limits.login_wait_s(address, arrived)
        if wait:
            return _build_retry_response(429, wait, "too many failed logins from this address")
        try:
            camera_id = self._access.identify_camera(
                request.method,
                request.path_qs,
                request.headers.get("Authorization"),
                _peer_certificate(request),
                arrived,
            )
        except Unauthorised as refused:
            return await self._respond_unauthorised(refused, request, arrived)
        wait = self._rate_limits.acquire_event(camera_id, arrived)
        if wait:
            self._monitor.record_refused(camera_id, arrived, "rate")
            return _build_retry_response(429, wait, "more events than [cameras] events_per_s")
        try:
            body = await self._read_body(camera_id, request)
        except EventError as error:
            return await self._respond_unread(camera_id, request, arrived, error, HTTP_STATUS[error.reason])
        except TimeoutError:
            return await self._respond_unread(
                camera_id, request, arrived, _too_slow(self._config.event_s), 408
            )
        event = Event(body, arrived, request.headers.get("Content-Type", ""), request.path)
        return await self._accept(camera_id, event)

    async def handle_message(self, camera_id: str, event: Event) -> bool:
        """Takes an event that came in another way than HTTP; False if there is no room for it now."""
        return (await self._accept(camera_id, event)).status != _UNAVAILABLE

    async def _accept(self, camera_id: str, event: Event) -> web.Response:
        taken, errors = self._intake.parse_event(camera_id, event)
        if self._picture_store is not None and taken.pictures and taken.reads:
            try:
                taken = await self._picture_store.store_pictures(camera_id, event, taken)
            except OSError as error:
                # A picture is not worth a read.
                _log.warning("a picture of camera %s cannot be stored, and is dropped: %s", camera_id, error)
        answer = self._intake.build_result(camera_id, event, taken, errors)
        if answer.entries and not await self._store_entries(answer.entries):
            return _build_retry_response(_UNAVAILABLE, _FULL_RETRY_S, "no room for further events")
        self._monitor.record_event(camera_id, event.arrived_ms, taken, errors)
        return _build_response(answer.status, answer.reply.body, answer.reply.content_type)

    async def _read_body(self, camera_id: str, request: web.BaseRequest) -> bytes:
        """The body. Raises EventError for one that is too large, TimeoutError for one that comes too slow."""
        most = int((self._intake.max_event_mb(camera_id) or self._config.event_mb) * 1e6)
        if (request.content_length or 0) > most:
            raise _too_large(most)
        if request.content.is_eof():
            # It came with the head, as nearly all do.
            body = request.content.read_nowait()
            if len(body) > most:
                raise _too_large(most)
            return body
        chunks, size = list[bytes](), 0
        async with asyncio.timeout(self._config.event_s):
            async for chunk in request.content.iter_chunked(_CHUNK_BYTES):
                size += len(chunk)
                if size > most:
                    raise _too_large(most)
                chunks.append(chunk)
        return b"".join(chunks)

    async def _store_entries(self, entries: Sequence[Entry]) -> bool:
        """Keeps entries; False if there is no room."""
        try:
            await self._spool_writer.put(entries)
        except SpoolFullError as full:
            self.spool_full_events += 1
            if self.spool_full_events == 1 or self.spool_full_events % 1000 == 0:
                _log.error("%s; cameras are told to try again (%d so far)", full, self.spool_full_events)
            return False
        return True

    async def _respond_unauthorised(
        self, refused: Unauthorised, request: web.BaseRequest, arrived_ms: int
    ) -> web.Response:
        error = event_error("login", "Authorization", str(refused))
        response = _build_response(refused.status, build_error_reply([error]).body)
        for challenge in refused.challenges:
            response.headers.add("WWW-Authenticate", challenge)
        if not refused.is_challenge:
            address = request.remote or ""
            self._rate_limits.record_failed_login(address, arrived_ms)
            self._monitor.record_refused("", arrived_ms, "login")
            of = f" of the user {refused.user!r}" if refused.user else ""
            _log.warning("an event%s from %s was refused: %s", of, address, refused)
            await self._store_dead_letter("", request, arrived_ms, error)
            response.force_close()
        return response

    async def _respond_unread(
        self, camera_id: str, request: web.BaseRequest, arrived_ms: int, error: EventError, status: int
    ) -> web.Response:
        self._monitor.record_refused(camera_id, arrived_ms, error.reason)
        await self._store_dead_letter(camera_id, request, arrived_ms, error)
        response = _build_response(status, build_error_reply([error]).body)
        response.force_close()
        return response

    async def _store_dead_letter(
        self, camera_id: str, request: web.BaseRequest, arrived_ms: int, error: EventError
    ) -> None:
        """A dead letter of an event whose body was not taken: what nobody vouches for is not kept."""
        event = Event(b"", arrived_ms, request.headers.get("Content-Type", ""), request.path)
        await self._store_entries([self._intake.build_dead_letter(camera_id, event, [error])])


def _peer_certificate(request: web.BaseRequest) -> Any:
    transport = request.transport
    return transport.get_extra_info("peercert") if transport is not None else None


def _build_response(status: int, body: bytes, content_type: str = "application/json") -> web.Response:
    return web.Response(status=status, body=body, headers={"Content-Type": content_type})


def _build_retry_response(status: int, wait_s: float, why: str) -> web.Response:
    response = web.json_response({"why": why}, status=status)
    response.headers["Retry-After"] = str(max(1, round(wait_s)))
    return response


def _too_large(max_bytes: int) -> EventError:
    return event_error(
        "size", "", f"has at most {max_bytes:,} bytes (event_mb of the camera or [gateway])", "larger"
    )


def _too_slow(timeout_s: float) -> EventError:
    return event_error("form", "", f"comes within {timeout_s:g} s ([gateway] event_s)", "slower")


def build_tls_context(config: GatewayConfig) -> ssl.SSLContext | None:
    """The server's TLS; None without a certificate.

    A camera's own certificate is asked for if `client_ca_file` names who may sign it, and not demanded, for
    others may log in by password.
    Raises TlsError for files that cannot be used.
    """
    if config.cert_file is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(config.cert_file, config.key_file)
    except OSError as error:  # ssl.SSLError is one
        keys = f"cert_file = {config.cert_file!r} and key_file = {config.key_file!r}"
        raise TlsError(f"[gateway] {keys} are no certificate and its key: {_error_text(error)}") from error
    if config.client_ca_file is not None:
        try:
            context.load_verify_locations(config.client_ca_file)
        except OSError as error:
            raise TlsError(
                f"[gateway] client_ca_file = {config.client_ca_file!r} has no certificates: "
                f"{_error_text(error)}"
            ) from error
        context.verify_mode = ssl.CERT_OPTIONAL
    return context


def _error_text(error: OSError) -> str:
    return error.strerror or str(error)
