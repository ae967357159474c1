"""What can go wrong with incident reports and their archives.

::

    TwinError
    ├── ArchiveError              an archive that cannot be opened, and why
    └── RequestError
        ├── PictureError          422, a picture that is no plain PNG, or too large
        ├── TooManyPicturesError  409, an incident has as many pictures as it may
        ├── IncidentChangedError  409, somebody else has changed the incident meanwhile
        ├── IntervalError         422, a stretch of time that no report can be about
        ├── PointsError           422, points that were never recorded, or too many
        ├── ArchiveChangedError   409, what the archive needs is not as the server knows it
        └── ExportUnableError     503, this machine lacks what an export needs
"""

from http import HTTPStatus

from twin.errors import RequestError, TwinError


class ArchiveError(TwinError):
    """An archive that cannot be opened: damaged, forged, of another version, or without its model."""


class PictureError(RequestError):
    """A picture that is no plain PNG, or too large."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    slug = "incident-picture"


class TooManyPicturesError(RequestError):
    """An incident has as many pictures as it may."""

    status = HTTPStatus.CONFLICT
    slug = "incident-pictures"


class IncidentChangedError(RequestError):
    """Somebody else has changed the incident since it was read."""

    status = HTTPStatus.CONFLICT
    slug = "incident-changed"


class IntervalError(RequestError):
    """A stretch of time that no report can be about."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    slug = "incident-interval"


class PointsError(RequestError):
    """Points that were never recorded, or more than a report can show."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    slug = "incident-points"


class ArchiveChangedError(RequestError):
    """What the archive needs is not as the server knows it: files were changed since it started."""

    status = HTTPStatus.CONFLICT
    slug = "incident-archive"


class ExportUnableError(RequestError):
    """This machine lacks what an export needs; the message says what to install."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    slug = "incident-export"
