"""What can go wrong while the demo venue is made.

PalaceError
+-- LayoutError     the room programme contradicts itself
+-- WriterError     an element cannot be written as asked
"""

from __future__ import annotations


class PalaceError(Exception):
    """The base of all errors of the demo venue's generator; its text says what to do."""


class LayoutError(PalaceError):
    """The room programme contradicts itself."""


class WriterError(PalaceError):
    """An element cannot be written as asked."""
