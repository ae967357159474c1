"""Names that others can rely on: UUIDs for IMDF, made from GlobalIds. Pure."""

from __future__ import annotations

import uuid

#: buildingSMART's alphabet for GlobalIds: 22 characters of 6 bits for 128, the first one of 2 bits.
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_$"
_DIGIT = {letter: digit for digit, letter in enumerate(_ALPHABET)}
_LENGTH = 22
_NAMESPACE = uuid.UUID("8d1f4a5e-6f5e-5f0c-9a54-3d2f0f6f7b11")


def expanded(guid: str) -> uuid.UUID | None:
    """The UUID that a GlobalId is short for; None for what is no GlobalId."""
    if len(guid) != _LENGTH or any(letter not in _DIGIT for letter in guid) or _DIGIT[guid[0]] > 3:
        return None
    number = 0
    for letter in guid:
        number = number * 64 + _DIGIT[letter]
    return uuid.UUID(int=number)


def compressed(identifier: uuid.UUID) -> str:
    """The GlobalId of a UUID: the reverse of `expanded`."""
    number, letters = identifier.int, []
    for _ in range(_LENGTH):
        number, digit = divmod(number, 64)
        letters.append(_ALPHABET[digit])
    return "".join(reversed(letters))


def element_id(guid: str) -> str:
    """The id of the one feature that an element is: its GlobalId in the other notation, if it has one."""
    return str(expanded(guid) or uuid.uuid5(_NAMESPACE, guid))


def derived_id(*parts: str | int) -> str:
    """The id of what is made from something: the same parts give the same one, in every export."""
    return str(uuid.uuid5(_NAMESPACE, "\x1f".join(map(str, parts))))
