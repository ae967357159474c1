"""Sentences that know their reason."""

import errno
import socket
import ssl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry_bridge.ports import RefusalCode
from telemetry_bridge.said import REASONS, Said, located, said_of


@pytest.mark.parametrize(
    ("error", "text", "reason"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, "Connect call failed"), "Connection refused", None),
        (TimeoutError(), "no answer", "no-answer"),
        (OSError(errno.EHOSTUNREACH, "No route to host"), "[Errno 113] No route to host", "unreachable"),
        (OSError(errno.EADDRINUSE, "in use"), "[Errno 98] in use", "port-taken"),
        (socket.gaierror(socket.EAI_NONAME, "unknown"), "[Errno -2] unknown", "unknown-host"),
        (ssl.SSLCertVerificationError("expired"), "('expired',)", "tls"),
        (ConnectionError("two\n lines"), "two lines", "no-connection"),
        (KeyError(), "KeyError", "other"),
    ],
)
def test_an_error_has_a_reason(error: Exception, text: str, reason: str | None) -> None:
    said = said_of(error)
    assert (said, said.reason) == (text, reason or "connection-refused")


def test_a_sentence_that_an_error_carries_is_taken_as_it_is() -> None:
    said = Said("unit 7 is silent", "unit-silent", unit=7)
    assert said_of(ValueError(said)) is said
    assert str(ValueError(said)) == "unit 7 is silent"


def test_a_place_before_it_is_said_and_named() -> None:
    said = located(Said("unit 7 is silent", "unit-silent", unit=7), point="r1/mode", place="unit 7 coil 1")
    assert said == "r1/mode: unit 7 coil 1: unit 7 is silent"
    assert said.reason == "unit-silent"
    assert said.named == {"unit": 7, "point": "r1/mode", "place": "unit 7 coil 1"}
    assert located("odd", at="here").named == {"text": "odd", "at": "here"}


@given(st.text(), st.sampled_from(sorted(REASONS)), st.dictionaries(st.sampled_from("abc"), st.integers()))
def test_it_comes_out_of_json_as_it_went_in(text: str, reason: str, named: dict[str, int]) -> None:
    said = Said(text, reason, **named)  # type: ignore[arg-type]
    again = Said.from_document(said.document())
    assert (again, again.reason, again.named) == (said, said.reason, said.named)


def test_a_reason_of_another_release_is_told_as_the_sentence_alone() -> None:
    said = Said.from_document({"text": "odd", "reason": "of-tomorrow", "named": {}})
    assert (said.reason, said.named) == ("other", {"text": "odd"})
    assert Said.from_document("plain").reason == "other"


def test_whatever_a_sample_is_refused_for_is_a_reason() -> None:
    assert set(RefusalCode.__args__) <= REASONS  # type: ignore[attr-defined]
