"""The multigrid set up on a device, piece by piece against the host's setup, and whole solves.

Runs where the build holds the emulator of a device, or a device answers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse as sparse
from test_aggregation import arrays, random_blocks

import hard_bodies as hard
from femcrust import _core, operators, preconditioners, solvers
from femcrust.discretisation import discretise
from femcrust.model import Model
from femcrust.preconditioners.multigrid import STRENGTH

EPS = {False: 2.0**-53, True: 2.0**-24}  # by whether numbers are stored in float
host = _core.cpu.aggregation


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
    on_device: Any, body: Model, single: bool, any_order: None
) -> None:
    ours, theirs = operator_on(body, on_device), operator_on(body, _core.cpu)
    inverse, level, level_inverse, largest = on_device.aggregation.device.pieces(
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


def test_inverse_blocks_of_six_are_those_of_the_host(on_device: Any, any_order: None) -> None:
    random = random_blocks(30, 30, (6, 6), 77_120_431).toarray()
    a = random @ random.T
    a[12:18] = a[:, 12:18] = 0  # a row of no entries
    a[20] = a[:, 20] = 0  # a mode that vanishes
    matrix = arrays(sparse.csr_matrix(a).tobsr((6, 6)))
    inverse, _ = on_device.aggregation.device.level_diagonal(matrix)
    assert_blocks_near(inverse, host.inverse_diagonal(matrix).reshape(-1, 36), 1e-9)


def test_a_negative_modulus_is_named_by_its_nodes(on_device: Any) -> None:
    model = hard.cube(2, {"rock": hard.ROCK})
    mu = model.elastic.mu.copy()
    mu[:] *= -1
    space = discretise(model.mesh)
    said = []
    for backend in (on_device, _core.cpu):
        operator = operators.elastic(space, model.elastic.lam, mu, model.conditions, backend)
        with pytest.raises(ValueError, match="not positive definite at") as caught:
            backend.block_jacobi(operator.stiffness)
        said.append(str(caught.value))
    assert said[0] == said[1]


@pytest.mark.parametrize("n", [0, 1, 5, 256, 2048, 2049, 70_001])
def test_lists_hold_their_items_in_order(on_device: Any, n: int, any_order: None) -> None:
    random = np.random.default_rng(31_337_017)
    keys = random.integers(-1, 7 if n < 5000 else 900, n).astype(np.int32)
    keys[keys == 3] = 4  # an empty list
    begin, items = on_device.aggregation.device.lists(keys, 900)
    assert np.array_equal(begin, np.searchsorted(np.sort(keys), np.arange(901)) - (keys < 0).sum())
    assert np.array_equal(items, np.argsort(keys, kind="stable")[(keys < 0).sum() :])


def test_random_numbers_are_those_of_the_host(on_device: Any) -> None:
    state, wanted = 2463534242, []
    for _ in range(1000):
        state ^= state << 13 & 0xFFFFFFFF
        state ^= state >> 17
        state ^= state << 5 & 0xFFFFFFFF
        wanted.append(state / 2**32 - 0.5)
    assert np.array_equal(on_device.aggregation.device.random(1000), wanted)


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
    on_device: Any, name: str
) -> None:
    model = SOLVED[name]()
    wanted = iterations(model, _core.cpu)
    assert iterations(model, on_device) <= max(wanted + 1, 1.1 * wanted)
