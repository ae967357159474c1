"""Work beside this process: its answer comes back, and its failure is no one's loss."""

from __future__ import annotations

import os

import pytest

from bim_pipeline.beside import Beside


def test_the_answer_is_made_in_another_process() -> None:
    answer, process = Beside(lambda: (b"x" * 1_000_000, os.getpid())).result()
    assert answer == b"x" * 1_000_000
    assert process != os.getpid()


def test_one_job_means_one_process() -> None:
    assert Beside(os.getpid, jobs=1).result() == os.getpid()


def test_a_process_that_dies_is_made_up_for() -> None:
    here = os.getpid()

    def dies_elsewhere() -> int:
        if os.getpid() != here:
            os._exit(139)
        return os.getpid()

    assert Beside(dies_elsewhere).result() == here


def test_what_the_function_raises_is_raised() -> None:
    def fails() -> int:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Beside(fails).result()
