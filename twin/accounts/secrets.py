"""Passwords and tokens: only hashes are kept. No I/O."""

import hashlib
import hmac
import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from twin.errors import AccountError

TOKEN_BYTES = 32
MIN_PASSWORD = 10
MAX_PASSWORD = 256
FEWEST_SIGNS = 5  # different ones
_HASHER = PasswordHasher()  # Argon2id with the parameters of RFC 9106's second recommendation


def check_password(password: str, name: str) -> None:
    """Raise AccountError where a new password is too weak for an account."""
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise AccountError(
            f"a password has {MIN_PASSWORD} to {MAX_PASSWORD} characters",
            "password-length",
            least=MIN_PASSWORD,
            most=MAX_PASSWORD,
        )
    if name.lower() in password.lower():
        raise AccountError("a password does not hold the account's name", "password-name")
    if len(set(password)) < FEWEST_SIGNS:
        text = "a password has at least five different characters"
        raise AccountError(text, "password-signs", least=FEWEST_SIGNS)


def hash_password(password: str) -> str:
    """Argon2id with a fresh salt, as PHC text; takes tens of milliseconds by design."""
    return _HASHER.hash(password)


@cache
def nobody() -> str:
    """A hash of no password: checked when there is no such account, so that the answer takes as long."""
    return hash_password(secrets.token_urlsafe())


def password_matches(password: str, hashed: str) -> bool:
    """Whether a password is the one that was hashed."""
    try:
        return _HASHER.verify(hashed, password)
    except (Argon2Error, InvalidHashError):
        return False


def new_token() -> str:
    """A token of 256 random bits, URL-safe."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def token_digest(token: str) -> str:
    """What is kept of a token: SHA-256, hex. Random tokens need no salt and no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()


def same(left: str, right: str) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(left.encode(), right.encode())
