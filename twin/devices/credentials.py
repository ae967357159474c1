"""Secrets of devices: made, hashed, found again. No I/O.

A secret is 256 random bits, so its plain SHA-256 tells nothing about it and can be looked up at once: no
salt, no slow hash, no delay at each message. Nobody chooses a secret.
"""

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from telemetry_bridge.refused import SenderFault

#: Every secret begins so: it is told from an account's key at a glance, and scanners for leaks can find it.
PREFIX = "twd_"
SECRET_BYTES = 32
#: Between device and number in a user name; the number is what comes last, so that ids may hold it.
NUMBER_SIGN = "~"


def new_secret() -> str:
    """A secret of 256 random bits, URL-safe."""
    return PREFIX + secrets.token_urlsafe(SECRET_BYTES)


def is_secret(text: str) -> bool:
    """Whether a text is meant as a device's secret."""
    return text.startswith(PREFIX)


def digest_of(secret: str) -> str:
    """What is kept of a secret: SHA-256, hex."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class Credential:
    """A device's secret without the secret; times in ms since 1970 UTC, None: not so far."""

    id: str
    device: str
    number: int
    digest: str
    mosquitto: str
    issued_ms: int
    issued_by: str
    expires_ms: int | None = None
    revoked_ms: int | None = None
    used_ms: int | None = None

    @property
    def username(self) -> str:
        """The MQTT user name that goes with the secret: `L2-LUM-0131~1`.

        Each secret has its own, since a broker's password file holds one password a user: so the old one
        and the new one are both good while devices change over.
        """
        return f"{self.device}{NUMBER_SIGN}{self.number}"

    def fault(self, now_ms: float) -> SenderFault | None:
        """Why it is good no more; None: it is good."""
        if self.revoked_ms is not None:
            return "revoked"
        if self.expires_ms is not None and self.expires_ms <= now_ms:
            return "expired"
        return None

    def state(self, now_ms: float) -> Literal["good", "ending", "expired", "revoked"]:
        """Where it stands; `ending`: good, but replaced."""
        if self.revoked_ms is not None:
            return "revoked"
        if self.expires_ms is None:
            return "good"
        return "ending" if self.expires_ms > now_ms else "expired"


class CredentialBook:
    """All secrets of a venue, found by their hashes; never changes."""

    def __init__(self, credentials: Iterable[Credential] = ()) -> None:
        self.credentials = tuple(credentials)
        self._by_digest: Mapping[str, Credential] = MappingProxyType(
            {each.digest: each for each in self.credentials}
        )
        self._by_device: dict[str, list[Credential]] = {}
        for each in self.credentials:
            self._by_device.setdefault(each.device, []).append(each)

    def find(self, secret: str) -> Credential | None:
        """The credential of a secret, good or not; None: it was never issued."""
        return self._by_digest.get(digest_of(secret))

    def check(self, secret: str, now_ms: float) -> Credential | SenderFault:
        """The credential of a good secret, or why it is not good."""
        found = self.find(secret)
        if found is None:
            return "bad_secret"
        return found.fault(now_ms) or found

    def signs(self, device: str, now_ms: float) -> bool:
        """Whether a device has a good secret, so that nobody may speak for it without one."""
        return self.good_of(device, now_ms) > 0

    def good_of(self, device: str, now_ms: float) -> int:
        """How many good secrets a device has."""
        return sum(each.fault(now_ms) is None for each in self._by_device.get(device, ()))

    def live(self, now_ms: float) -> tuple[Credential, ...]:
        """The good ones, by device and number."""
        good = (each for each in self.credentials if each.fault(now_ms) is None)
        return tuple(sorted(good, key=lambda each: (each.device, each.number)))
