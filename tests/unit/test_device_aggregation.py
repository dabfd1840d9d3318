"""Aggregation on a device: aggregates, bases, sparse products and levels against their definitions
and against the host's."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sparse
from scipy.sparse import csgraph
from test_aggregation import OMEGA, arrays, bsr, projectors_of, random_blocks
from test_device_setup import BODIES, EPS, UNIT, operator_on, surface_of

from femcrust import _core
from femcrust.preconditioners.multigrid import STRENGTH

host = _core.cpu.aggregation


@pytest.fixture(scope="module")
def levels() -> dict[str, tuple[Any, np.ndarray]]:
    """Matrix and modes of the linear level of each body, by the host; moduli near one."""
    found = {}
    for name, body_of in BODIES.items():
        operator = operator_on(body_of(), _core.cpu)
        level = host.linear_level(operator.stiffness, surface_of(operator))
        modes = projectors_of(operator) @ host.rigid_modes(operator.space.mesh.points)
        found[name] = (*level[:5], level[5] / UNIT), modes
    return found


def neighbours(matrix: sparse.bsr_matrix) -> sparse.csr_matrix:
    """The graph of strong couplings, by the definition."""
    size = np.sqrt((matrix.data**2).sum(axis=(1, 2)))
    rows = np.repeat(np.arange(len(matrix.indptr) - 1), np.diff(matrix.indptr))
    diagonal = size[rows == matrix.indices]
    bound = STRENGTH * np.sqrt(diagonal[rows] * diagonal[matrix.indices])
    strong = (rows != matrix.indices) & (size >= bound)
    n = len(diagonal)
    ones = np.ones(strong.sum())
    return sparse.csr_matrix((ones, (rows[strong], matrix.indices[strong])), shape=(n, n))


@pytest.mark.parametrize("name", BODIES)
def test_aggregates_are_balls_of_strong_couplings(
    on_device: Any, levels: dict[str, Any], name: str, any_order: None
) -> None:
    matrix, _ = levels[name]
    of, rounds = on_device.aggregation.device.aggregates(matrix, STRENGTH)
    graph = neighbours(bsr(matrix))
    assert np.array_equal(of >= 0, np.diff(graph.indptr) > 0)  # every row that is coupled is in one
    assert np.array_equal(np.unique(of[of >= 0]), np.arange(of.max() + 1))
    assert rounds < 100
    wide = 0
    for g in range(of.max() + 1):
        members = np.flatnonzero(of == g)
        within = graph[members][:, members]
        assert csgraph.connected_components(within, directed=False)[0] == 1
        steps = csgraph.shortest_path(within, unweighted=True)
        wide += steps.max(axis=1).min() > 2  # no member within two couplings of all others
    assert wide == 0
    of_host = host.aggregates(matrix, STRENGTH)
    assert 0.7 <= (of.max() + 1) / (of_host.max() + 1) <= 1.1


def test_bases_of_aggregates_are_those_of_the_host(on_device: Any, any_order: None) -> None:
    random = np.random.default_rng(40_271_993)
    for block in (3, 6):
        modes = random.normal(size=(60, block, 6))
        modes[5:9, :, 4] = modes[5:9, :, 2]  # two modes depend
        of = np.repeat(np.arange(6), 10).astype(np.int32)
        of[:5], of[5:9], of[9] = -1, 1, 2  # rows of none; an aggregate that depends
        p, factors = on_device.aggregation.device.tentative(of, 6, modes)
        expected, expected_factors = host.tentative(of, 6, modes)
        for k in range(5):
            assert np.array_equal(p[k], expected[k])
        assert np.abs(p[5] - expected[5]).max() <= 1e-13
        assert np.abs(factors - expected_factors).max() <= 1e-12
        modes[of < 0] = 0
        again = bsr(p) @ factors.reshape(-1, 6)
        assert np.abs(again - modes.reshape(-1, 6)).max() <= 1e-13


@pytest.mark.parametrize(("rows", "inner"), [(3, 3), (6, 3), (6, 6)])
@pytest.mark.parametrize("n", [5, 40, 300])
def test_products_are_those_of_matrices(
    on_device: Any, n: int, rows: int, inner: int, any_order: None
) -> None:
    """300 columns a row: more than a window of sums, more than the first table holds."""
    a = random_blocks(2 if n == 300 else n, n, (rows, inner), 5_550_123)
    b = random_blocks(n, n, (inner, 6), 90_210_777)
    c = on_device.aggregation.device.product(arrays(a), arrays(b))
    wanted = host.product(arrays(a), arrays(b), False)
    for k in range(5):
        assert np.array_equal(c[k], wanted[k])
    assert np.abs(c[5] - wanted[5]).max() <= 1e-12 * np.abs(wanted[5]).max()


@pytest.mark.parametrize("single", [False, True])
@pytest.mark.parametrize("name", BODIES)
def test_levels_are_galerkin_products_of_smoothed_bases(
    on_device: Any, levels: dict[str, Any], name: str, single: bool, any_order: None
) -> None:
    matrix, modes = levels[name]
    stages = on_device.aggregation.device.hierarchy(matrix, modes, STRENGTH, 60, 0, single)
    assert len(stages) > 2
    for (of_level, p, r, bound), (below, *_) in pairwise(stages):
        a, smooth = bsr(of_level).toarray(), bsr(p).toarray()
        assert np.array_equal(bsr(r).toarray(), smooth.T)
        coarse = bsr(below).toarray()
        assert np.array_equal(coarse, coarse.T)
        wanted = smooth.T @ a @ smooth
        assert np.abs(coarse - wanted).max() <= 100 * EPS[single] * np.abs(wanted).max()
        d = host.inverse_diagonal(of_level)
        of, _ = on_device.aggregation.device.aggregates(of_level, STRENGTH)
        basis, modes = host.tentative(of, of.max() + 1, modes)
        t = bsr(basis).toarray()
        scales = sparse.block_diag([sparse.coo_array(block) for block in d])
        expected = t - OMEGA / bound * (scales @ (a @ t))
        assert np.abs(smooth - expected).max() <= 1e4 * EPS[single]


def test_a_rerun_and_any_order_give_the_same_bits(on_device: Any, levels: dict[str, Any]) -> None:
    matrix, modes = levels["graded"]
    emulator = getattr(_core.testing, "emulated", None)
    found = []
    for reverse in (False, False, True):
        if emulator is not None:
            emulator.reverse_order(reverse)
        stages = on_device.aggregation.device.hierarchy(matrix, modes, STRENGTH, 60, 0, True)
        found.append([x for stage in stages for part in stage[:3] for x in part[3:]])
    if emulator is not None:
        emulator.reverse_order(False)
    for other in found[1:]:
        assert all(np.array_equal(a, b) for a, b in zip(found[0], other, strict=True))


@pytest.mark.parametrize("held", ["some rows", "every row"])
def test_rows_without_couplings_are_left_alone(on_device: Any, held: str) -> None:
    dense = np.kron(np.eye(12), np.eye(3))
    if held == "some rows":
        dense[:18, :18] += 1
    matrix = arrays(sparse.csr_matrix(dense).tobsr((3, 3)))
    modes = np.random.default_rng(8_112_771).normal(size=(12, 3, 6))
    stages = on_device.aggregation.device.hierarchy(matrix, modes, STRENGTH, 0, 0, False)
    alone = 6 if held == "some rows" else 0
    assert len(stages) == 2 or held == "some rows"
    assert not bsr(stages[0][1]).toarray()[3 * alone :].any()
