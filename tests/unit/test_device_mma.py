"""Tensor Cores: what FP16 numbers in place of floats cost a product, and what they must not change.

Errors are measured against ‖|K||x|‖, the size of the terms that a product adds up: bounds relative
to ‖K x‖ would measure how smooth x is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

import hard_bodies as hard
from conftest import device_backend, device_kernels
from femcrust import _core, backends, solvers
from femcrust.discretisation import discretise
from small_meshes import split_cubes

SEED = 70_311_559
UNIT = 2.0**35  # N/m
BOUND = {"mma1": 1e-3, "mma2": 1e-6}
FLOAT = np.finfo(np.float32).eps
CHANGE = 1 / 16  # of a cluster's spectrum: kMostChange


class Solid(NamedTuple):
    elements: NDArray[np.int32]
    nodes: NDArray[np.float64]
    n_vertices: int
    lam: NDArray[np.float64]
    mu: NDArray[np.float64]

    def on_cpu(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        body = backends.select("cpu").Body(
            self.elements, self.nodes, self.lam, self.mu, self.n_vertices
        )
        return np.asarray(body.product(np.ascontiguousarray(x))) / UNIT

    def on(self, device: Any, kind: str, x: NDArray[np.float32]) -> NDArray[np.float32]:
        layout = _core.testing.DeviceLayout(self.elements, len(self.nodes), self.n_vertices, 256)
        got = device.element_product(
            layout, self.nodes, self.lam, self.mu, UNIT, "fp32", kind, x.shape[2], x
        )
        return np.asarray(got).reshape(x.shape)

    def absolute(self) -> NDArray[np.float64]:
        """|K|, dense."""
        n = self.nodes.size
        columns = [
            self.on_cpu(np.eye(n, 16, -first).reshape(-1, 3, 16)).reshape(n, 16)
            for first in range(0, n, 16)
        ]
        return np.abs(np.concatenate(columns, axis=1)[:, :n])


def solid(n: int, size: tuple[float, float, float]) -> Solid:
    space = discretise(split_cubes(n, size=size, jiggle=0.25))
    moduli = np.random.default_rng(SEED).uniform(0.5e10, 4e10, (2, len(space.elements)))
    return Solid(space.elements, space.nodes, space.n_vertices, *moduli)


SIZES = {"good": (2.0, 1.0, 1.5), "flat": (2.0, 1.0, 0.01), "needles": (0.02, 0.03, 2.0)}


@pytest.fixture(params=SIZES, scope="module")
def measured(request: pytest.FixtureRequest) -> tuple[Solid, NDArray[np.float64]]:
    made = solid(3, SIZES[request.param])
    return made, made.absolute()


def field(made: Solid, name: str, width: int) -> NDArray[np.float32]:
    random = np.random.default_rng(SEED + width)
    x = random.normal(size=(len(made.nodes), 3, width))
    if name == "smooth":
        x = np.sin(made.nodes @ random.normal(size=(3, 3 * width))).reshape(x.shape)
    if name == "far from zero":
        x += 1e4
    return x.astype(np.float32)


@pytest.mark.parametrize("width", [8, 16])
@pytest.mark.parametrize("name", ["random", "smooth", "far from zero"])
@pytest.mark.parametrize("kind", BOUND)
def test_errors_are_those_of_the_numbers_in_a_factor(
    device: Any, measured: Any, kind: str, name: str, width: int
) -> None:
    made, absolute = measured
    x = field(made, name, width)
    off = made.on(device, kind, x) - made.on_cpu(x.astype(float))
    terms = absolute @ np.abs(x.astype(float)).reshape(-1, width)
    error = np.linalg.norm(off.reshape(-1, width), axis=0) / np.linalg.norm(terms, axis=0)
    assert error.max() <= BOUND[kind]
    if kind == "mma1" and name == "random":
        assert error.min() > BOUND["mma2"]  # the second bound tells one number from two


def test_parts_of_blocks_and_columns_are_in_their_places(device: Any) -> None:
    made = solid(5, SIZES["good"])  # 750 elements: three blocks, the last of 238
    for width in (8, 16):
        x = field(made, "random", width)
        expected = made.on_cpu(x.astype(float))
        got = made.on(device, "mma2", x)
        assert np.abs(got - expected).max() <= 1e-6 * np.abs(expected).max()
        swapped = np.roll(expected, 1, axis=2)  # planted: another column is far off
        assert np.abs(got - swapped).max() > 0.1 * np.abs(expected).max()


@pytest.mark.parametrize("kind", BOUND)
def test_columns_of_all_magnitudes_are_as_exact_as_alone(device: Any, kind: str) -> None:
    made = solid(2, SIZES["good"])
    x = np.repeat(field(made, "random", 8)[:, :, :1], 8, axis=2)
    powers = np.array([-66, -40, -13, 0, 1, 20, 43, 66])  # 1e-20 … 1e20
    got = made.on(device, kind, np.ldexp(x, powers))
    np.testing.assert_array_equal(np.ldexp(got, -powers), np.repeat(got[:, :, 3:4], 8, axis=2))
    assert np.abs(got[:, :, 3]).max() > 0


@pytest.mark.parametrize("kind", BOUND)
def test_nothing_and_translations_give_no_force(device: Any, kind: str) -> None:
    made = solid(2, SIZES["good"])
    x = np.zeros((len(made.nodes), 3, 8), np.float32)
    x[:, :, 1:] = np.array([3e5, -2e5, 1e-5], np.float32)[:, None]
    assert not made.on(device, kind, x).any()


@pytest.mark.parametrize("kind", BOUND)
def test_a_number_that_is_none_stays_in_its_column(device: Any, kind: str) -> None:
    made = solid(2, SIZES["good"])
    x = field(made, "random", 8)
    clean = made.on(device, kind, x)
    for bad in (np.nan, np.inf):
        x[5, 1, 2] = bad
        spoiled = made.on(device, kind, x)
        assert np.isnan(spoiled[5, :, 2]).all()
        others = np.arange(8) != 2
        np.testing.assert_array_equal(spoiled[:, :, others], clean[:, :, others])


@pytest.mark.parametrize("kind", BOUND)
def test_order_of_threads_and_blocks_leaves_the_bits(kind: str) -> None:
    found = device_kernels("emulated")
    made = solid(4, SIZES["good"])
    x = field(made, "random", 16)
    forward = made.on(found, kind, x)
    found.reverse_order(True)
    try:
        assert forward.tobytes() == made.on(found, kind, x).tobytes()
    finally:
        found.reverse_order(False)


# inside the solver


@pytest.fixture
def choices(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The choices of kernels of the CUDA backend, set back at the end."""
    monkeypatch.setenv(backends.EMULATION_VARIABLE, "")
    device_backend()
    yield _core.device
    _core.device.set_product("auto")
    _core.device.set_clusters("auto")


