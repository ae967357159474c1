"""An archive is looked at: nothing in it can be changed."""

from http import HTTPStatus

from starlette.types import ASGIApp, Receive, Scope, Send

from twin.errors import RequestError, problem_of
from twin.http.middleware import SAFE_METHODS
from twin.http.problems import problem_response


class ArchiveReadOnlyError(RequestError):
    """Somebody tried to change something in an archive."""

    status = HTTPStatus.FORBIDDEN
    slug = "archive-read-only"


class ReadOnly:
    """Refuses every request that could change something."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] == "http" and scope["method"] not in SAFE_METHODS:
            refusal = ArchiveReadOnlyError("this is the archive of an incident: it is read-only")
            await problem_response(problem_of(refusal), scope["path"])(scope, receive, send)
            return
        await self.app(scope, receive, send)
