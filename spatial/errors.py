"""Every error that `spatial` raises.

```
SpatialError                        one line that says what to do
├── PackageError                    the folder cannot be read as a model package
│   ├── NotAPackageError            no manifest there
│   ├── WrongFormatError            written by another format version, or the manifest cannot be read
│   └── IncompletePackageError      a file is missing, cut short or broken
│       ├── IndexFormatError        `boxes.idx` is not what it should be
│       └── TileFormatError         a tile is not written in a way that is read here
└── QueryError                      the caller asked for something that makes no sense
    ├── BadCursorError              a cursor that no page of a list gave
    └── UnknownPlaceError           a storey, space, element or plan that the package does not hold
```
"""

from __future__ import annotations


class SpatialError(Exception):
    """Base of all errors of this package; its text is one line that says what to do."""


class PackageError(SpatialError):
    """A folder cannot be read as a model package."""


class NotAPackageError(PackageError):
    """The folder holds no manifest."""


class WrongFormatError(PackageError):
    """The package has another format version, or its manifest cannot be read."""


class IncompletePackageError(PackageError):
    """A file of the package is missing, cut short or broken."""


class IndexFormatError(IncompletePackageError):
    """The bytes are no packed index."""


class TileFormatError(IncompletePackageError):
    """A tile is no GLB, or one of a kind that is not read."""


class QueryError(SpatialError):
    """A query that makes no sense."""


class BadCursorError(QueryError):
    """The cursor is none that a page of a list gave."""


class UnknownPlaceError(QueryError):
    """The package holds no such storey, space, element or plan."""
