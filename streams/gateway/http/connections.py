"""Connections: idle ones are closed, so that slow senders do not use up the server."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

_CHECK_INTERVAL_S = 0.25
Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class Connections:
    """Listens, and passes each request to a handler.

    A connection without an active request for `idle_s` is closed, whether it has sent nothing or the head of
    a request byte by byte. Limiting the time of an active request is up to the handler.
    """

    def __init__(self, handler: Handler, idle_s: float) -> None:
        self._handler = handler
        self._runner: web.ServerRunner | None = None
        self._idle_s = idle_s
        self._idle_since: dict[RequestHandler, float] = {}
        self._active_requests: dict[RequestHandler, int] = {}
        self._server: asyncio.Server | None = None
        self._idle_task: asyncio.Task[None] | None = None

    async def listen(self, host: str, port: int, tls: ssl.SSLContext | None) -> tuple[str, int]:
        """Start listening; return the address and the port. Raises OSError."""
        self._runner = web.ServerRunner(web.Server(self._handle_request, access_log=None))
        await self._runner.setup()
        self._server = await asyncio.get_running_loop().create_server(
            self._accept_connection, host, port, ssl=tls, ssl_handshake_timeout=self._idle_s if tls else None
        )
        self._idle_task = asyncio.create_task(self._close_idle())
        address = self._server.sockets[0].getsockname()
        return address[0], address[1]

    async def close(self) -> None:
        """Stop listening, and return when the active requests are finished."""
        if self._server is not None:
            self._server.close()
        if self._idle_task is not None:
            self._idle_task.cancel()
        if self._runner is not None:
            await self._runner.cleanup()

    def _accept_connection(self) -> RequestHandler:
        assert self._runner is not None and self._runner.server is not None, "listen() sets up the runner"
        connection = self._runner.server()
        self._idle_since[connection] = asyncio.get_running_loop().time()
        return connection

    async def _handle_request(self, request: web.BaseRequest) -> web.StreamResponse:
        connection = request.protocol
        self._active_requests[connection] = self._active_requests.get(connection, 0) + 1
        try:
            return await self._handler(request)
        finally:
            self._active_requests[connection] -= 1
            if not self._active_requests[connection]:
                del self._active_requests[connection]
            self._idle_since[connection] = asyncio.get_running_loop().time()

    async def _close_idle(self) -> None:
        while True:
            await asyncio.sleep(_CHECK_INTERVAL_S)
            limit = asyncio.get_running_loop().time() - self._idle_s
            for connection, since in list(self._idle_since.items()):
                if connection not in self._active_requests and since < limit:
                    if connection.transport is not None:
                        connection.transport.abort()
                    del self._idle_since[connection]
