"""HTTP responses of the gateway."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson
from aiohttp import web

from streams.gateway.event import EventError, Reason
from streams.gateway.http.access import Unauthorised
from streams.gateway.intake import IntakeResult

HTTP_STATUS: Final[Mapping[Reason, int]] = {
    "form": 400,
    "field": 422,
    "plate": 422,
    "country": 422,
    "time": 422,
    "device": 403,
    "size": 413,
    "rate": 429,
    "login": 401,
}
"""The status for each reason to refuse an event."""
UNAVAILABLE: Final = 503
_JSON: Final = "application/json"
_METRICS_CONTENT_TYPE: Final = "text/plain; version=0.0.4"


def event_response(result: IntakeResult) -> web.Response:
    """Return the answer to an event: the vendor's reply if it is accepted, else what is wrong with it."""
    if not result.accepted:
        errors = result.errors
        return refused_response(errors, HTTP_STATUS[errors[0].reason], len(result.parsed.reads))
    if result.reply is None:
        return _response(200, b"")
    return _response(200, result.reply.body, result.reply.content_type)


def refused_response(errors: Sequence[EventError], status: int, accepted_reads: int = 0) -> web.Response:
    """Return what is wrong with an event, as JSON: `taken`, the number of its reads, and `refused`."""
    refused = [
        {"reason": error.reason, "faults": [fault._asdict() for fault in error.faults]} for error in errors
    ]
    return _response(status, orjson.dumps({"taken": accepted_reads, "refused": refused}))


def unauthorised_response(unauthorised: Unauthorised, error: EventError) -> web.Response:
    """Return the answer to a request without a valid login, with its challenges."""
    response = refused_response([error], unauthorised.status)
    for challenge in unauthorised.challenges:
        response.headers.add("WWW-Authenticate", challenge)
    return response


def retry_response(status: int, wait_s: float, reason: str) -> web.Response:
    """Return the request to send again later."""
    response = web.json_response({"why": reason}, status=status)
    response.headers["Retry-After"] = str(max(1, round(wait_s)))
    return response


def metrics_response(text: bytes) -> web.Response:
    """Return metrics in Prometheus' text format."""
    return web.Response(body=text, headers={"Content-Type": _METRICS_CONTENT_TYPE})


def readiness_response(ready: bool, state: Mapping[str, Any]) -> web.Response:
    """Return whether events can be accepted, and the state of the gateway."""
    return web.json_response({"ready": ready, **state}, status=200 if ready else UNAVAILABLE)


def liveness_response() -> web.Response:
    """Return that the process answers."""
    return web.json_response({"live": True})


def not_found_response() -> web.Response:
    """Return that there is nothing to get at a path."""
    return web.Response(status=404)


def method_not_allowed_response() -> web.Response:
    """Return the methods that the server knows."""
    return web.Response(status=405, headers={"Allow": "GET, HEAD, POST"})


def _response(status: int, body: bytes, content_type: str = _JSON) -> web.Response:
    return web.Response(status=status, body=body, headers={"Content-Type": content_type})
