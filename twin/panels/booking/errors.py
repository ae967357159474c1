"""What a booking request may be refused for.

::

    RequestError
    ├── SlotTakenError      409, somebody else has it
    ├── BookingRuleError    409, the venue's rules do not allow it
    ├── BookingStateError   409, the booking is not in a state for that
    └── BadCodeError        400, no code of ours, or not one for now
"""

from http import HTTPStatus

from twin.errors import RequestError


class SlotTakenError(RequestError):
    """Somebody has booked the slot, or a part of what it needs."""

    status = HTTPStatus.CONFLICT
    slug = "slot-taken"


class BookingRuleError(RequestError):
    """The venue's rules do not allow this booking."""

    status = HTTPStatus.CONFLICT
    slug = "booking-rule"


class BookingStateError(RequestError):
    """The booking was cancelled, used or has run out."""

    status = HTTPStatus.CONFLICT
    slug = "booking-state"


class BadCodeError(RequestError):
    """A check-in code that is none of ours, or not good now."""

    status = HTTPStatus.BAD_REQUEST
    slug = "bad-code"
