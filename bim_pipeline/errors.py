"""Every way a build can end without a package.

```
PipelineError                what went wrong and what to do, in one line
├── SourceError              the IFC file cannot be used
│   ├── SourceMissing
│   ├── NotIfc
│   ├── UnsupportedSchema
│   ├── TruncatedSource
│   └── EmptyModel
└── TargetError              the package cannot be written
    ├── TargetUnwritable
    ├── TargetOccupied
    └── DiskFull
```
"""

from __future__ import annotations


class PipelineError(Exception):
    """A build that cannot go on; the text is one line for the user."""


class SourceError(PipelineError):
    """The IFC file cannot be used."""


class SourceMissing(SourceError):
    """There is no such file, or it cannot be opened."""


class NotIfc(SourceError):
    """The file is not an IFC (STEP) file."""


class UnsupportedSchema(SourceError):
    """The file's schema is not one of IFC2X3, IFC4 and IFC4X3."""


class TruncatedSource(SourceError):
    """The file ends before its end, or cannot be parsed."""


class EmptyModel(SourceError):
    """The file holds no product at all."""


class TargetError(PipelineError):
    """The package cannot be written."""


class TargetUnwritable(TargetError):
    """The folder cannot be made or written."""


class TargetOccupied(TargetError):
    """The target exists and is no model package: it is not replaced."""


class DiskFull(TargetError):
    """The disk has no room for the package."""
