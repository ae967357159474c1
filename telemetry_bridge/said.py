"""Sentences about devices and lines that know their reason, for pages in other languages. Pure."""

import errno
import os
import socket
import ssl
from collections.abc import Mapping
from typing import Any, Literal, get_args

from telemetry_bridge.ports import RefusalCode

#: Why a line is down, a point bad, a message refused, a command failed, for programs. `other`: the sentence,
#: in `text`, is all that is known.
Reason = Literal[
    "other",
    "adapter-fault",
    "off",
    "not-started",
    "stopped",
    "connecting",
    "closed",
    "no-connection",
    "connection-refused",
    "no-answer",
    "unreachable",
    "unknown-host",
    "port-taken",
    "foreign-address",
    "tls",
    "broker-refused",
    "broker-login",
    "broker-topics",
    "silent",
    "worker-silent",
    "webhook-silent",
    "secret-missing",
    "file-missing",
    "file-unreadable",
    "parquet-missing",
    "nothing-to-play",
    "simulation",
    "unit-silent",
    "controller-silent",
    "device-refused",
    "no-reading",
    "no-value",
    "out-of-service",
    "overridden",
    "in-fault",
    "namespace",
    "too-large",
    RefusalCode,
    "unlisted-point",
    "asked-too-seldom",
    "more",
    "read-only",
    "out-of-range",
    "unfit-value",
    "no-source",
    "superseded",
    "never-reported",
    "still-reports",
]
REASONS: frozenset[str] = frozenset(get_args(Reason))

Value = str | int | float

#: Errors of a network, which Python tells apart by number.
_BY_NUMBER: Mapping[int, Reason] = {
    errno.ECONNREFUSED: "connection-refused",
    errno.EHOSTUNREACH: "unreachable",
    errno.ENETUNREACH: "unreachable",
    errno.ETIMEDOUT: "no-answer",
    errno.EADDRINUSE: "port-taken",
    errno.EADDRNOTAVAIL: "foreign-address",
}


class Said(str):
    """A sentence in English with its `reason` and the values that the same sentence needs elsewhere.

    Where the sentence begins with a place, `named` has it too: `at` an address, `point` a point's key,
    `place` where that stands in the device, `message` what came.
    """

    reason: Reason
    named: Mapping[str, Value]

    def __new__(cls, text: str, reason: Reason = "other", /, **named: Value) -> "Said":
        """Make one; a sentence without a reason is told as it is."""
        made = super().__new__(cls, text)
        made.reason = reason
        made.named = named if reason != "other" else {"text": text, **named}
        return made

    @classmethod
    def of(cls, text: str) -> "Said":
        """Give a text as one, with its reason where it has one."""
        return text if isinstance(text, Said) else cls(text)

    def and_also(self, tail: str) -> "Said":
        """The sentence with something after it that no reason needs."""
        return Said(self + tail, self.reason, **self.named)

    def document(self) -> dict[str, Any]:
        """Give it as JSON has it."""
        return {"text": str(self), "reason": self.reason, "named": dict(self.named)}

    @classmethod
    def from_document(cls, document: str | Mapping[str, Any]) -> "Said":
        """Read it again. KeyError, TypeError: it is none; a reason of another release is `other`."""
        if isinstance(document, str):
            return cls(document)
        text = str(document["text"])
        if document["reason"] not in REASONS:
            return cls(text)
        return cls(text, document["reason"], **document["named"])


def located(text: str, **places: str) -> Said:
    """A sentence with where it is about before it: `located("no answer", at="10.0.3.20:502")`."""
    said = Said.of(text)
    return Said(": ".join([*places.values(), text]), said.reason, **{**said.named, **places})


def said_of(error: BaseException) -> Said:
    """Say an error in one line, for people, also one that has no text."""
    first = error.args[0] if error.args else None
    if isinstance(first, Said):
        return first
    if isinstance(error, TimeoutError) and not str(error):
        return Said("no answer", "no-answer")
    if isinstance(error, ConnectionRefusedError):  # asyncio's own text names its call
        return Said(os.strerror(errno.ECONNREFUSED), "connection-refused")
    text = " ".join(str(error).split()) or type(error).__name__
    return Said(text, _reason_of(error), text=text)


def _reason_of(error: BaseException) -> Reason:
    if isinstance(error, ssl.SSLError):
        return "tls"
    if isinstance(error, socket.gaierror):
        return "unknown-host"
    if isinstance(error, OSError) and error.errno is not None and error.errno in _BY_NUMBER:
        return _BY_NUMBER[error.errno]
    return "no-connection" if isinstance(error, ConnectionError) else "other"
