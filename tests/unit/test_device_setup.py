"""The multigrid set up on a device, piece by piece against the host's setup, and whole solves.

Runs where the build holds the emulator of a device, or a device answers.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sparse
from scipy.sparse import csgraph
from test_aggregation import OMEGA, arrays, bsr, projectors_of, random_blocks

import hard_bodies as hard
from conftest import absent, device_backend
from femcrust import _core, backends, operators, preconditioners, solvers
from femcrust.discretisation import discretise
from femcrust.model import Model
from femcrust.preconditioners.multigrid import STRENGTH

EPS = {False: 2.0**-53, True: 2.0**-24}  # by whether numbers are stored in float
host = _core.cpu.aggregation


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The CUDA backend, on the emulator where no device answers."""
    variable = backends.EMULATION_VARIABLE
    monkeypatch.setenv(variable, os.environ.get(variable, ""))
    return device_backend()


@pytest.fixture(params=["in order", "reversed"])
def order(request: pytest.FixtureRequest) -> Iterator[None]:
    """Threads and blocks of the emulator in order and in reverse."""
    emulator = getattr(_core.testing, "emulated", None)
    if emulator is None and request.param == "reversed":
        absent("emulated", "femcrust is built without emulated kernels")
    if emulator is not None:
        emulator.reverse_order(request.param == "reversed")
    yield
    if emulator is not None:
        emulator.reverse_order(False)


BODIES = {
    "infinite sides": lambda: hard.cube(5, hard.CRUST),
    "rollers": lambda: hard.cube(
        5, hard.CRUST, boundaries={"sides": "roller", "bottom": "fixed", "top": "free"}
    ),
    "graded": lambda: hard.graded_box(12 * hard.KM),
}


def operator_on(model: Model, backend: Any) -> operators.ElasticOperator:
    return operators.elastic(
        discretise(model.mesh), model.elastic.lam, model.elastic.mu, model.conditions, backend
    )


def surface_of(operator: operators.ElasticOperator) -> tuple[Any, ...]:
    rows = operator.surface_p1
    return rows.rows, rows.begin, rows.columns, rows.blocks


@pytest.fixture(scope="module", params=BODIES)
def body(request: pytest.FixtureRequest) -> Model:
    return BODIES[request.param]()


def assert_blocks_near(found: np.ndarray, wanted: np.ndarray, bound: float) -> None:
    """Rows of numbers: errors of each, in multiples of its largest."""
    largest = np.abs(wanted).max(axis=1, keepdims=True)
    assert np.all(np.abs(found - wanted) <= bound * np.maximum(largest, np.finfo(float).tiny))


UNIT = 2.0**44  # N/m


@pytest.mark.parametrize("single", [False, True])
def test_blocks_and_linear_level_are_those_of_the_host(
    device: Any, body: Model, single: bool, order: None
) -> None:
    ours, theirs = operator_on(body, device), operator_on(body, _core.cpu)
    inverse, level, level_inverse, largest = device.aggregation.device.pieces(
        ours.stiffness, ours.space.edges, surface_of(ours), UNIT, single
    )
    probe = np.zeros((theirs.space.n_nodes, 3))
    wanted = np.empty_like(inverse)
    jacobi = _core.cpu.block_jacobi(theirs.stiffness)
    for m, (c, d) in enumerate([(0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2)]):
        probe[:] = 0
        probe[:, d] = 1
        wanted[:, m] = jacobi(probe)[:, c] * UNIT
    # An inverse loses the condition of a block, which is below 100 on these bodies.
    assert_blocks_near(inverse, wanted, 1e3 * EPS[single])

    expected = host.linear_level(theirs.stiffness, surface_of(theirs))
    for k in range(5):
        assert np.array_equal(level[k], expected[k])
    blocks = expected[5].reshape(-1, 9) / UNIT
    scale = np.abs(blocks).max() * EPS[single]
    assert np.abs(level[5].reshape(-1, 9) - blocks).max() <= 4 * scale

    of_level = host.inverse_diagonal(level)
    six = of_level.reshape(-1, 9)[:, [0, 4, 8, 1, 2, 5]]
    assert_blocks_near(level_inverse, six, 1e3 * EPS[single])
    modes = host.rigid_modes(theirs.space.mesh.points)
    bound = host.hierarchy(level, modes, STRENGTH, 100, single)[0][0][3]
    assert abs(largest / bound - 1) <= (1e-3 if single else 1e-9)


