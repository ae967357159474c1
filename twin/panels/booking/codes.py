"""Check-in codes: a booking's id, signed. Only letters and digits that a QR code packs tightly. No I/O but
`load_secret`, which keeps the key in the data folder."""

import base64
import contextlib
import hashlib
import hmac
import os
import re
import secrets
from pathlib import Path

from twin.errors import DataFolderError
from twin.panels.booking.errors import BadCodeError
from twin.panels.booking.model import Booking

KEY_FILE = "booking.key"
SECRET_BYTES = 32
MAC_BYTES = 10  # 80 bits: a guess at the gate has no chance, and the code stays small enough to scan
CODE = re.compile(r"VT1-([0-9A-HJKMNP-TV-Z]{26})-([A-Z2-7]{16})")


def code_of(booking: Booking, secret: bytes) -> str:
    """The code that lets a booking's people in."""
    return f"VT1-{booking.id}-{_mac(booking, secret)}"


def booking_id_in(code: str) -> str:
    """The booking that a code speaks of; nothing is proved yet. Raises BadCodeError."""
    found = CODE.fullmatch(code.strip().upper())
    if found is None:
        raise BadCodeError("this is no check-in code; show the QR code of a booking")
    return found[1]


def check_code(code: str, booking: Booking, secret: bytes) -> None:
    """Prove a code. Raises BadCodeError where we did not sign it for this booking."""
    if not hmac.compare_digest(code.strip().upper(), code_of(booking, secret)):
        raise BadCodeError("this check-in code is not genuine; show the QR code of a booking")


def _mac(booking: Booking, secret: bytes) -> str:
    signed = f"{booking.id}|{booking.bookable}|{booking.person}|{booking.start_ms}".encode()
    digest = hmac.new(secret, signed, hashlib.sha256).digest()[:MAC_BYTES]
    return base64.b32encode(digest).decode()


def load_secret(data_folder: Path) -> bytes:
    """The key that signs codes, made on first use; nobody else on the machine may read it.

    Raises:
        DataFolderError: it cannot be read or written, or is damaged.
    """
    path = data_folder / KEY_FILE
    try:
        return _read(path) if path.exists() else _make(path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise DataFolderError(f"the key of booking codes {path} cannot be used ({reason})") from error


def _read(path: Path) -> bytes:
    secret = path.read_bytes()
    if len(secret) != SECRET_BYTES:
        raise DataFolderError(f"{path} is damaged; delete it, and codes that were given lose their worth")
    return secret


def _make(path: Path) -> bytes:
    """Written beside and linked into place: whole or not at all, and the first of several servers wins."""
    fresh = path.with_name(f".{KEY_FILE}.{secrets.token_hex(4)}")
    handle = os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(SECRET_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(fresh, path)
    finally:
        fresh.unlink()
    return _read(path)
