"""What can go wrong in the twin, in one tree, and which problem (RFC 9457) each becomes over HTTP.

::

    TwinError
    ├── StartError            the server cannot start: one line for the user, exit code 2
    │   ├── SettingError      a setting or an option makes no sense
    │   ├── VenueError        the venue folder has faults, all of them listed
    │   ├── PortError         the port is taken, or may not be bound
    │   ├── DataFolderError   the data folder cannot be written
    │   ├── DatabaseError     the database cannot be reached or brought up to date
    │   └── DemoError         the demo venue could not be made
    ├── FencedError           another server has taken over what this one wanted to write
    ├── ExportError           a package cannot be exported, or shown in a notebook, as asked
    └── RequestError          a request cannot be answered as asked
        ├── NotFoundError     404
        ├── BadRequestError   400
        ├── ForbiddenError    403, a page of another site tried to write
        ├── SignInError       401, nobody has signed in, or wrongly
        ├── RoleError         403, the person's role is too low
        ├── TooManyError      429, too many tries in too short a time
        ├── AccountError      409, an account that cannot be made so
        ├── InterlockError    409, a command that may not be sent now, or not by this person
        ├── AlarmStateError   409, an alarm that cannot take this step now
        ├── NotRecordedError  404, the film has nothing of that time
        ├── DamagedFilmError  503, a stretch of film cannot be read
        │   └── ColdAwayError     503, it lies in cold storage, which cannot be reached
        ├── ParquetMissingError   503, this machine lacks what reads and writes Parquet
        ├── ReplayedError     409, a webhook's message was taken already
        ├── BusyError         503, what is sent cannot be kept now
        ├── DatabaseAwayError 503, the database cannot be reached or written now
        ├── BodyTooLargeError 413
        └── GoneError         410, an older revision of the model was asked for
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from navigation.errors import AmbiguousPlaceError, NoRouteError, PlaceError
from spatial.errors import BadCursorError, PackageError, QueryError, UnknownPlaceError
from telemetry_bridge.errors import CommandError, FaultsError, PayloadError
from telemetry_bridge.said import Said


class TwinError(Exception):
    """Root of the tree; the message is one line that says what is wrong and what to do."""


class StartError(TwinError):
    """The server cannot start as asked."""


class SettingError(StartError):
    """A setting or an option makes no sense."""


class VenueError(StartError):
    """The venue folder has faults; `faults` names each by file."""

    def __init__(self, folder: str, faults: Sequence[str]) -> None:
        self.folder = folder
        self.faults = tuple(faults)
        shown = "; ".join(self.faults[:MOST_FAULTS_SHOWN])
        more = len(self.faults) - MOST_FAULTS_SHOWN
        tail = f"; and {more} more" if more > 0 else ""
        super().__init__(f"the venue folder {folder} has {len(self.faults)} fault(s): {shown}{tail}")


class PortError(StartError):
    """The port is taken, or this user may not bind it."""


class DataFolderError(StartError):
    """The data folder cannot be made or written."""


class DatabaseError(StartError):
    """The database cannot be reached, or its schema not be brought up to date."""


class FencedError(TwinError):
    """Another of several servers has taken over what this one did; what it writes now is refused."""


class DemoError(StartError):
    """The demo venue could not be made."""


class ExportError(TwinError):
    """A package cannot be exported, or shown in a notebook, as asked."""


class RequestError(TwinError):
    """A request cannot be answered as asked.

    `reason` tells kinds of one problem apart for a page that says it in another language; `named` are the
    values that its sentence needs.
    """

    status = HTTPStatus.BAD_REQUEST
    slug = "bad-request"

    def __init__(self, message: str, reason: str = "", **named: str | int) -> None:
        super().__init__(message)
        self.reason = reason
        self.named = named


class BadRequestError(RequestError):
    """The request's parameters or body cannot be understood."""


class NotFoundError(RequestError):
    """What was asked for does not exist in this model."""

    status = HTTPStatus.NOT_FOUND
    slug = "not-found"


class ForbiddenError(RequestError):
    """A page of another site tried to change something here."""

    status = HTTPStatus.FORBIDDEN
    slug = "cross-site"


class GoneError(RequestError):
    """A revision of the model that is no longer served."""

    status = HTTPStatus.GONE
    slug = "old-revision"


class SignInError(RequestError):
    """Nobody has signed in, or the name, the password or the link is not good."""

    status = HTTPStatus.UNAUTHORIZED
    slug = "sign-in"


class RoleError(RequestError):
    """The person has signed in, but the role is too low."""

    status = HTTPStatus.FORBIDDEN
    slug = "role"


class TooManyError(RequestError):
    """Too many tries in too short a time."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    slug = "too-many"

    def __init__(self, wait_s: float) -> None:
        self.wait_s = math.ceil(wait_s)
        super().__init__(f"too many tries; try again in {self.wait_s} s", wait_s=self.wait_s)


class AccountError(RequestError):
    """An account that cannot be made so."""

    status = HTTPStatus.CONFLICT
    slug = "account"


class InterlockError(RequestError):
    """A command that may not be sent: by the venue's interlocks, or while somebody works at the device."""

    status = HTTPStatus.CONFLICT
    slug = "interlock"