def test_inverse_blocks_of_six_are_those_of_the_host(device: Any, order: None) -> None:
    random = random_blocks(30, 30, (6, 6), 77_120_431).toarray()
    a = random @ random.T
    a[12:18] = a[:, 12:18] = 0  # a row of no entries
    a[20] = a[:, 20] = 0  # a mode that vanishes
    matrix = arrays(sparse.csr_matrix(a).tobsr((6, 6)))
    inverse, _ = device.aggregation.device.level_diagonal(matrix)
    assert_blocks_near(inverse, host.inverse_diagonal(matrix).reshape(-1, 36), 1e-9)


def test_a_negative_modulus_is_named_by_its_nodes(device: Any) -> None:
    model = hard.cube(2, {"rock": hard.ROCK})
    mu = model.elastic.mu.copy()
    mu[:] *= -1
    space = discretise(model.mesh)
    said = []
    for backend in (device, _core.cpu):
        operator = operators.elastic(space, model.elastic.lam, mu, model.conditions, backend)
        with pytest.raises(ValueError, match="not positive definite at") as caught:
            backend.block_jacobi(operator.stiffness)
        said.append(str(caught.value))
    assert said[0] == said[1]


@pytest.mark.parametrize("n", [0, 1, 5, 256, 2048, 2049, 70_001])
def test_lists_hold_their_items_in_order(device: Any, n: int, order: None) -> None:
    random = np.random.default_rng(31_337_017)
    keys = random.integers(-1, 7 if n < 5000 else 900, n).astype(np.int32)
    keys[keys == 3] = 4  # an empty list
    begin, items = device.aggregation.device.lists(keys, 900)
    assert np.array_equal(begin, np.searchsorted(np.sort(keys), np.arange(901)) - (keys < 0).sum())
    assert np.array_equal(items, np.argsort(keys, kind="stable")[(keys < 0).sum() :])


def test_random_numbers_are_those_of_the_host(device: Any) -> None:
    state, wanted = 2463534242, []
    for _ in range(1000):
        state ^= state << 13 & 0xFFFFFFFF
        state ^= state >> 17
        state ^= state << 5 & 0xFFFFFFFF
        wanted.append(state / 2**32 - 0.5)
    assert np.array_equal(device.aggregation.device.random(1000), wanted)


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
    device: Any, levels: dict[str, Any], name: str, order: None
) -> None:
    matrix, _ = levels[name]
    of, rounds = device.aggregation.device.aggregates(matrix, STRENGTH)
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


def test_bases_of_aggregates_are_those_of_the_host(device: Any, order: None) -> None:
    random = np.random.default_rng(40_271_993)
    for block in (3, 6):
        modes = random.normal(size=(60, block, 6))
        modes[5:9, :, 4] = modes[5:9, :, 2]  # two modes depend
        of = np.repeat(np.arange(6), 10).astype(np.int32)
        of[:5], of[5:9], of[9] = -1, 1, 2  # rows of none; an aggregate that depends
        p, factors = device.aggregation.device.tentative(of, 6, modes)
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
    device: Any, n: int, rows: int, inner: int, order: None
) -> None:
    """300 columns a row: more than a window of sums, more than the first table holds."""
    a = random_blocks(2 if n == 300 else n, n, (rows, inner), 5_550_123)
    b = random_blocks(n, n, (inner, 6), 90_210_777)
    c = device.aggregation.device.product(arrays(a), arrays(b))
    wanted = host.product(arrays(a), arrays(b), False)
    for k in range(5):
        assert np.array_equal(c[k], wanted[k])
    assert np.abs(c[5] - wanted[5]).max() <= 1e-12 * np.abs(wanted[5]).max()


