"""What the core counts of itself: numbers that no machine and no load can move."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hard_bodies as hard
from femcrust import backends, solvers

SETS = ("v2", "v3", "v4")
COUNT = """
import sys
import hard_bodies as hard
from femcrust import backends
print(backends.core().instruction_set, hard.solved(hard.cube(7, hard.CRUST))[1])
"""


@pytest.fixture(scope="module")
def ready() -> tuple[Any, Any, np.ndarray]:
    return hard.prepared(hard.cube(7, hard.CRUST))


@pytest.mark.parametrize("columns", [1, 16])
def test_a_solve_allocates_nothing_once_another_has_run(
    ready: tuple[Any, Any, np.ndarray], columns: int
) -> None:
    operator, preconditioner, load = ready
    loads = np.repeat(load[:, :, None], columns, axis=2) * np.arange(1, columns + 1)
    count = backends.core().allocations
    before = count()
    solvers.solve_many(operator, preconditioner, loads, tolerance=1e-4)
    first = count()
    found = solvers.solve_many(operator, preconditioner, loads, tolerance=1e-10)
    assert count() == first
    assert min(found.iterations) > 5
    assert columns == 1 or first > before  # planted: the first batch does count its vectors


def test_iterations_are_the_same_on_every_instruction_set() -> None:
    counts = {}
    for name in SETS:
        done = subprocess.run(
            [sys.executable, "-c", COUNT],
            env={
                **os.environ,
                "FEMCRUST_ISA": name,
                "PYTHONPATH": os.pathsep.join(
                    [str(Path(hard.__file__).parent), os.environ.get("PYTHONPATH", "")]
                ),
            },
            cwd=Path(hard.__file__).parent,
            capture_output=True,
            text=True,
            check=False,
        )
        if "FEMCRUST_ISA" in done.stderr:
            continue  # this machine lacks it
        assert done.returncode == 0, done.stderr
        used, iterations = done.stdout.split()
        assert used == name
        counts[name] = int(iterations)
    assert len(counts) >= 1
    assert max(counts.values()) - min(counts.values()) <= 1


def test_flops_and_bytes_are_those_of_the_arrays() -> None:
    fixed = {"sides": "fixed", "bottom": "fixed", "top": "free"}  # no rows of infinite elements
    operator, preconditioner, _ = hard.prepared(
        hard.cube(12, {"rock": hard.ROCK}, boundaries=fixed)
    )
    n_elements = len(operator.space.elements)
    assert operator.stiffness.flops == 620 * n_elements  # the hand count in csrc/operators
    # The operator in double holds vertices, four numbers each, and its blocks: 10 places of 2 bytes
    # a padded element, a number of 4 bytes a node of a block.
    padded = -(-n_elements // 512) * 512
    places = 10 * 2 * padded
    vertices = 4 * 8 * operator.space.n_vertices
    assert places + vertices < operator.stiffness.bytes < places + vertices + 30 * n_elements
    # Of the preconditioner, a node: four vectors, six numbers of the smoother; elements in float.
    n = operator.space.n_nodes
    least = (4 * 12 + 6 * 4) * n + 11 * 4 * padded
    assert least < preconditioner.bytes < 3.5 * least
