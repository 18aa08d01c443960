"""The HTTP server: it answers that an event is accepted when the event is in the spool."""

import asyncio
import logging
from typing import Final

from aiohttp import web

from streams.gateway.context import GatewayContext
from streams.gateway.event import Event, EventError, event_error
from streams.gateway.http import responses
from streams.gateway.http.access import Access, Login, Unauthorised
from streams.gateway.http.rate_limits import RateLimits
from streams.gateway.intake import Intake
from streams.gateway.monitoring.monitor import UNKNOWN_CAMERA, CameraMonitor
from streams.gateway.monitoring.status import GatewayStatus
from streams.gateway.spool.spool import SpoolFullError
from streams.records.times import Millis

_log = logging.getLogger(__name__)
_FULL_RETRY_S: Final = 30
"""Time after which a camera may send again if the spool was full."""
_TIMEOUT_STATUS: Final = 408
_CHUNK_BYTES: Final = 1 << 16


class Server:
    """Answers the requests of cameras, and those for metrics and health."""

    def __init__(
        self,
        context: GatewayContext,
        access: Access,
        intake: Intake,
        monitor: CameraMonitor,
        status: GatewayStatus,
    ) -> None:
        self._now_ms = context.now_ms
        self._event_timeout_s = context.config.event_s
        self._rate_limits = RateLimits(
            {camera_id: camera.events_per_s for camera_id, camera in context.cameras.items()}
        )
        self._access = access
        self._intake = intake
        self._monitor = monitor
        self._status = status

    async def handle(self, request: web.BaseRequest) -> web.Response:
        """Answer a request: events by POST on any path, health and metrics by GET."""
        if request.method == "POST":
            response = await self._handle_event(request)
        elif request.method not in ("GET", "HEAD"):
            response = responses.method_not_allowed_response()
        elif request.path == "/metrics":
            response = responses.metrics_response(self._status.render_metrics())
        elif request.path == "/health/ready":
            response = responses.readiness_response(*self._status.readiness())
        elif request.path == "/health/live":
            response = responses.liveness_response()
        else:
            response = responses.not_found_response()
        # Do not disclose the software and its version, as aiohttp does by default.
        response.headers["Server"] = "anpr"
        return response

    async def _handle_event(self, request: web.BaseRequest) -> web.Response:
        arrived_ms = self._now_ms()
        wait_s = self._rate_limits.login_wait_s(request.remote or "", arrived_ms)
        if wait_s:
            return responses.retry_response(429, wait_s, "too many failed logins from this address")
        try:
            camera_id = self._access.identify_camera(_login(request), arrived_ms)
        except Unauthorised as unauthorised:
            return await self._refuse_login(unauthorised, request, arrived_ms)
        wait_s = self._rate_limits.acquire_event(camera_id, arrived_ms)
        if wait_s:
            self._monitor.record_refused(camera_id, arrived_ms, "rate")
            return responses.retry_response(429, wait_s, "more events than [cameras] events_per_s")
        try:
            body = await self._read_body(camera_id, request)
        except EventError as error:
            status = responses.HTTP_STATUS[error.reason]
            return await self._refuse_unread(camera_id, request, arrived_ms, error, status)
        except TimeoutError:
            too_slow = _too_slow(self._event_timeout_s)
            return await self._refuse_unread(camera_id, request, arrived_ms, too_slow, _TIMEOUT_STATUS)
        event = Event(body, arrived_ms, request.headers.get("Content-Type", ""), request.path)
        try:
            return responses.event_response(await self._intake.accept(camera_id, event))
        except SpoolFullError:
            return responses.retry_response(
                responses.UNAVAILABLE, _FULL_RETRY_S, "no room for further events"
            )

    async def _read_body(self, camera_id: str, request: web.BaseRequest) -> bytes:
        """Return the body. Raises EventError for one that is too large, TimeoutError for one too slow."""
        max_bytes = self._intake.max_event_bytes(camera_id)
        if (request.content_length or 0) > max_bytes:
            raise _too_large(max_bytes)
        if request.content.is_eof():
            # The body arrived with the head, as nearly all do.
            body = request.content.read_nowait()
            if len(body) > max_bytes:
                raise _too_large(max_bytes)
            return body
        chunks, size = list[bytes](), 0
        async with asyncio.timeout(self._event_timeout_s):
            async for chunk in request.content.iter_chunked(_CHUNK_BYTES):
                size += len(chunk)
                if size > max_bytes:
                    raise _too_large(max_bytes)
                chunks.append(chunk)
        return b"".join(chunks)

    async def _refuse_login(
        self, unauthorised: Unauthorised, request: web.BaseRequest, arrived_ms: Millis
    ) -> web.Response:
        rule = f"must be the login of a camera in the settings ({unauthorised})"
        error = event_error("login", "Authorization", rule)
        response = responses.unauthorised_response(unauthorised, error)
        if not unauthorised.is_challenge:
            address = request.remote or ""
            self._rate_limits.record_failed_login(address, arrived_ms)
            user = f" of user {unauthorised.user!r}" if unauthorised.user else ""
            _log.warning("refused an event%s from %s: %s", user, address, unauthorised)
            await self._intake.refuse(UNKNOWN_CAMERA, _without_body(request, arrived_ms), error)
            response.force_close()
        return response

    async def _refuse_unread(
        self, camera_id: str, request: web.BaseRequest, arrived_ms: Millis, error: EventError, status: int
    ) -> web.Response:
        await self._intake.refuse(camera_id, _without_body(request, arrived_ms), error)
        response = responses.refused_response([error], status)
        response.force_close()
        return response


def _without_body(request: web.BaseRequest, arrived_ms: Millis) -> Event:
    """Return an event without its body: content that no known camera has sent in full is not stored."""
    return Event(b"", arrived_ms, request.headers.get("Content-Type", ""), request.path)


def _login(request: web.BaseRequest) -> Login:
    transport = request.transport
    certificate = transport.get_extra_info("peercert") if transport is not None else None
    return Login(request.method, request.path_qs, request.headers.get("Authorization"), certificate)


def _too_large(max_bytes: int) -> EventError:
    rule = f"must have at most {max_bytes:,} bytes (event_mb of the camera or of [gateway])"
    return event_error("size", "", rule, "more")


def _too_slow(timeout_s: float) -> EventError:
    rule = f"must arrive in full within {timeout_s:g} s ([gateway] event_s)"
    return event_error("form", "", rule, "a part of it")
