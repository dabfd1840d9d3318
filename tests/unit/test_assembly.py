"""What is set up before a solve, on meshes small enough for dense matrices: blocks of elements,
the linear level, the inverse diagonal."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pytest

import hard_bodies as hard
from femcrust import backends, operators, preconditioners
from femcrust.discretisation import Discretisation, discretise
from femcrust.mesh.box import BoxSpec, box_mesh
from femcrust.mesh.mesh import Floats, Ints
from small_meshes import split_cubes

EPS = np.finfo(np.float64).eps
EMPTY = np.zeros(0, dtype=np.int32)
PER_BLOCK = 512  # elements


@pytest.fixture(scope="module")
def graded() -> Discretisation:
    """Some blocks, in several colours."""
    target = (np.zeros((1, 3)),)
    return discretise(box_mesh(BoxSpec((-9, 9), (-9, 9), (-9, 0), near=0.8, far=4.0, at=target)))


@pytest.fixture(scope="module")
def small() -> Discretisation:
    return discretise(split_cubes(3, size=(2.0, 1.0, 1.5), jiggle=0.25))


def moduli(space: Discretisation) -> tuple[Floats, Floats]:
    random = np.random.default_rng(271828182)
    lam, mu = random.uniform(0.5, 40.0, (2, len(space.elements)))
    return lam, mu


def body_of(space: Discretisation) -> Any:
    return backends.select().Body(space.elements, space.nodes, *moduli(space), space.n_vertices)


def stiffness_of(body: Any, held: Ints = EMPTY, projectors: Floats | None = None) -> Any:
    none = np.zeros((0, 3, 3))
    return backends.select().Stiffness(
        body, EMPTY, [0], EMPTY, none, held, none if projectors is None else projectors
    )


def dense(space: Discretisation, body: Any) -> Floats:
    """The stiffness, column by column. (n, 3, n, 3)"""
    n = space.n_nodes
    columns = [body.product(unit.reshape(n, 3)) for unit in np.eye(3 * n)]
    return np.stack(columns, axis=-1).reshape(n, 3, n, 3)


def parts(blocks: dict[str, Ints], block: int) -> tuple[Ints, Ints]:
    """Nodes that a block sets, and those that it adds to."""
    begin, middle, end = (
        blocks["node_begin"][block],
        blocks["set_end"][block],
        blocks["node_begin"][block + 1],
    )
    return blocks["nodes"][begin:middle], blocks["nodes"][middle:end]


def test_each_node_is_set_once_and_before_anything_is_added(graded: Discretisation) -> None:
    blocks = body_of(graded).blocks
    assert len(blocks["colour_begin"]) > 4
    is_set = np.zeros(graded.n_nodes, dtype=bool)
    for first, last in zip(blocks["colour_begin"], blocks["colour_begin"][1:], strict=False):
        before = is_set.copy()
        for block in blocks["order"][first:last]:
            sets, adds = parts(blocks, block)
            assert not is_set[sets].any()
            assert before[adds].all()
            is_set[sets] = True
    assert is_set.all()
    assert len(blocks["untouched"]) == 0


def test_blocks_hold_the_nodes_of_their_elements_and_colours_share_none(
    graded: Discretisation,
) -> None:
    blocks = body_of(graded).blocks
    n_blocks = -(-len(graded.elements) // PER_BLOCK)
    assert np.array_equal(np.sort(blocks["order"]), np.arange(n_blocks))
    for block in range(n_blocks):
        sets, adds = parts(blocks, block)
        assert np.all(np.diff(sets) > 0)
        assert np.all(np.diff(adds) > 0)
        of_elements = graded.elements[PER_BLOCK * block : PER_BLOCK * (block + 1)]
        assert np.array_equal(np.unique(of_elements), np.sort(np.concatenate([sets, adds])))
    for first, last in zip(blocks["colour_begin"], blocks["colour_begin"][1:], strict=False):
        nodes = np.concatenate(
            [np.concatenate(parts(blocks, b)) for b in blocks["order"][first:last]]
        )
        assert len(np.unique(nodes)) == len(nodes)


def test_nodes_of_no_element_feel_no_force(small: Discretisation) -> None:
    nodes = np.concatenate([small.nodes, [[9.0, 9.0, 9.0]]])
    body = backends.select().Body(small.elements, nodes, *moduli(small), small.n_vertices)
    assert body.blocks["untouched"].tolist() == [small.n_nodes]
    y = body.product(np.random.default_rng(16180339).normal(size=nodes.shape))
    assert np.all(y[-1] == 0)
    assert np.abs(y).max() > 0


def test_a_body_keeps_its_arrays_alive(small: Discretisation) -> None:
    u = np.random.default_rng(57721566).normal(size=small.nodes.shape)
    expected = body_of(small).product(u)
    copies = [small.elements.copy(), small.nodes.copy(), *moduli(small)]
    body = backends.select().Body(*copies, small.n_vertices)
    del copies
    np.full((small.n_nodes, 30), np.nan)  # would take the place of what was freed
    assert np.array_equal(body.product(u), expected)
    assert np.isfinite(stiffness_of(body).apply(u, True)).all()


def test_linear_level_is_the_stiffness_of_linear_tetrahedra(small: Discretisation) -> None:
    body = body_of(small)
    n = small.n_vertices
    interpolation = np.zeros((small.n_nodes, n))
    interpolation[np.arange(n), np.arange(n)] = 1
    edge = np.arange(n, small.n_nodes)
    for end in (0, 1):
        interpolation[edge, small.edges[:, end]] = 0.5
    expected = np.einsum("xi,xayb,yj->iajb", interpolation, dense(small, body), interpolation)
    begin, columns, blocks = body.assemble_p1()
    got = np.zeros((n, 3, n, 3))
    for row in range(n):
        entries = slice(begin[row], begin[row + 1])
        assert np.all(np.diff(columns[entries]) > 0)
        got[row][:, columns[entries]] = blocks[entries].transpose(1, 0, 2)
    assert np.abs(got - expected).max() <= 100 * EPS * np.abs(expected).max()


def test_linear_level_of_other_numberings_is_refused(small: Discretisation) -> None:
    middles_first = backends.select().Body(
        small.elements, small.nodes, *moduli(small), small.n_vertices - 1
    )
    with pytest.raises(ValueError, match="vertices first"):
        middles_first.assemble_p1()
    split = small.elements.copy()
    split[-1, 4:] = small.n_nodes + np.arange(6)  # a second node on six edges
    nodes = np.concatenate([small.nodes, np.zeros((6, 3))])
    with pytest.raises(ValueError, match="two nodes on one edge"):
        backends.select().Body(split, nodes, *moduli(small), small.n_vertices).assemble_p1()


@pytest.mark.parametrize("held", [False, True])
def test_block_jacobi_inverts_the_diagonal_of_what_boundaries_leave_free(
    small: Discretisation, held: bool
) -> None:
    body = body_of(small)
    n = small.n_nodes
    diagonal = np.einsum("xaxb->xab", dense(small, body)).copy()
    nodes, projectors = EMPTY, None
    if held:
        random = np.random.default_rng(662607015)
        nodes = np.sort(random.permutation(n)[: n // 3]).astype(np.int32)
        normal = random.normal(size=(len(nodes), 3))
        normal /= np.linalg.norm(normal, axis=1)[:, None]
        projectors = np.eye(3) - normal[:, :, None] * normal[:, None, :]
        size = np.trace(diagonal[nodes], axis1=1, axis2=2)[:, None, None] / 3
        diagonal[nodes] = projectors @ diagonal[nodes] @ projectors
        diagonal[nodes] += size * (np.eye(3) - projectors)
    jacobi = backends.select().block_jacobi(stiffness_of(body, nodes, projectors))
    r = np.random.default_rng(602214076).normal(size=(n, 3))
    expected = np.linalg.solve(diagonal, r[..., None])[..., 0]
    assert np.abs(jacobi(r) - expected).max() <= 1e3 * EPS * np.abs(expected).max()


def test_indefinite_stiffness_is_refused(small: Discretisation) -> None:
    lam, mu = moduli(small)
    mu[7] = -1e3
    body = backends.select().Body(small.elements, small.nodes, lam, mu, small.n_vertices)
    with pytest.raises(ValueError, match="not positive definite"):
        backends.select().block_jacobi(stiffness_of(body))


def test_assembly_is_the_same_to_the_bit_on_any_number_of_threads(graded: Discretisation) -> None:
    core = backends.core()
    before = core.threads()
    r = np.random.default_rng(314159265).normal(size=graded.nodes.shape)
    digests = set()
    for threads in (1, 2, 5):
        core.set_threads(threads)
        body = body_of(graded)
        total = hashlib.sha256()
        jacobi = backends.select().block_jacobi(stiffness_of(body))
        for array in (*body.assemble_p1(), jacobi(r), *body.blocks.values()):
            total.update(np.ascontiguousarray(array).tobytes())
        digests.add(total.hexdigest())
    core.set_threads(before)
    assert len(digests) == 1


def test_other_moduli_give_the_operator_that_they_would_give_anew() -> None:
    model = hard.cube(5, {"rock": hard.ROCK})
    space = discretise(model.mesh)
    lam, mu = model.elastic.lam, model.elastic.mu
    backend = backends.select()
    softer = np.linspace(0.5, 1.0, len(mu))
    first = operators.elastic(space, lam, mu, model.conditions, backend)
    changed = operators.with_moduli(first, lam * softer, mu * softer, model.conditions)
    anew = operators.elastic(space, lam * softer, mu * softer, model.conditions, backend)
    u = np.random.default_rng(11).normal(size=space.nodes.shape)
    np.testing.assert_array_equal(changed @ u, anew @ u)
    assert np.linalg.norm(changed @ u - first @ u) > 0.1 * np.linalg.norm(first @ u)  # planted
    z = preconditioners.build("multigrid", changed)(u)
    np.testing.assert_array_equal(z, preconditioners.build("multigrid", anew)(u))
