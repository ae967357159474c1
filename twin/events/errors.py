"""What can go wrong with the log of events on the command line.

::

    TwinError
    ├── LogFaultError    the log, or a file of it, is not as it was written
    └── EventFileError   a file is no export of events
"""

from twin.errors import TwinError


class LogFaultError(TwinError):
    """The log, or a file of it, is not as it was written; the message names the first event at fault."""


class EventFileError(TwinError):
    """A file that is no export of events, or of another version."""
