"""An OAuth 2.0 token server for tests."""

import json
import ssl
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Final, NamedTuple

TOKEN: Final = "ey.first-token"
"""The token of its first response."""


class TokenRequest(NamedTuple):
    """A request that the token server received."""

    authorization: str
    body: str


class TokenServer:
    """A token server on this machine: its URL, the requests it received, and its next response."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.requests: list[TokenRequest] = []
        self.status = 200
        self.headers: dict[str, str] = {}
        self.body = json.dumps({"access_token": TOKEN, "token_type": "Bearer", "expires_in": 100})
        token_server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                token_server.requests.append(TokenRequest(self.headers["Authorization"], body))
                self.send_response(token_server.status)
                for name, value in token_server.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(token_server.body.encode())

            def log_message(self, *_: object) -> None:
                """Log nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if context:
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"http{'s' if context else ''}://127.0.0.1:{self.server.server_port}/token"
        self.thread = Thread(target=self.server.serve_forever)
        self.thread.start()

    def close(self) -> None:
        """Stop the server; a second call does nothing."""
        if self.thread.is_alive():
            self.server.shutdown()
            self.thread.join()
            self.server.server_close()
