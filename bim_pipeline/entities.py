"""What is asked of an ifcopenshell model in more than one place."""

from __future__ import annotations

from typing import Any


def instances(model: Any, name: str) -> list[Any]:
    """Give the instances of a class, of its subclasses too; none where the schema does not know the class."""
    try:
        return list(model.by_type(name))
    except RuntimeError:
        return []
