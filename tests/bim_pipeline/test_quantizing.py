"""Quantization: the stated bound holds, grids agree, normals keep their direction."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from bim_pipeline.quantizing import COARSEST_WANTED_STEP, MAX_QUANTUM, Quantizer, packed_normals
from bim_pipeline.source import FloatArray
from bim_pipeline.tiling import MAX_EXTENT_M

positions = arrays(np.float64, st.tuples(st.integers(1, 40), st.just(3)), elements=st.floats(-5000, 5000))


@settings(deadline=None)
@given(positions)
def test_quantization_moves_no_coordinate_more_than_its_error(points: FloatArray) -> None:
    quantizer = Quantizer.over(points.min(axis=0), points.max(axis=0))
    restored = quantizer.positions(quantizer.quantize(points))
    tolerance = quantizer.error_m * (1 + 1e-9) + 1e-9
    assert np.abs(restored - points).max() <= tolerance
    extent = float(np.ptp(points, axis=0).max())
    if extent <= MAX_EXTENT_M:
        assert quantizer.error_m <= 0.001
    assert quantizer.error_m <= max(extent / (MAX_QUANTUM - 1), COARSEST_WANTED_STEP / 2)


@settings(deadline=None)
@given(positions)
def test_quantizing_what_was_quantized_changes_nothing(points: FloatArray) -> None:
    quantizer = Quantizer.over(points.min(axis=0), points.max(axis=0))
    quanta = quantizer.quantize(points)
    assert (quantizer.quantize(quantizer.positions(quanta)) == quanta).all()


@settings(deadline=None)
@given(arrays(np.float64, (20, 3), elements=st.floats(-1, 1)))
def test_packed_normals_are_within_half_a_degree(vectors: FloatArray) -> None:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = np.where(length > 1e-3, vectors / np.maximum(length, 1e-3), [0.0, 0.0, 1.0])
    packed = packed_normals(unit).astype(float)
    packed /= np.linalg.norm(packed, axis=1, keepdims=True)
    assert np.degrees(np.arccos(np.clip(np.einsum("ij,ij->i", packed, unit), -1, 1))).max() < 0.5
