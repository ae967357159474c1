"""Whether a message is its sender's, and new. Pure: time is passed in.

Signatures as in Standard Webhooks (standardwebhooks.com, 1.0.0): HMAC-SHA256 over `id.time.body`, in base64
as `v1,...`; several may stand in the header, parted by blanks, while a secret is changed. The hexadecimal
form `sha256=...` of many boxes is read too.
"""

import base64
import binascii
import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from telemetry_bridge.adapter_file_webhook import WebhookSettings
from telemetry_bridge.errors import HookError
from telemetry_bridge.json_paths import MISSING, parse_path
from telemetry_bridge.times import parse_rfc3339

SECRET_PREFIX = "whsec_"  # noqa: S105 - the mark of a secret, none itself
MAX_ID_LENGTH = 200
MAX_REMEMBERED = 100_000
MS_PER_S = 1000.0
#: Unix times above are in ms: as seconds it is the year 5138.
SECONDS_UP_TO = 1e11


@dataclass(frozen=True, slots=True)
class Mark:
    """By which a message is known: its id, and when it was sent, ms since 1970 UTC."""

    id: str
    time_ms: float


def secret_bytes(text: str) -> bytes:
    """Give the key of a secret: base64 after `whsec_`, else the text itself. ValueError: no base64."""
    if not text.startswith(SECRET_PREFIX):
        return text.encode()
    try:
        return base64.b64decode(text.removeprefix(SECRET_PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError(f"after {SECRET_PREFIX} base64 must follow") from error


def signature_of(secret: bytes, signed: bytes) -> bytes:
    """Give the signature of what is signed, 32 bytes."""
    return hmac.new(secret, signed, hashlib.sha256).digest()


def check_signature(
    settings: WebhookSettings, secret: bytes, headers: Mapping[str, str], body: bytes
) -> None:
    """Make sure that the message is signed with the secret. `headers` have names in lower case.

    Raises:
        HookError: it is not.
    """
    given = headers.get(settings.signature.lower(), "")
    if not given:
        raise HookError("unsigned", f"the header {settings.signature} is missing")
    signed = body
    if settings.signs == "id_time_body":
        mark = [headers.get(name.lower(), "") for name in (settings.message_id, settings.message_time)]
        signed = ".".join(mark).encode() + b"." + body
    expected = signature_of(secret, signed)
    if not any(hmac.compare_digest(expected, each) for each in _signatures(given)):
        raise HookError("unsigned", "the signature is wrong; compare the secrets, and what is signed")


def _signatures(text: str) -> list[bytes]:
    """Every signature in a header that can be read; others are of schemes that are not ours."""
    found = []
    for token in text.split()[:10]:
        scheme, _, rest = token.partition("=") if token.startswith("sha256=") else token.partition(",")
        try:
            found.append(bytes.fromhex(rest) if scheme == "sha256" else base64.b64decode(rest or token))
        except (ValueError, binascii.Error):
            continue
    return found


def check_bearer(secret: bytes, headers: Mapping[str, str]) -> None:
    """Make sure that the Authorization header holds the secret. HookError: it does not."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not hmac.compare_digest(token.strip().encode(), secret):
        raise HookError("unsigned", "the secret in the Authorization header is missing or wrong")


def mark_of(settings: WebhookSettings, headers: Mapping[str, str], document: object) -> Mark:
    """Give a message's mark, from its headers or from the places in it that the settings name.

    Raises:
        HookError: one of the two is missing or cannot be read.
    """
    message_id = _told(settings.message_id, headers, document)
    if not isinstance(message_id, str | int) or not 0 < len(str(message_id)) <= MAX_ID_LENGTH:
        raise HookError("malformed", f"there is no message id at {settings.message_id}")
    return Mark(str(message_id), _time_ms(settings, _told(settings.message_time, headers, document)))


def _told(where: str, headers: Mapping[str, str], document: object) -> object:
    if where.startswith("$"):
        found: object = parse_path(where).first(document, document)
        return None if found is MISSING else found
    return headers.get(where.lower())


def _time_ms(settings: WebhookSettings, value: object) -> float:
    try:
        if isinstance(value, str) and not value.replace(".", "", 1).isdigit():
            return parse_rfc3339(value)
        number = float(value) if isinstance(value, str | int | float) else float("nan")
    except ValueError as error:
        raise HookError("malformed", f"{settings.message_time}: {error}") from error
    if not 0 < number < SECONDS_UP_TO * MS_PER_S:
        raise HookError("malformed", f"there is no time at {settings.message_time}")
    return number * MS_PER_S if number < SECONDS_UP_TO else number


class Replays:
    """Which messages were taken. One that is too old to be remembered is too old to be taken."""

    def __init__(self, max_age_ms: float, started_ms: float) -> None:
        """Begin at `started_ms`: what was sent before may have been taken by an earlier run of the server."""
        self._max_age_ms, self._started_ms = max_age_ms, started_ms
        self._taken: OrderedDict[str, float] = OrderedDict()

    def take(self, mark: Mark, now_ms: float) -> None:
        """Note a message. HookError: too old, from the future, or taken already."""
        if abs(now_ms - mark.time_ms) > self._max_age_ms:
            seconds = self._max_age_ms / MS_PER_S
            raise HookError("stale", f"it was not sent within {seconds:g} s of now; set the sender's clock")
        # Whole seconds are common, so that the second of the start counts as after it.
        if mark.time_ms < self._started_ms - MS_PER_S:
            raise HookError("stale", "it was sent before the server started; send it anew, with a new time")
        self._forget_old(now_ms)
        if mark.id in self._taken:
            raise HookError("replayed", "a message of this id was taken already")
        if len(self._taken) >= MAX_REMEMBERED:
            raise HookError("busy", "too many messages at once; send it again in a minute")
        self._taken[mark.id] = now_ms

    def give_back(self, mark: Mark) -> None:
        """Forget a message that could not be kept, so that it may be sent again."""
        self._taken.pop(mark.id, None)

    def _forget_old(self, now_ms: float) -> None:
        """Twice the age: a message may be dated ahead by as much as it may be late."""
        while self._taken and next(iter(self._taken.values())) < now_ms - 2 * self._max_age_ms:
            self._taken.popitem(last=False)