def test_until_a_card_has_measured_them_tables_follow_the_counts(choices: Any) -> None:
    assert choices.products() == ["plain"] * 4
    assert choices.cluster_methods() == ["inverse"] + ["substitution"] * 3
    with pytest.raises(ValueError, match="'mma3' is none of auto, plain, mma1, mma2"):
        choices.set_product("mma3")


def iterations(model: Any, columns: int) -> tuple[list[int], NDArray[np.float64]]:
    operator, preconditioner, load = hard.prepared(model, backend=device_backend())
    loads = np.stack([np.roll(load, 3 * k, axis=0) for k in range(columns)], axis=-1)
    loads = np.ascontiguousarray(operator.stiffness.project(loads))
    u, found, _ = operator.backend.cg(
        operator.stiffness, preconditioner, loads, np.zeros_like(loads), 1e-8, 99, False,
        lambda *_: True,
    )  # fmt: skip
    assert all(converged for converged, *_ in found)
    return [count for _, _, count, _ in found], np.asarray(u)


@pytest.mark.parametrize(
    ("product", "clusters"), [("mma1", "mma1"), ("mma2", "mma2"), ("plain", "inverse")]
)
def test_fp16_in_the_preconditioner_adds_no_iteration(
    choices: Any, product: str, clusters: str
) -> None:
    model = hard.cube(3, {"rock": hard.ROCK}, 30.0)
    choices.set_product("plain")
    choices.set_clusters("substitution")
    known, u = iterations(model, 8)
    choices.set_product(product)
    choices.set_clusters(clusters)
    found, v = iterations(model, 8)
    assert max(np.subtract(found, known)) <= 1
    assert np.abs(u - v).max() <= 1e-6 * np.abs(u).max()
    assert (u != v).any()  # other kernels worked


# inverses of small clusters


class Clustered(NamedTuple):
    operator: Any
    lists: list[list[int]]

    def solve(self, r: NDArray[Any]) -> NDArray[Any]:
        found, _ = self.operator.backend.cluster_solve(self.operator.stiffness, r)
        return np.asarray(found)


@pytest.fixture
def clustered(choices: Any) -> Clustered:
    operator = hard.prepared(hard.cube(6, {"rock": hard.ROCK}, 30.0), backend=device_backend())[0]
    r = np.zeros(operator.space.nodes.shape)
    return Clustered(operator, operator.backend.cluster_solve(operator.stiffness, r)[1])


