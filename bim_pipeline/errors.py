"""Every way a build can end without a package.

```
PipelineError                what went wrong and what to do, in one line
├── SourceError              the IFC file cannot be used
│   ├── SourceMissingError
│   ├── NotIfcError
│   ├── UnsupportedSchemaError
│   ├── TruncatedSourceError
│   ├── DamagedSourceError
│   └── EmptyModelError
└── TargetError              the package cannot be written
    ├── TargetUnwritableError
    ├── TargetOccupiedError
    └── DiskFullError
```
"""

from __future__ import annotations


class PipelineError(Exception):
    """A build that cannot go on; the text is one line for the user."""


class SourceError(PipelineError):
    """The IFC file cannot be used."""


class SourceMissingError(SourceError):
    """There is no such file, or it cannot be opened."""


class NotIfcError(SourceError):
    """The file is not an IFC (STEP) file."""


class UnsupportedSchemaError(SourceError):
    """The file's schema is not one of IFC2X3, IFC4 and IFC4X3."""


class TruncatedSourceError(SourceError):
    """The file ends before its end, or cannot be parsed."""


class DamagedSourceError(SourceError):
    """The file can be parsed, but its entities do not fit together."""


class EmptyModelError(SourceError):
    """The file holds no product at all."""


class TargetError(PipelineError):
    """The package cannot be written."""


class TargetUnwritableError(TargetError):
    """The folder cannot be made or written."""


class TargetOccupiedError(TargetError):
    """The target exists and is no model package: it is not replaced."""


class DiskFullError(TargetError):
    """The disk has no room for the package."""
