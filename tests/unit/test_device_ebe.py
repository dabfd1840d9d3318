"""The element product of a device against the CPU's, and the layout that it reads.

Bounds: a sum of n products in precision eps is off by some n eps of its largest terms; here a node
meets at most 38 elements of 10 nodes, and errors add up like a random walk.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from conftest import device_kernels
from femcrust import _core, backends
from femcrust.discretisation import discretise
from small_meshes import split_cubes

SEED = 90_210_733
EPS = {np.float32: float(np.finfo(np.float32).eps), np.float64: float(np.finfo(np.float64).eps)}
WIDTHS = [(name, w) for name in ("fp64", "fp32") for w in (1, 4, 8, 16)]
PACKED = ("fp21", "shared18", "bf16", "fp16")
RANKS, VERTEX_RANKS, VERTEX_BITS, EDGE_BITS = 96, 64, 9, 11
GUEST, MET, NUMBER = 1 << 31, 1 << 30, (1 << 30) - 1
UNIT = 2.0**35  # N/m, near the stiffness of these bodies: short formats hold numbers near one


class Case(NamedTuple):
    elements: NDArray[np.int32]
    nodes: NDArray[np.float64]
    n_vertices: int
    lam: NDArray[np.float64]
    mu: NDArray[np.float64]

    @property
    def cpu(self) -> Any:
        return backends.select("cpu").Body(
            self.elements, self.nodes, self.lam, self.mu, self.n_vertices
        )

    def layout(self, of_a_block: int = 256, **order: Any) -> Any:
        return _core.testing.DeviceLayout(
            self.elements, len(self.nodes), self.n_vertices, of_a_block, **order
        )


def case_of(elements: Any, nodes: Any, n_vertices: int) -> Case:
    random = np.random.default_rng(SEED)
    n = len(elements)
    lam, mu = random.uniform(0.5e10, 4e10, (2, n))
    return Case(np.asarray(elements, np.int32), np.asarray(nodes, float), n_vertices, lam, mu)


def cubes(n: int | tuple[int, int, int] = 5) -> Case:
    space = discretise(split_cubes(n, size=(2.0, 1.0, 1.5), jiggle=0.25))
    return case_of(space.elements, space.nodes, space.n_vertices)


def quadratic(corners: Any, points: Any) -> Case:
    """Tetrahedra with mid-edge nodes, numbered here, in the order in which they are met."""
    edges: dict[tuple[int, int], int] = {}
    ends = ((0, 1), (1, 2), (0, 2), (0, 3), (1, 3), (2, 3))
    points = np.asarray(points, float)
    elements = []
    for tet in corners:
        pairs = [(min(tet[i], tet[j]), max(tet[i], tet[j])) for i, j in ends]
        elements.append(
            [*tet, *(edges.setdefault(pair, len(points) + len(edges)) for pair in pairs)]
        )
    middles = [(points[i] + points[j]) / 2 for i, j in edges]
    return case_of(elements, np.concatenate([points, middles]), len(points))


def one() -> Case:
    return quadratic([(0, 1, 2, 3)], [(0, 0, 0), (1.1, 0, 0.2), (0, 0.9, 0), (0.1, 0.2, 1.2)])


def lonely(n: int) -> Case:
    """Tetrahedra that share no node: every block is full of nodes long before of elements."""
    corners = np.arange(4 * n).reshape(n, 4)
    shape = np.array([(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)], float)
    points = (shape + 3 * np.arange(n)[:, None, None] * [0.1, 0.2, 0.3]).reshape(-1, 3)
    return quadratic(corners, points)


def fan(n: int) -> Case:
    """n tetrahedra around one edge, more than a block has ranks for."""
    angle = 2 * np.pi * np.arange(n) / n
    ring = np.stack([np.cos(angle), np.sin(angle), 0 * angle], axis=1)
    corners = [(0, 1, 2 + k, 2 + (k + 1) % n) for k in range(n)]
    return quadratic(corners, np.concatenate([[(0, 0, -0.5), (0, 0, 0.5)], ring]))


def with_loose_nodes(case: Case) -> Case:
    """Three vertices and two mid-edges that no element has, among the others."""
    nodes = case.nodes
    vertices, middles = nodes[: case.n_vertices], nodes[case.n_vertices :]
    loose = np.full((3, 3), 7.0)
    elements = np.where(
        case.elements < case.n_vertices, case.elements + 1, case.elements + 4
    )  # vertices from 1 on, two more at their end, then a middle, and one more at the end
    nodes = np.concatenate([loose[:1], vertices, loose[:2], loose[:1], middles, loose[:1]])
    return Case(elements.astype(np.int32), nodes, case.n_vertices + 3, case.lam, case.mu)


CASES = {
    "cubes": cubes,
    "last block of one": lambda: cubes((43, 2, 2)),  # 1032 = 4 · 256 + 8 elements
    "one element": one,
    "loose nodes": lambda: with_loose_nodes(cubes(3)),
    "lonely": lambda: lonely(100),
    "fan": lambda: fan(150),
}


@pytest.fixture(params=CASES, scope="module")
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]()


def displacement(case: Case, width: int, n: int | None = None) -> NDArray[np.float64]:
    shape = (len(case.nodes) if n is None else n, 3, width)
    return np.random.default_rng(SEED + width).normal(size=shape)


def product(device: Any, case: Case, name: str, x: Any, kind: str = "product", **more: Any) -> Any:
    width = x.shape[2] if x.ndim == 3 else 1
    layout = more.get("layout") or case.layout()
    return device.element_product(
        layout, case.nodes, case.lam, case.mu, UNIT, name, kind, width, np.ascontiguousarray(x)
    )


def on_cpu(case: Case, x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(case.cpu.product(np.ascontiguousarray(x.astype(np.float64)))) / UNIT


def assert_close(got: Any, expected: Any, eps: float, terms: float = 50) -> None:
    expected = expected.reshape(np.shape(got))
    assert np.all(np.isfinite(got))
    assert np.abs(got - expected).max() <= terms * eps * np.abs(expected).max()


@pytest.mark.parametrize(("name", "width"), WIDTHS)
def test_product_is_the_product_of_the_cpu(device: Any, case: Case, name: str, width: int) -> None:
    real = np.float64 if name == "fp64" else np.float32
    x = displacement(case, width).astype(real)
    expected = on_cpu(case, x)
    got = product(device, case, name, x)
    assert_close(got, expected, EPS[real])
    for k in range(width):  # planted: another column is far off
        other = expected.reshape(-1, 3, width)[:, :, k - 1]
        far = np.abs(got.reshape(-1, 3, width)[:, :, k] - other).max()
        assert width == 1 or far > 0.1 * np.abs(expected).max()


@pytest.mark.parametrize("name", PACKED)
def test_packed_vectors_are_rounded_once_a_block(device: Any, case: Case, name: str) -> None:
    words = _core.testing.words(name, displacement(case, 1)[:, :, 0])
    expected = on_cpu(case, _core.testing.values(name, words))
    got = _core.testing.values(name, product(device, case, name, words))
    roundoff = _core.testing.formats[name][0]
    # the owner's sum is rounded, then the sum of all; two nodes' worth of slack for its size
    assert_close(got, expected, roundoff, terms=4)
    assert np.abs(got - expected).max() > 0.05 * roundoff * np.abs(expected).max()


@pytest.mark.parametrize(("name", "width"), WIDTHS)
def test_product_of_linear_fields(device: Any, case: Case, name: str, width: int) -> None:
    real = np.float64 if name == "fp64" else np.float32
    x = displacement(case, width, case.n_vertices).astype(real)
    expected = np.asarray(case.cpu.linear_product(x.astype(np.float64))) / UNIT
    got = product(device, case, name, x, kind="linear")
    assert_close(got, expected, EPS[real])
    assert np.all(got[: case.n_vertices] == 0.0)


@pytest.mark.parametrize("name", PACKED)
def test_packed_product_of_linear_fields(device: Any, case: Case, name: str) -> None:
    x = displacement(case, 1, case.n_vertices).astype(np.float32)
    expected = np.asarray(case.cpu.linear_product(x.astype(np.float64)))[:, :, 0] / UNIT
    got = _core.testing.values(name, product(device, case, name, x, kind="linear"))
    assert_close(got, expected, _core.testing.formats[name][0], terms=4)


@pytest.mark.parametrize(("name", "width"), WIDTHS)
def test_atomics_agree(device: Any, case: Case, name: str, width: int) -> None:
    real = np.float64 if name == "fp64" else np.float32
    x = displacement(case, width).astype(real)
    assert_close(product(device, case, name, x, kind="atomics"), on_cpu(case, x), EPS[real])


@pytest.fixture
def emulated() -> Iterator[Any]:
    found = device_kernels("emulated")
    yield found
    found.reverse_order(False)


@pytest.mark.parametrize(
    ("name", "width", "kind"),
    [(n, w, k) for n, w in WIDTHS if w in (1, 16) for k in ("product", "linear")]
    + [(n, 1, "product") for n in PACKED],
)
def test_order_of_blocks_and_threads_leaves_the_bits(
    emulated: Any, name: str, width: int, kind: str
) -> None:
    case = cubes()
    n = case.n_vertices if kind == "linear" else None
    x: Any = displacement(case, width, n)
    x = _core.testing.words(name, x[:, :, 0]) if name in PACKED else x
    x = x.astype(np.float32) if name == "fp32" else x
    forward = product(emulated, case, name, x, kind)
    emulated.reverse_order(True)
    backward = product(emulated, case, name, x, kind)
    assert forward.tobytes() == backward.tobytes()


def test_atomics_depend_on_the_order(emulated: Any) -> None:
    # shows that the test above can see a difference
    case = cubes()
    x = displacement(case, 1)
    forward = product(emulated, case, "fp64", x, "atomics")
    emulated.reverse_order(True)
    assert forward.tobytes() != product(emulated, case, "fp64", x, "atomics").tobytes()


def test_rigid_translation_gives_no_force_in_float(device: Any) -> None:
    case = cubes()
    shift = np.broadcast_to([3e5, -2e5, 1e5], (len(case.nodes), 3))
    assert np.all(product(device, case, "fp32", shift.astype(np.float32)) == 0.0)


def test_far_from_the_origin_float_keeps_its_digits(device: Any) -> None:
    # edges are differences in double: a body 10⁶ of its sizes away loses ten of its digits, not all
    near = cubes(3)
    far = near._replace(nodes=near.nodes + [1e6, -2e6, 5e5])
    x = displacement(near, 1).astype(np.float32)
    expected = on_cpu(near, x)
    assert_close(product(device, far, "fp32", x), expected, EPS[np.float32])


# the layout


def places_of(arrays: dict[str, Any], n: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Place (vertices and mid-edges each from zero) and rank of each node of each element."""
    words = arrays["places"].reshape(5, n)
    halves = np.stack([words & 0xFFFF, words >> 16], axis=1).reshape(10, n).T.astype(np.int64)
    bits = np.where(np.arange(10) < 4, VERTEX_BITS, EDGE_BITS)
    return halves & ((1 << bits) - 1), halves >> bits