def dense(solver: Clustered, nodes: list[int], width: int, real: Any) -> NDArray[np.float64]:
    """What is applied on one cluster, as a matrix, from unit vectors."""
    n = 3 * len(nodes)
    found = np.zeros((n, n))
    for first in range(0, n, width):
        r = np.zeros((len(solver.operator.space.nodes), 3, width), real)
        r[nodes] = np.eye(n, width, -first).reshape(-1, 3, width)
        z = solver.solve(r if width > 1 else np.ascontiguousarray(r[:, :, 0]))
        columns = min(width, n - first)
        found[:, first : first + columns] = z[nodes].reshape(n, width)[:, :columns]
    return found


@pytest.mark.parametrize(
    ("method", "width"), [("inverse", 1), ("inverse", 16), ("mma1", 8), ("mma1", 16), ("mma2", 16)]
)
def test_inverses_are_symmetric_and_keep_the_spectrum(
    choices: Any, clustered: Clustered, method: str, width: int
) -> None:
    sizes = [len(nodes) for nodes in clustered.lists]
    most = {}
    for size in sorted(size for size in set(sizes) if size <= 16)[-3:]:
        nodes = clustered.lists[sizes.index(size)]
        choices.set_clusters("substitution")
        # in multiples of the unit that vectors in float come in
        exact = dense(clustered, nodes, 16, np.float32)
        choices.set_clusters(method)
        kept = dense(clustered, nodes, width, np.float32)
        lower = np.linalg.cholesky((exact + exact.T) / 2)
        inner = np.linalg.solve(lower, np.linalg.solve(lower, (kept + kept.T) / 2).T)
        most[size] = np.abs(np.linalg.eigvalsh(inner) - 1).max()
        assert most[size] <= CHANGE
        if not np.array_equal(kept, exact):  # else the batch keeps its factors
            np.testing.assert_array_equal(kept, kept.T)
    if method == "mma1":
        assert max(most.values()) > 1e-3


def test_where_rounding_would_change_the_spectrum_factors_stay(
    choices: Any, clustered: Clustered
) -> None:
    plain, one, two = clustered.operator.backend.cluster_changes(clustered.operator.stiffness)
    assert plain[0].max() < 1e-4
    assert two[0].max() < 1e-4
    assert one[0].max() > CHANGE  # of some clusters, whose batches are the difference
    assert one[2] > two[2] == plain[2] > 0  # clusters of many nodes keep their factors too
    assert one[1] + one[2] == two[1] + two[2]
    choices.set_clusters("mma1")
    r = np.random.default_rng(SEED).normal(size=(*clustered.operator.space.nodes.shape, 16))
    r = r.astype(np.float32)
    found = clustered.solve(r)
    choices.set_clusters("substitution")
    known = clustered.solve(r)
    same = [bool((found[nodes] == known[nodes]).all()) for nodes in clustered.lists]
    assert 0 < sum(same) < len(same)
    for nodes in clustered.lists:
        size = np.abs(known[nodes]).max()
        assert np.abs(found[nodes] - known[nodes]).max() <= 1e-2 * size


@pytest.mark.parametrize("width", [1, 4, 8, 16])
@pytest.mark.parametrize("real", [np.float32, np.float64])
def test_inverses_solve_as_factors_do(
    choices: Any, clustered: Clustered, real: Any, width: int
) -> None:
    shape = (*clustered.operator.space.nodes.shape, width)[: 2 if width == 1 else 3]
    r = np.random.default_rng(SEED).normal(size=shape).astype(real)
    choices.set_clusters("substitution")
    known = clustered.solve(r)
    choices.set_clusters("inverse")
    found = clustered.solve(r)
    assert np.abs(found - known).max() <= 100 * np.finfo(real).eps * np.abs(known).max()
    assert (found != known).any()
    if width > 1:  # planted: another column is far off
        assert np.abs(np.roll(found, 1, -1) - known).max() > 0.1 * np.abs(known).max()


def test_packed_vectors_are_smoothed_alike(choices: Any) -> None:
    model = hard.cube(4, {"rock": hard.ROCK}, 30.0)
    counts = {}
    for method in ("substitution", "inverse"):
        choices.set_clusters(method)
        for precision in ("fp21", "shared18"):
            operator, preconditioner, load = hard.prepared(
                model, precision=precision, backend=device_backend()
            )
            counts[method, precision] = solvers.solve(operator, preconditioner, load).iterations
    for precision in ("fp21", "shared18"):
        assert abs(counts["inverse", precision] - counts["substitution", precision]) <= 1
