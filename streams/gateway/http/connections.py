"""Connections: those on which nothing whole comes are cut off, so that slow senders hold nothing up."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

_EVERY_S = 0.25
Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class Connections:
    """Listens, and hands each request to a handler.

    A connection without a request in work for `idle_s` is closed, whether it has sent nothing, or the head of
    a request byte by byte. What is in work is for the handler to end.
    """

    def __init__(self, handler: Handler, idle_s: float) -> None:
        self._handler = handler
        self._runner: web.ServerRunner | None = None
        self._idle_s = idle_s
        self._since: dict[RequestHandler, float] = {}
        self._busy: dict[RequestHandler, int] = {}
        self._server: asyncio.Server | None = None
        self._cutting: asyncio.Task[None] | None = None

    async def listen(self, host: str, port: int, tls: ssl.SSLContext | None) -> tuple[str, int]:
        """Begins; the address and the port. Raises OSError."""
        self._runner = web.ServerRunner(web.Server(self._request, access_log=None))
        await self._runner.setup()
        self._server = await asyncio.get_running_loop().create_server(
            self._connection, host, port, ssl=tls, ssl_handshake_timeout=self._idle_s if tls else None
        )
        self._cutting = asyncio.create_task(self._cut())
        address = self._server.sockets[0].getsockname()
        return address[0], address[1]

    async def close(self) -> None:
        """Takes no more, and ends when what is in work is done."""
        if self._server is not None:
            self._server.close()
        if self._cutting is not None:
            self._cutting.cancel()
        if self._runner is not None:
            await self._runner.cleanup()

    def _connection(self) -> RequestHandler:
        assert self._runner is not None and self._runner.server is not None, "set up"
        made = self._runner.server()
        self._since[made] = asyncio.get_running_loop().time()
        return made

    async def _request(self, request: web.BaseRequest) -> web.StreamResponse:
        connection = request.protocol
        self._busy[connection] = self._busy.get(connection, 0) + 1
        try:
            return await self._handler(request)
        finally:
            self._busy[connection] -= 1
            if not self._busy[connection]:
                del self._busy[connection]
            self._since[connection] = asyncio.get_running_loop().time()

    async def _cut(self) -> None:
        while True:
            await asyncio.sleep(_EVERY_S)
            before = asyncio.get_running_loop().time() - self._idle_s
            for connection, since in list(self._since.items()):
                if connection in self._busy:
                    continue
                if since < before:
                    if connection.transport is not None:
                        connection.transport.abort()
                    del self._since[connection]
