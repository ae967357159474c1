"""Every error that `spatial` raises.

SpatialError
├── PackageError            the folder cannot be read as a model package
│   ├── NotAPackage         no manifest there
│   ├── WrongFormat         written by another format version, or the manifest cannot be read
│   └── IncompletePackage   a file is missing, cut short or broken
│       └── IndexFormatError    `boxes.idx` is not what it should be
└── QueryError              the caller asked for something that makes no sense
    ├── BadCursor           a cursor that no page of this list gave
    └── UnknownPlace        a storey, space, element or plan that the package does not hold
"""


class SpatialError(Exception):
    """Base of all errors of this package; its text is one line that says what to do."""


class PackageError(SpatialError):
    """A folder cannot be read as a model package."""


class NotAPackage(PackageError):  # noqa: N818 - named after what is wrong
    """The folder holds no manifest."""


class WrongFormat(PackageError):  # noqa: N818
    """The package has another format version, or its manifest cannot be read."""


class IncompletePackage(PackageError):  # noqa: N818
    """A file of the package is missing, cut short or broken."""


class IndexFormatError(IncompletePackage):
    """The bytes are no packed index."""


class QueryError(SpatialError):
    """A query that makes no sense."""


class BadCursor(QueryError):  # noqa: N818
    """The cursor is none that a page of this list gave."""


class UnknownPlace(QueryError):  # noqa: N818
    """The package holds no such storey, space, element or plan."""