@pytest.mark.parametrize("of_a_block", [128, 256, 512])
def test_every_element_finds_its_nodes_and_a_slot_of_its_own(case: Case, of_a_block: int) -> None:
    arrays = case.layout(of_a_block).arrays
    place, rank = places_of(arrays, len(case.elements))
    ranks = arrays["ranks"].reshape(-1, RANKS + 1).astype(np.int64)
    seen = 0
    for b, (first_node, _, first, n, n_nodes, n_vertices, _) in enumerate(arrays["blocks"]):
        assert first == seen
        assert 0 < n <= of_a_block
        seen += n
        mine = slice(first, first + n)
        vertex = np.arange(10) < 4
        nodes = (arrays["nodes"][first_node : first_node + n_nodes] & NUMBER).astype(np.int64)
        assert len(set(nodes)) == n_nodes
        at = place[mine] + np.where(vertex, 0, n_vertices)
        np.testing.assert_array_equal(nodes[at], case.elements[mine])
        slot = ranks[b][rank[mine] + np.where(vertex, 0, VERTEX_RANKS)] + place[mine]
        assert sorted(slot.ravel()) == list(range(10 * n))
        # the sum at a node goes through its slots in the order of the elements, then stops
        for k in range(n_nodes):
            kind = 0 if k < n_vertices else VERTEX_RANKS
            end = VERTEX_RANKS if k < n_vertices else RANKS
            local = k if k < n_vertices else k - n_vertices
            runs = [
                ranks[b][r] + local
                for r in range(kind, end)
                if ranks[b][r] + local < ranks[b][r + 1]
            ]
            assert runs == list(slot[at == k])
    assert seen == len(case.elements)


