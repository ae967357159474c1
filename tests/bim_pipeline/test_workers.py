"""Processes that die: the product at fault is found, everything else is kept."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from bim_pipeline import workers
from bim_pipeline.source import ChunkResult
from bim_pipeline.workers import CRASHED, ShapeJob


def placed(step_ids: Sequence[int]) -> ChunkResult:
    return ChunkResult(bodies=[(step_id, "shape", np.eye(4)) for step_id in step_ids])


def step_ids(results: Sequence[ChunkResult]) -> list[int]:
    return [body[0] for result in results for body in result.bodies]


def run(chunks: list[list[int]], jobs: int) -> list[ChunkResult]:
    job = ShapeJob(None, chunks, jobs, lambda done, total: None)
    job.start()
    return job.result()


def test_results_come_in_the_order_of_the_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "shape_chunk", lambda model, ids, facets: placed(ids))
    chunks = [[3, 1], [2], [9, 8, 7], [4]]
    assert step_ids(run(chunks, 3)) == [3, 1, 2, 9, 8, 7, 4]


def test_a_crash_costs_the_one_product_at_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash_on_13(model: Any, ids: Sequence[int], facets: object) -> ChunkResult:
        if 13 in ids:
            os._exit(139)
        return placed(ids)

    monkeypatch.setattr(workers, "shape_chunk", crash_on_13)
    results = run([list(range(8)), list(range(8, 17)), [20, 21]], 2)
    assert step_ids(results) == [i for i in range(17) if i != 13] + [20, 21]
    assert {k: v for r in results for k, v in r.failed.items()} == {13: CRASHED}


def test_a_shape_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def spin_on_2(model: Any, ids: Sequence[int], facets: object) -> ChunkResult:
        while 2 in ids:
            pass
        return placed(ids)

    monkeypatch.setattr(workers, "shape_chunk", spin_on_2)
    monkeypatch.setattr(workers, "CHUNK_CPU_S", 1)
    monkeypatch.setattr(workers, "RESCUE_CPU_S", 1)
    results = run([[1, 2], [3]], 1)
    assert step_ids(results) == [1, 3]
    assert list(results[0].failed) == [2]


def test_an_error_in_a_process_is_the_reason_of_one_product(monkeypatch: pytest.MonkeyPatch) -> None:
    def stumble(model: Any, ids: Sequence[int], facets: object) -> ChunkResult:
        if 2 in ids:
            raise ValueError("no such thing")
        return placed(ids)

    monkeypatch.setattr(workers, "shape_chunk", stumble)
    results = run([[1, 2, 3], [4]], 2)
    assert step_ids(results) == [1, 3, 4]
    assert results[0].failed == {2: "ValueError: no such thing"}


def test_an_error_of_the_program_is_not_swallowed(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(done: int, total: int) -> None:
        raise RuntimeError("the listener failed")

    monkeypatch.setattr(workers, "shape_chunk", lambda model, ids, facets: placed(ids))
    job = ShapeJob(None, [[1]], 1, broken)
    job.start()
    with pytest.raises(RuntimeError, match="listener"):
        job.result()
