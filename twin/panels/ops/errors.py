"""What a request about work orders may be refused for.

::

    RequestError
    ├── WorkOrderStateError      409, the order is not in a state for that
    ├── WorkOrderExistsError     409, an open order is about the same alarm
    ├── NotAssigneeError         403, the order is somebody else's
    └── AssigneeError            422, nobody of that name can be given work
"""

from http import HTTPStatus

from twin.errors import RequestError


class WorkOrderStateError(RequestError):
    """A work order that cannot take this step in the state that it is in."""

    status = HTTPStatus.CONFLICT
    slug = "workorder-state"


class WorkOrderExistsError(RequestError):
    """An alarm that somebody works on already."""

    status = HTTPStatus.CONFLICT
    slug = "workorder-exists"


class NotAssigneeError(RequestError):
    """A step that only the person may take whom the order was given to."""

    status = HTTPStatus.FORBIDDEN
    slug = "not-assignee"


class AssigneeError(RequestError):
    """A person who does not exist, or whose role does not take work orders."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    slug = "assignee"
