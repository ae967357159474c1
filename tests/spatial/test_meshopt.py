"""Streams of EXT_meshopt_compression: nothing lost, and read by the reference decoder."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spatial.meshopt import (
    MeshoptFormatError,
    decode_attributes,
    decode_indices,
    encode_attributes,
    encode_indices,
)

ROOT = Path(__file__).parents[2]
DECODER = ROOT / "web_viewer/node_modules/three/examples/jsm/libs/meshopt_decoder.module.js"
_DECODE = """
const { MeshoptDecoder } = await import(process.argv[1])
await MeshoptDecoder.ready
let text = ''
for await (const chunk of process.stdin) text += chunk
const decoded = JSON.parse(text).map(([mode, count, stride, stream]) => {
  const target = new Uint8Array(count * stride)
  MeshoptDecoder.decodeGltfBuffer(target, count, stride, new Uint8Array(Buffer.from(stream, 'base64')), mode)
  return Buffer.from(target).toString('base64')
})
process.stdout.write(JSON.stringify(decoded))
"""


def rows_of(
    seed: int, count: int, stride: int, share: float
) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    random = np.random.default_rng(seed)
    rows = random.integers(0, 256, (count, stride)) * (random.random((count, stride)) < share)
    return rows.astype(np.uint8)


@settings(deadline=None)
@given(
    st.integers(0, 2**32),
    st.integers(1, 700),
    st.sampled_from([4, 8, 12, 16, 64, 256]),
    st.sampled_from([0, 0.1, 1]),
)
def test_rows_come_back(seed: int, count: int, stride: int, share: float) -> None:
    rows = rows_of(seed, count, stride, share)
    assert (decode_attributes(encode_attributes(rows), count, stride) == rows).all()


@settings(deadline=None)
@given(st.lists(st.integers(0, 2**30 - 1), min_size=1, max_size=300))
def test_indices_come_back(indices: list[int]) -> None:
    values = np.array(indices)
    assert (decode_indices(encode_indices(values), len(values)) == values).all()


def test_the_reference_decoder_reads_them() -> None:
    if shutil.which("node") is None or not DECODER.exists():
        pytest.skip("the reference decoder is not installed; run npm ci in web_viewer")
    tables = [rows_of(i, n, s, 0.2) for i, (n, s) in enumerate([(1, 4), (17, 8), (257, 12), (3000, 16)])]
    indices = np.random.default_rng(5).integers(0, 65536, 999).astype(np.uint16)
    cases = [("ATTRIBUTES", *table.shape, encode_attributes(table)) for table in tables]
    cases.append(("INDICES", len(indices), 2, encode_indices(indices)))
    request = json.dumps([(m, n, s, base64.b64encode(stream).decode()) for m, n, s, stream in cases])
    done = subprocess.run(
        ["node", "--input-type=module", "-e", _DECODE, str(DECODER)],
        input=request.encode(),
        capture_output=True,
        check=True,
    )
    decoded = [base64.b64decode(text) for text in json.loads(done.stdout)]
    assert decoded == [*(table.tobytes() for table in tables), indices.tobytes()]


def test_other_streams_are_refused() -> None:
    with pytest.raises(MeshoptFormatError):
        decode_attributes(b"\xa0" + bytes(10), 1, 4)
    with pytest.raises(MeshoptFormatError):
        decode_indices(encode_indices(np.arange(5)), 6)
    packed = bytearray(encode_attributes(np.arange(64, dtype=np.uint8).reshape(16, 4)))
    packed[1] = 1
    with pytest.raises(MeshoptFormatError):
        decode_attributes(bytes(packed), 16, 4)