@pytest.mark.parametrize("single", [False, True])
@pytest.mark.parametrize("name", BODIES)
def test_levels_are_galerkin_products_of_smoothed_bases(
    device: Any, levels: dict[str, Any], name: str, single: bool, order: None
) -> None:
    matrix, modes = levels[name]
    stages = device.aggregation.device.hierarchy(matrix, modes, STRENGTH, 60, 0, single)
    assert len(stages) > 2
    for (of_level, p, r, bound), (below, *_) in pairwise(stages):
        a, smooth = bsr(of_level).toarray(), bsr(p).toarray()
        assert np.array_equal(bsr(r).toarray(), smooth.T)
        coarse = bsr(below).toarray()
        assert np.array_equal(coarse, coarse.T)
        wanted = smooth.T @ a @ smooth
        assert np.abs(coarse - wanted).max() <= 100 * EPS[single] * np.abs(wanted).max()
        d = host.inverse_diagonal(of_level)
        of, _ = device.aggregation.device.aggregates(of_level, STRENGTH)
        basis, modes = host.tentative(of, of.max() + 1, modes)
        t = bsr(basis).toarray()
        expected = t - OMEGA / bound * (sparse.block_diag(list(d)) @ (a @ t))
        assert np.abs(smooth - expected).max() <= 1e4 * EPS[single]


def test_a_rerun_and_any_order_give_the_same_bits(device: Any, levels: dict[str, Any]) -> None:
    matrix, modes = levels["graded"]
    emulator = getattr(_core.testing, "emulated", None)
    found = []
    for reverse in (False, False, True):
        if emulator is not None:
            emulator.reverse_order(reverse)
        stages = device.aggregation.device.hierarchy(matrix, modes, STRENGTH, 60, 0, True)
        found.append([x for stage in stages for part in stage[:3] for x in part[3:]])
    if emulator is not None:
        emulator.reverse_order(False)
    for other in found[1:]:
        assert all(np.array_equal(a, b) for a, b in zip(found[0], other, strict=True))


@pytest.mark.parametrize("held", ["some rows", "every row"])
def test_rows_without_couplings_are_left_alone(device: Any, held: str) -> None:
    dense = np.kron(np.eye(12), np.eye(3))
    if held == "some rows":
        dense[:18, :18] += 1
    matrix = arrays(sparse.csr_matrix(dense).tobsr((3, 3)))
    modes = np.random.default_rng(8_112_771).normal(size=(12, 3, 6))
    stages = device.aggregation.device.hierarchy(matrix, modes, STRENGTH, 0, 0, False)
    alone = 6 if held == "some rows" else 0
    assert len(stages) == 2 or held == "some rows"
    assert not bsr(stages[0][1]).toarray()[3 * alone :].any()


def iterations(model: Model, backend: Any, precision: str = "mixed") -> int:
    operator = operator_on(model, backend)
    load = operators.load(operator, model.sources, model.conditions)
    preconditioner = preconditioners.build("multigrid", operator, precision)
    return solvers.solve(operator, preconditioner, load, max_iterations=300).iterations


SOLVED = {
    **BODIES,
    "bands of cells 30 to 1": lambda: hard.bands(5, 30.0),
    "blocks of 1e4 in modulus": lambda: hard.blocks(6, 1e4),
}


@pytest.mark.parametrize("name", SOLVED)
def test_solves_take_no_more_iterations_than_with_the_setup_of_the_host(
    device: Any, name: str
) -> None:
    model = SOLVED[name]()
    wanted = iterations(model, _core.cpu)
    assert iterations(model, device) <= max(wanted + 1, 1.1 * wanted)
