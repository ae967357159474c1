"""What can go wrong with the film on the command line.

::

    TwinError
    ├── FilmFaultError   the film is not as it was written
    ├── FilmFileError    a file is no export of film, or is damaged
    └── FilmHeldError    a server, or a tool, works on the film: this cannot be done beside it
"""

from twin.errors import TwinError


class FilmFaultError(TwinError):
    """The film is not as it was written; the message names what is, and what to do."""


class FilmFileError(TwinError):
    """A file that is no export of film, is damaged, or is of another version."""


class FilmHeldError(TwinError):
    """The film is in use: a server records into it, or a tool rewrites it."""