def test_the_first_block_at_a_node_owns_it_and_rows_stand_in_order(case: Case) -> None:
    arrays = case.layout(128).arrays
    owner: dict[int, int] = {}
    rows: dict[int, list[int]] = {}
    for b, (first_node, first_part, _, _, n_nodes, _, n_guests) in enumerate(arrays["blocks"]):
        entries = arrays["nodes"][first_node : first_node + n_nodes]
        for entry in entries:
            node = int(entry) & NUMBER
            assert bool(entry & GUEST) == (node in owner)
            owner.setdefault(node, b)
        guests = arrays["guests"][first_part : first_part + n_guests]
        assert sorted(guests) == list(np.flatnonzero(entries & GUEST))
        for i, k in enumerate(guests):
            rows.setdefault(int(entries[k]) & NUMBER, []).append(first_part + i)
    for entry in arrays["nodes"]:
        assert bool(entry & MET) == ((int(entry) & NUMBER) in rows)
    begin = arrays["row_begin"]
    loose = set(range(len(case.nodes))) - set(owner)
    assert set(arrays["met"]) == set(rows) | loose
    for k, node in enumerate(arrays["met"]):
        ranked = [
            int(arrays["rows"][begin[r] + k])
            for r in range(len(begin) - 1)
            if begin[r] + k < begin[r + 1]
        ]
        assert ranked == rows.get(int(node), [])


