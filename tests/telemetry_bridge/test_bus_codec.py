"""What travels on a bus comes out as it went in, and nothing else does; what waits is bounded."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry_bridge.bus import Batch, Findings, LineReport, ProcessReport, StoreTrouble
from telemetry_bridge.bus_buffer import Outbox
from telemetry_bridge.bus_codec import (
    SAMPLE_BYTES,
    decode_batch,
    decode_command,
    decode_report,
    encode_batch,
    encode_command,
    encode_report,
)
from telemetry_bridge.device_clocks import ClockSkew
from telemetry_bridge.errors import WireError
from telemetry_bridge.ports import Command, Health
from telemetry_bridge.refused import RefusedSender
from telemetry_bridge.said import Said

N_POINTS = 1000
TEXT = st.text(max_size=20).filter(lambda text: "\ud800" not in text)
TIMES = st.floats(0, 4e12)
SAMPLE = st.tuples(st.integers(0, N_POINTS - 1), st.floats(allow_infinity=False), TIMES, st.integers(0, 3))


def batch_of(samples: list[tuple[int, float, float, int]]) -> Batch:
    columns = list(zip(*samples, strict=True)) or [(), (), (), ()]
    return Batch.of(
        np.array(columns[0], dtype=np.intp),
        np.array(columns[1], dtype=np.float64),
        np.array(columns[2], dtype=np.float64),
        np.array(columns[3], dtype=np.intp),
    )


def same(one: Batch, other: Batch) -> bool:
    return all(
        np.array_equal(getattr(one, name), getattr(other, name), equal_nan=True)
        for name in ("point_index", "value", "time_ms", "quality")
    )


@given(st.lists(SAMPLE, max_size=50))
def test_a_batch_comes_out_as_it_went_in(samples: list[tuple[int, float, float, int]]) -> None:
    batch = batch_of(samples)
    data = encode_batch(batch)
    assert len(data) == 8 + SAMPLE_BYTES * len(samples)
    assert same(decode_batch(data, N_POINTS), batch)


@given(st.lists(SAMPLE, max_size=10), st.binary(max_size=30), st.integers(0, 40))
def test_other_bytes_are_refused_and_never_crash(
    samples: list[tuple[int, float, float, int]], noise: bytes, at: int
) -> None:
    data = encode_batch(batch_of(samples))
    broken = data[:at] + noise + data[at:]
    try:
        decoded = decode_batch(broken, N_POINTS)
    except WireError:
        return
    assert len(decoded) * SAMPLE_BYTES + 8 == len(broken)
    assert not len(decoded) or int(decoded.point_index.max()) < N_POINTS


@pytest.mark.parametrize(
    ("sample", "n_points"),
    [((5, 1.0, 1.0, 0), 5), ((0, 1.0, 1.0, 4), 5), ((0, 1.0, np.inf, 0), 5), ((0, 1.0, np.nan, 0), 5)],
)
def test_what_does_not_exist_is_refused(sample: tuple[int, float, float, int], n_points: int) -> None:
    with pytest.raises(WireError):
        decode_batch(encode_batch(batch_of([sample])), n_points)


def test_a_later_version_is_refused() -> None:
    data = bytearray(encode_batch(batch_of([(0, 1.0, 1.0, 0)])))
    data[0] = 2
    with pytest.raises(WireError, match="version 2"):
        decode_batch(bytes(data), N_POINTS)


@given(TEXT, TEXT, TEXT, st.floats(allow_nan=False, allow_infinity=False), TIMES)
def test_a_command_comes_out_as_it_went_in(
    name: str, device: str, point: str, value: float, time_ms: float
) -> None:
    command = Command(name, device, point, value, time_ms)
    assert decode_command(encode_command(command)) == command


@given(TEXT, st.frozensets(st.integers(0, N_POINTS)), st.booleans(), st.none() | TIMES, st.integers(0, 2**53))
def test_a_report_comes_out_as_it_went_in(
    detail: str, writes: frozenset[int], flag: bool, last_ms: float | None, token: int
) -> None:
    said = Said(detail, "unit-silent", unit=7, wait="2 s")
    health = Health(flag, said, 1, 2, 3, last_ms, detail, 4, 5)
    line = LineReport("plc", "modbus", "w1", flag, not flag, health, (detail, said), writes, token)
    refused = RefusedSender("message", detail, "unknown_device", token, 1.0, 2.0)
    findings = Findings((refused,), token, (ClockSkew(detail, -5.0, 7.0),))
    store = StoreTrouble(1.0, "full", detail, 3, 9, last_ms, 4, 5.0, 6.0)
    report = ProcessReport(detail, frozenset({"plc", detail}), (line, line), findings, 5.0, store)
    back = decode_report(encode_report(report))
    assert back == report
    told = back.lines[0].health.detail
    assert isinstance(told, Said)
    assert (told.reason, told.named) == (said.reason, said.named)
    assert decode_report(encode_report(ProcessReport("w1"))) == ProcessReport("w1")


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"null", b'{"id": 1}', b"\xff"])
def test_what_is_no_command_or_report_is_refused(data: bytes) -> None:
    with pytest.raises(WireError):
        decode_command(data)
    with pytest.raises(WireError):
        decode_report(data)


@given(st.lists(st.integers(1, 40), max_size=30), st.integers(1, 100), st.integers(1, 60))
def test_an_outbox_keeps_the_newest_in_order_and_counts_the_rest(
    sizes: list[int], limit: int, most: int
) -> None:
    outbox, number = Outbox(limit), 0
    for size in sizes:
        outbox.put(batch_of([(0, float(number + step), 1.0, 0) for step in range(size)]))
        number += size
        assert outbox.samples <= max(limit, size)
    taken: list[float] = []
    while (batch := outbox.take(most)) is not None:
        assert len(batch) <= max(most, *sizes)
        taken += batch.value.tolist()
    assert taken == [float(value) for value in range(outbox.lost, number)]
    assert (len(outbox), outbox.samples) == (0, 0)


def test_what_could_not_be_sent_comes_first_again() -> None:
    outbox = Outbox(10)
    for value in (1.0, 2.0):
        outbox.put(batch_of([(0, value, 1.0, 0)]))
    first = outbox.take(1)
    assert first is not None
    outbox.put_back(first)
    whole = outbox.take(10)
    assert whole is not None
    assert whole.value.tolist() == [1.0, 2.0]


def test_what_could_not_be_sent_is_lost_where_newer_samples_fill_the_room() -> None:
    outbox = Outbox(2)
    outbox.put(batch_of([(0, 1.0, 1.0, 0)]))
    first = outbox.take(1)
    outbox.put(batch_of([(0, 2.0, 1.0, 0), (0, 3.0, 1.0, 0)]))
    assert first is not None
    outbox.put_back(first)
    whole = outbox.take(10)
    assert whole is not None
    assert (whole.value.tolist(), outbox.lost) == ([2.0, 3.0], 1)
