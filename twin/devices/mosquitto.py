"""What mosquitto needs to know devices by their secrets: a password file and a list of topics. Pure.

The password file's format is that of mosquitto_passwd since 2.0: `user:$7$iterations$salt$hash`, PBKDF2 with
HMAC-SHA512 over a salt of 12 bytes, both in base64 (mosquitto 2.0, `src/password_mosq.c`).
"""

import base64
import hashlib
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from telemetry_bridge.payload import columns_topic, command_topic, frames_topic, telemetry_topic
from twin.devices.credentials import Credential

ITERATIONS = 101  # mosquitto's own default; a random secret of 256 bits needs no more
SALT_BYTES, HASH_BYTES = 12, 64
MARK = "# Written by `twin devices export-mosquitto`; changes here are lost.\n"


@dataclass(frozen=True, slots=True)
class BrokerUser:
    """A user of the broker: its name and the hash of its password, as the password file holds it."""

    name: str
    hashed: str


@dataclass(frozen=True, slots=True)
class BrokerFiles:
    """The text of both files, and the devices whose ids mosquitto cannot take as a user's name."""

    passwords: str
    topics: str
    left_out: tuple[str, ...]


def mosquitto_hash(password: str, salt: bytes | None = None) -> str:
    """A password as mosquitto keeps it, with a fresh salt of 12 bytes unless one is given."""
    salt = secrets.token_bytes(SALT_BYTES) if salt is None else salt
    hashed = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS, HASH_BYTES)
    return f"$7${ITERATIONS}${_text(salt)}${_text(hashed)}"


def broker_files(
    credentials: Sequence[Credential], venue: str, servers: Iterable[BrokerUser] = ()
) -> BrokerFiles:
    """The files that let the devices of `credentials` in, each on its own topics, and `servers` on all."""
    usable = [each for each in credentials if is_broker_name(each.username)]
    users = [*servers, *(BrokerUser(each.username, each.mosquitto) for each in usable)]
    topics = [_server_topics(each.name, venue) for each in servers]
    topics += [_device_topics(each, venue) for each in usable]
    left_out = sorted({each.device for each in credentials if not is_broker_name(each.username)})
    passwords = "".join(f"{each.name}:{each.hashed}\n" for each in users)
    return BrokerFiles(passwords, MARK + "".join(topics), tuple(left_out))


def is_broker_name(name: str) -> bool:
    """Whether a name can stand in both files: `:` ends it in the one, a line in both."""
    return bool(name) and ":" not in name and name == name.strip() and name.isprintable()


def _server_topics(user: str, venue: str) -> str:
    reads = (telemetry_topic(venue, "+"), columns_topic(venue), frames_topic(venue, "+"))
    lines = [
        f"user {user}",
        *(f"topic read {each}" for each in reads),
        f"topic write {command_topic(venue, '+')}",
    ]
    return "".join(f"\n{line}" for line in lines) + "\n"


def _device_topics(credential: Credential, venue: str) -> str:
    writes, reads = telemetry_topic(venue, credential.device), command_topic(venue, credential.device)
    return f"\nuser {credential.username}\ntopic write {writes}\ntopic read {reads}\n"


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