def test_crowded_blocks_are_halved() -> None:
    alone = lonely(100).layout().arrays["blocks"]  # 448 of 704 nodes are more than 224 vertices
    assert max(block[5] for block in alone) <= 224 < 400
    around = fan(150).layout().arrays["blocks"]  # 32 ranks at the edge
    assert len(around) == 8
    assert max(block[3] for block in around) <= 32


def test_the_layout_is_small() -> None:
    case = cubes(12)
    n = len(case.elements)
    shared = case.layout().arrays["bytes"] / n
    vertices = 24 * case.n_vertices / n
    # small bodies have more nodes an element: 0.28 vertices here, 0.18 in large ones
    assert shared < 43
    assert shared + vertices + 16 < 66  # FP64
    assert shared + vertices + 8 < 100  # FP32


def test_an_order_of_blocks_gives_their_places() -> None:
    case = cubes()
    straight = case.layout(128).arrays["blocks"]
    order = np.arange(len(straight), dtype=np.int32)[::-1].copy()
    turned = case.layout(128, order=order).arrays["blocks"]
    assert [block[2] for block in turned] == [block[2] for block in straight[::-1]]
    with pytest.raises(_core.ArgumentError, match="order of other blocks"):
        case.layout(256, order=order)


def test_nodes_that_are_not_vertices_first_are_refused() -> None:
    case = cubes(2)
    with pytest.raises(_core.ArgumentError, match="vertices first"):
        case._replace(n_vertices=case.n_vertices + 1).layout()


# fields at vertices of listed elements


@pytest.mark.parametrize("n", [0, 1, 300])
def test_strain_and_divergence_of_listed_elements(device: Any, n: int) -> None:
    case = cubes()
    random = np.random.default_rng(SEED)
    listed = random.choice(len(case.elements), n, replace=False).astype(np.int32)
    u = random.normal(size=case.nodes.shape)
    strain = device.strain(case.elements, case.nodes, listed, u)
    expected = case.cpu.strain(listed, u)
    assert strain.shape == expected.shape == (n, 4, 6)
    np.testing.assert_allclose(strain, expected, rtol=0, atol=100 * EPS[np.float64] * 50)
    stress, load = random.normal(size=(n, 4, 6)), random.normal(size=case.nodes.shape)
    f = device.stress_divergence(case.elements, case.nodes, listed, stress, load)
    expected = load + case.cpu.stress_divergence(listed, stress)
    np.testing.assert_allclose(f, expected, rtol=0, atol=50 * EPS[np.float64])


def test_order_of_threads_leaves_the_bits_of_a_divergence(emulated: Any) -> None:
    case = cubes()
    listed = np.arange(0, len(case.elements), 2, dtype=np.int32)
    stress = np.random.default_rng(SEED).normal(size=(len(listed), 4, 6))
    of = (case.elements, case.nodes, listed, stress, np.zeros_like(case.nodes))
    forward = emulated.stress_divergence(*of)
    emulated.reverse_order(True)
    assert forward.tobytes() == emulated.stress_divergence(*of).tobytes()
