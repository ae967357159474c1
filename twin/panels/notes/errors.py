"""What a request about notes may be refused for.

::

    RequestError
    ├── NoteChangedError     409, somebody else changed the note meanwhile
    └── NotAuthorError       403, the note is somebody else's
"""

from http import HTTPStatus

from twin.errors import RequestError


class NoteChangedError(RequestError):
    """A change to a note that is not any more as the person saw it."""

    status = HTTPStatus.CONFLICT
    slug = "note-changed"


class NotAuthorError(RequestError):
    """A change to a note by somebody who is neither its author nor a manager."""

    status = HTTPStatus.FORBIDDEN
    slug = "not-author"
