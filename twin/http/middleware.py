"""What every request passes: the body limit, the same-site check on writes, and the security headers.

Plain ASGI, so that bodies stream and WebSockets pass untouched.
"""

from collections.abc import Iterable

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from telemetry_bridge.live_socket import origin_allowed
from twin.errors import BodyTooLargeError, ForbiddenError, problem_of, problem_of_status
from twin.http.problems import problem_response

LOG = structlog.get_logger(__name__)
PACKED = (".mp4", ".jpg")
"""What is compressed already; ranges of it must stay as they are."""
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

# Workers and WebAssembly are for the decoders of the 3D viewer; styles are set by its components at run time.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "worker-src 'self' blob:",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "media-src 'self' blob:",  # recordings are fed to the player piece by piece
        "font-src 'self' data:",
        "connect-src 'self' blob: data:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
SECURITY_HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}


class SecurityHeaders:
    """Adds the security headers to every response that does not set its own."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and dress the response."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_dressed)


class LastResort:
    """Answers 500 for what nothing else caught, and logs the stack trace that the client does not get."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; answer in its place when it fails before its response has begun."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun = False

        async def send_noted(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self.app(scope, receive, send_noted)
        except Exception as error:
            LOG.error("request failed", method=scope["method"], path=scope["path"], exc_info=error)
            if begun:
                raise  # half a response was sent: only closing the connection tells the client
            detail = "the server could not answer this request; its log says why"
            await problem_response(problem_of_status(500, detail), scope["path"])(scope, receive, send)


class BodyLimit:
    """Refuses bodies over a limit with 413, at once where the length is declared."""

    def __init__(self, app: ASGIApp, limit_bytes: int) -> None:
        self.app = app
        self.limit_bytes = limit_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, counting its body."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if self._declared_bytes(scope) > self.limit_bytes:
            problem = problem_of(BodyTooLargeError(self.limit_bytes))
            await problem_response(problem, scope["path"])(scope, receive, send)
            return
        await self.app(scope, self._counted(receive), send)

    def _declared_bytes(self, scope: Scope) -> int:
        declared = Headers(scope=scope).get("content-length", "0")
        return int(declared) if declared.isdecimal() else 0

    def _counted(self, receive: Receive) -> Receive:
        """The same stream, which raises once more than the limit has come."""
        seen = 0

        async def receive_counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self.limit_bytes:
                # An HTTPException, because the framework lets that alone pass while it reads a body.
                raise HTTPException(413, str(BodyTooLargeError(self.limit_bytes)))
            return message

        return receive_counted


class SameSiteWrites:
    """Refuses writes that a page of another site makes through a visitor's browser.

    The session's cookie is SameSite=Lax; this holds for pages of the same site on other ports too, and where
    `--dev` lets everyone in. Programs send no Origin header and pass.
    """

    def __init__(self, app: ASGIApp, allowed_origins: Iterable[str] = ()) -> None:
        self.app = app
        self.allowed_origins = frozenset(allowed_origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on unless it is a write from elsewhere."""
        if scope["type"] == "http" and scope["method"] not in SAFE_METHODS and not self._may_write(scope):
            refusal = ForbiddenError(
                "a page of another site may not change anything here; see allowed_origins"
            )
            await problem_response(problem_of(refusal), scope["path"])(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _may_write(self, scope: Scope) -> bool:
        return origin_allowed(Headers(scope=scope), self.allowed_origins)


class CompressApi:
    """Compresses the API's answers; files and the large constant answers come compressed already."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.compressed = GZipMiddleware(app, minimum_size=1024, compresslevel=5)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, with the answer compressed if it is the API's."""
        path: str = scope["path"] if scope["type"] == "http" else ""
        is_text = path.startswith(("/api/", "/openapi.json")) and not path.endswith(PACKED)
        await (self.compressed if is_text else self.app)(scope, receive, send)