class AlarmStateError(RequestError):
    """An alarm that cannot take this step in the state that it is in (ISA-18.2)."""

    status = HTTPStatus.CONFLICT
    slug = "alarm-state"


class NotRecordedError(NotFoundError):
    """The film has nothing of the time that was asked for."""

    slug = "not-recorded"


class DamagedFilmError(RequestError):
    """A stretch of film that cannot be read: its bytes were changed, or another version wrote them."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    slug = "damaged-film"


class ColdAwayError(DamagedFilmError):
    """A stretch of film that lies in cold storage, which cannot be reached or does not let us in."""

    slug = "film-cold-away"


class ParquetMissingError(RequestError):
    """This machine lacks what reads and writes Parquet."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    slug = "parquet-missing"

    def __init__(self) -> None:
        super().__init__("Parquet needs pyarrow, which is not installed: pip install 'venue-twin[parquet]'")


class ReplayedError(RequestError):
    """A webhook's message that was taken already."""

    status = HTTPStatus.CONFLICT
    slug = "replayed"


class BusyError(RequestError):
    """What was sent cannot be kept now; it may be sent again."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    slug = "busy"


class DatabaseAwayError(RequestError):
    """The database cannot be reached or written now; nothing of the request was done."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    slug = "database-away"


class BodyTooLargeError(RequestError):
    """The request's body is over the limit."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    slug = "body-too-large"

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(f"the body is larger than {limit_bytes} bytes; send it in smaller batches")


MOST_FAULTS_SHOWN = 6
TYPE_PREFIX = "urn:venue-twin:problem:"


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem detail (RFC 9457, section 3).

    Extensions: `errors` lists single faults; `reason` and `named` are those of `RequestError`.
    """

    status: int
    slug: str
    title: str
    detail: str
    errors: tuple[dict[str, Any], ...] = field(default=())
    reason: str = ""
    named: Mapping[str, str | int] = field(default_factory=dict)

    def body(self, instance: str) -> dict[str, Any]:
        """The JSON members; `instance` is the path that was asked for."""
        members: dict[str, Any] = {
            "type": TYPE_PREFIX + self.slug,
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "instance": instance,
        }
        extensions = {"errors": list(self.errors), "reason": self.reason, "named": dict(self.named)}
        return members | {key: value for key, value in extensions.items() if value}


def problem_of(error: RequestError) -> Problem:
    """The problem that a request error becomes."""
    return Problem(
        int(error.status),
        error.slug,
        error.status.phrase,
        str(error),
        reason=error.reason,
        named=error.named,
    )


FOREIGN_PROBLEMS: tuple[tuple[type[Exception], HTTPStatus, str], ...] = (
    (AmbiguousPlaceError, HTTPStatus.CONFLICT, "ambiguous-place"),
    (PlaceError, HTTPStatus.NOT_FOUND, "unknown-place"),
    (NoRouteError, HTTPStatus.CONFLICT, "no-route"),
    (UnknownPlaceError, HTTPStatus.NOT_FOUND, "unknown-place"),
    (BadCursorError, HTTPStatus.BAD_REQUEST, "bad-cursor"),
    (QueryError, HTTPStatus.BAD_REQUEST, "bad-query"),
    (PackageError, HTTPStatus.SERVICE_UNAVAILABLE, "damaged-package"),
    (FaultsError, HTTPStatus.UNPROCESSABLE_ENTITY, "refused"),
    (PayloadError, HTTPStatus.BAD_REQUEST, "bad-payload"),
    (CommandError, HTTPStatus.CONFLICT, "command-refused"),
)
"""Errors of the other packages that a request may meet: the first row that fits counts."""


def problem_of_foreign(error: Exception) -> Problem:
    """The problem that an error of another package becomes; KeyError for one that the table lacks."""
    if isinstance(error, PayloadError) and error.code == "too_large":
        status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        return Problem(int(status), BodyTooLargeError.slug, status.phrase, str(error))
    for kind, status, slug in FOREIGN_PROBLEMS:
        if isinstance(error, kind):
            reason, named = _reason(error)
            return Problem(int(status), slug, status.phrase, str(error), _faults(error), reason, named)
    raise KeyError(type(error))


def _reason(error: Exception) -> tuple[str, Mapping[str, str | int]]:
    """Why a command cannot be obeyed, where it says so in a way that a page can translate."""
    said = error.args[0] if isinstance(error, CommandError) and error.args else None
    if not isinstance(said, Said) or said.reason == "other":
        return "", {}
    return f"command-{said.reason}", {key: str(value) for key, value in said.named.items()}


def _faults(error: Exception) -> tuple[dict[str, Any], ...]:
    if isinstance(error, NoRouteError):
        return error.faults()
    faults = error.faults if isinstance(error, FaultsError) else ()
    return tuple({"where": fault.where, "message": fault.message} for fault in faults)


def problem_of_status(status: int, detail: str) -> Problem:
    """The problem for a bare HTTP status, as the framework raises them (404, 405, ...)."""
    phrase = HTTPStatus(status).phrase
    return Problem(status, phrase.lower().replace(" ", "-"), phrase, detail)
