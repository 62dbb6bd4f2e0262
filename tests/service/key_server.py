"""A server on this machine that publishes key sets, and misbehaves where a test wants it to."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cds_service.auth.keys import LARGEST_SET


@dataclass
class KeyServer:
    """`body` is served at `/jwks.json`; `asked` lists the paths that were asked for."""

    url: str = ""
    body: bytes = b""
    status: int = 200
    asked: list[str] = field(default_factory=list)
    sent: list[dict[str, str]] = field(default_factory=list)

    @property
    def jku(self) -> str:
        """The address of the key set."""
        return f"{self.url}/jwks.json"


@contextmanager
def key_server() -> Iterator[KeyServer]:
    """The server, while it is wanted."""
    state = KeyServer()

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.asked.append(self.path)
            state.sent.append(dict(self.headers))
            if self.path == "/elsewhere":
                self.send_response(302)
                self.send_header("Location", state.jku)
                self.end_headers()
                return
            body = b" " * (LARGEST_SET + 1) + state.body if self.path == "/huge" else state.body
            self.send_response(state.status)
            if self.path != "/endless":
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.path == "/endless":
                self._drip()
            self.wfile.write(body)

        def _drip(self) -> None:
            try:
                for _ in range(200):
                    self.wfile.write(b" ")
                    self.wfile.flush()
                    time.sleep(0.05)
            except OSError:
                pass  # the reader had enough

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
