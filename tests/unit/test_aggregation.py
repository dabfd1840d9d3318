"""Smoothed aggregation piece by piece against dense linear algebra, and the whole against pyamg."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sparse
import scipy.sparse.linalg as linalg

import hard_bodies as hard
from femcrust import backends
from femcrust.operators import ElasticOperator
from femcrust.preconditioners.multigrid import COARSEST, STRENGTH, multigrid

EPS = np.finfo(np.float64).eps
OMEGA = 4 / 3
core = backends.select("cpu").aggregation
Arrays = tuple[int, int, int, np.ndarray, np.ndarray, np.ndarray]


def block_diagonal(blocks: Sequence[np.ndarray]) -> Any:
    """Sparse; of arrays SciPy would make a matrix, and from 1.18 on warns of it."""
    return sparse.block_diag([sparse.coo_array(block) for block in blocks])


def arrays(matrix: sparse.bsr_matrix) -> Arrays:
    """A block matrix as the core takes it."""
    matrix.sort_indices()
    rows, columns = matrix.blocksize
    return (
        rows, columns, matrix.shape[1] // columns,
        matrix.indptr.astype(np.int32), matrix.indices.astype(np.int32), matrix.data,
    )  # fmt: skip


def bsr(given: Arrays) -> sparse.bsr_matrix:
    rows, columns, n_columns, begin, indices, blocks = given
    shape = (rows * (len(begin) - 1), columns * n_columns)
    return sparse.bsr_matrix((blocks, indices, begin), shape=shape)


def random_blocks(n: int, m: int, blocksize: tuple[int, int], seed: int) -> sparse.bsr_matrix:
    random = np.random.default_rng(seed)
    pattern = sparse.csr_matrix(random.random((n, m)) < 0.3)
    blocks = random.normal(size=(pattern.nnz, *blocksize))
    shape = (n * blocksize[0], m * blocksize[1])
    return sparse.bsr_matrix((blocks, pattern.indices, pattern.indptr), shape=shape)


def linear_level(operator: ElasticOperator) -> sparse.bsr_matrix:
    rows = operator.surface_p1
    given = (rows.rows, rows.begin, rows.columns, rows.blocks)
    return bsr(core.linear_level(operator.stiffness, given))


def operator_of(n: int, **more: Any) -> ElasticOperator:
    operator: ElasticOperator = hard.prepared(hard.cube(n, {"rock": hard.ROCK}, **more), "jacobi")[
        0
    ]
    return operator


def projectors_of(operator: ElasticOperator) -> np.ndarray:
    q = np.broadcast_to(np.eye(3), (operator.space.n_nodes, 3, 3)).copy()
    q[operator.held_nodes] = operator.projectors
    return q[: operator.space.n_vertices]


@pytest.fixture(scope="module", params=["infinite", "fixed", "roller"])
def operator(request: pytest.FixtureRequest) -> ElasticOperator:
    kind = request.param
    return operator_of(6, boundaries={"sides": kind, "bottom": kind, "top": "free"})


@pytest.fixture(scope="module")
def level(operator: ElasticOperator) -> sparse.bsr_matrix:
    return linear_level(operator)


@pytest.fixture(scope="module")
def modes(operator: ElasticOperator) -> np.ndarray:
    return projectors_of(operator) @ core.rigid_modes(operator.space.mesh.points)


@pytest.fixture(scope="module")
def built(level: sparse.bsr_matrix, modes: np.ndarray) -> tuple[list[Any], np.ndarray]:
    return core.hierarchy(arrays(level), modes, STRENGTH, 40, False)


@pytest.mark.parametrize("sizes", [(3, 3), (6, 3), (6, 6)])
def test_sparse_products_are_dense_products(sizes: tuple[int, int]) -> None:
    a = random_blocks(9, 7, sizes, 516_207_331)
    b = random_blocks(7, 5, (sizes[1], 6), 87_150_029)
    expected = a.toarray() @ b.toarray()
    got = bsr(core.product(arrays(a), arrays(b), False))
    assert np.abs(got.toarray() - expected).max() <= 100 * EPS * np.abs(expected).max()
    assert (np.diff(got.indices) > 0).sum() >= len(got.indices) - got.shape[0] // sizes[0]
    single = bsr(core.product(arrays(a), arrays(b), True)).toarray()
    assert np.abs(single - expected).max() <= 1e-6 * np.abs(expected).max()
    assert np.abs(single - expected).max() > 0  # planted: double would be closer


def test_matrices_that_do_not_fit_are_refused() -> None:
    a = random_blocks(4, 5, (3, 3), 91_550_177)
    with pytest.raises(ValueError, match="do not fit"):
        core.product(arrays(a), arrays(random_blocks(4, 3, (3, 6), 5_102_003)), False)
    with pytest.raises(ValueError, match="outside"):
        core.product((3, 3, 2, *arrays(a)[3:]), arrays(a), False)


def test_transpose() -> None:
    a = random_blocks(9, 7, (3, 6), 401_177)
    assert np.array_equal(bsr(core.transposed(arrays(a))).toarray(), a.toarray().T)


def test_rigid_modes_of_a_free_body_store_no_energy() -> None:
    operator = operator_of(4)
    begin, columns, blocks = operator.body.assemble_p1()
    n = 3 * operator.space.n_vertices
    matrix = sparse.bsr_matrix((blocks, columns, begin), shape=(n, n))
    rigid = core.rigid_modes(operator.space.mesh.points).reshape(n, 6)
    assert np.linalg.matrix_rank(rigid) == 6
    assert np.abs(matrix @ rigid).max() <= 1e3 * EPS * np.abs(blocks).max()


def test_linear_level_is_the_constrained_sum(
    operator: ElasticOperator, level: sparse.bsr_matrix
) -> None:
    n = operator.space.n_vertices
    begin, columns, blocks = operator.body.assemble_p1()
    whole = sparse.bsr_matrix((blocks, columns, begin), shape=(3 * n, 3 * n)).toarray()
    rows = operator.surface_p1
    for k, row in enumerate(rows.rows):
        for e in range(rows.begin[k], rows.begin[k + 1]):
            j = rows.columns[e]
            whole[3 * row : 3 * row + 3, 3 * j : 3 * j + 3] += rows.blocks[e]
    q = block_diagonal(list(projectors_of(operator))).toarray()
    sizes = np.diag(whole).reshape(n, 3).mean(axis=1)
    expected = q @ whole @ q + (np.eye(3 * n) - q) * np.repeat(sizes, 3)
    got = level.toarray()
    assert np.abs(got - expected).max() <= 100 * EPS * np.abs(expected).max()
    assert np.linalg.eigvalsh(got)[0] > 0


def test_surface_rows_without_an_element_are_refused(operator: ElasticOperator) -> None:
    one = np.array([0], dtype=np.int32)
    far = np.array([operator.space.n_vertices - 1], dtype=np.int32)
    begin = np.array([0, 1], dtype=np.int32)
    with pytest.raises(ValueError, match="share no element"):
        core.linear_level(operator.stiffness, (one, begin, far, np.eye(3)[None]))


def test_aggregates_are_neighbourhoods(level: sparse.bsr_matrix) -> None:
    of = core.aggregates(arrays(level), STRENGTH)
    size = np.sqrt((level.data**2).sum(axis=(1, 2)))
    row = np.repeat(np.arange(len(of)), np.diff(level.indptr))
    diagonal = np.zeros(len(of))
    diagonal[row[row == level.indices]] = size[row == level.indices]
    strong = size >= STRENGTH * np.sqrt(diagonal[row] * diagonal[level.indices])
    strong &= (size > 0) & (row != level.indices)
    alone = np.bincount(row[strong], minlength=len(of)) == 0
    assert np.array_equal(of < 0, alone)  # held vertices stay out
    graph = sparse.csr_matrix((strong.astype(int), level.indices, level.indptr))
    for g in range(of.max() + 1):
        inside = np.flatnonzero(of == g)
        pieces = sparse.csgraph.connected_components(graph[inside][:, inside])[0]
        assert len(inside) >= 2
        assert pieces == 1
    assert 8 <= np.mean(np.bincount(of[of >= 0])) <= 40


def test_weak_couplings_keep_aggregates_apart() -> None:
    pairs = sparse.csr_matrix(
        [[1, 0.5, 1e-3, 0], [0.5, 1, 0, 0], [1e-3, 0, 1, 0.5], [0, 0, 0.5, 1]]
    )
    matrix = sparse.bsr_matrix(sparse.kron(pairs, np.eye(3)), blocksize=(3, 3))
    assert list(core.aggregates(arrays(matrix), 0.02)) == [0, 0, 1, 1]
    assert list(core.aggregates(arrays(matrix), 1e-4)) == [0, 0, 0, 0]
    assert list(core.aggregates(arrays(matrix), 0.9)) == [-1] * 4


def test_tentative_prolongation_reproduces_the_modes(modes: np.ndarray) -> None:
    random = np.random.default_rng(250_118_603)
    of = random.integers(0, 9, len(modes)).astype(np.int32)
    of[:3] = [9, 10, 10]  # one and two vertices: modes that depend on others
    of[3:5] = -1
    given, coarse = core.tentative(of, 11, modes)
    t = bsr(given).toarray()
    inside = np.repeat(of >= 0, 3)
    got = t @ coarse.reshape(66, 6)
    assert np.abs(got - modes.reshape(-1, 6))[inside].max() <= 10 * EPS
    assert np.abs(t[~inside]).max() == 0
    gram = t.T @ t
    ones = np.round(np.diag(gram))
    assert np.abs(gram - np.diag(ones)).max() <= 100 * EPS
    assert set(ones) == {0.0, 1.0}
    assert ones[54:60].sum() <= 3  # a vertex has three directions at most


def test_inverse_diagonal_gives_empty_rows_a_mean() -> None:
    block = np.diag([4.0, 2.0, 0.0])
    matrix = sparse.bsr_matrix(block_diagonal([block, np.eye(3) * 2]), blocksize=(3, 3))
    empty = sparse.bsr_matrix((np.zeros((0, 3, 3)), [], [0, 0]), shape=(3, 3))
    got = core.inverse_diagonal(arrays(matrix))
    assert np.allclose(got[0], np.diag([1 / 4, 1 / 2, 1 / 2]), rtol=10 * EPS)
    assert np.allclose(got[1], np.eye(3) / 2, rtol=10 * EPS)
    assert np.array_equal(core.inverse_diagonal(arrays(empty)), np.eye(3)[None])


def test_dense_inverse_leaves_out_what_has_no_energy() -> None:
    random = np.random.default_rng(7_205_551)
    root = random.normal(size=(30, 40)) * np.geomspace(1, 1e3, 30)[:, None]
    root[[4, 17]] = 0
    a = root @ root.T
    got = core.dense_inverse(arrays(sparse.bsr_matrix(a, blocksize=(6, 6))))
    expected = np.linalg.pinv(a, hermitian=True, rcond=1e-14)
    assert np.abs(got - expected).max() <= 1e-9 * np.abs(expected).max()
    assert np.array_equal(got, got.T)
    assert not got[[4, 17]].any()


def test_each_level_is_the_galerkin_product_of_smoothed_bases(
    built: tuple[list[Any], np.ndarray], modes: np.ndarray
) -> None:
    stages, inverse = built
    assert len(stages) >= 2
    near = modes
    for (matrix, p, r, bound), (below, *_) in pairwise(stages):
        a = bsr(matrix).toarray()
        of = core.aggregates(matrix, STRENGTH)
        given, near = core.tentative(of, of.max() + 1, near)
        d = core.inverse_diagonal(matrix)
        scaled = block_diagonal(list(d)).toarray() @ a
        root = block_diagonal(list(np.linalg.cholesky(d))).toarray()
        largest = np.linalg.eigvalsh(root.T @ a @ root)[-1]
        assert 0.99 * largest <= bound <= 1.1 * largest  # 8 steps of Lanczos and what they left
        t = bsr(given).toarray()
        expected = t - OMEGA / bound * scaled @ t
        got = bsr(p).toarray()
        assert np.abs(got - expected).max() <= 1e3 * EPS
        assert np.array_equal(bsr(r).toarray(), got.T)
        coarse = bsr(below).toarray()
        assert np.abs(coarse - got.T @ a @ got).max() <= 1e3 * EPS * np.abs(coarse).max()
        assert np.array_equal(coarse, coarse.T)
        values = np.linalg.eigvalsh(coarse)
        assert values[0] >= -100 * EPS * values[-1]
    last = bsr(stages[-1][0]).toarray()
    product = last @ inverse @ last
    assert np.abs(product - last).max() <= 1e-9 * np.abs(last).max()


CONTRASTS = {
    "crust": lambda: hard.cube(9, hard.CRUST),
    "blocks of 1e4 in modulus": lambda: hard.blocks(9, 1e4),
    "bands of cells 30 to 1": lambda: hard.bands(7, 30.0),
    "nu 0.49": lambda: hard.cube(8, {"rock": {"mu": 30e9, "nu": 0.49}}),
}


@pytest.mark.parametrize("name", CONTRASTS)
def test_matrices_stored_in_float_stay_positive(name: str) -> None:
    operator = hard.prepared(CONTRASTS[name](), "jacobi")[0]
    rigid = core.rigid_modes(operator.space.mesh.points)
    given = arrays(linear_level(operator))
    for single in (False, True):
        stages, inverse = core.hierarchy(given, rigid, STRENGTH, 100, single)
        for matrix, *_ in stages[1:]:
            a = bsr(matrix).toarray()
            some = np.diag(a) > 0  # modes that vanish on their aggregate leave empty rows
            assert not a[~some].any()
            a = a[some][:, some]
            scale = 1 / np.sqrt(np.diag(a))
            values = np.linalg.eigvalsh(scale[:, None] * a * scale)
            assert values[0] > 1e-5  # 1e-7 is the rounding of float
        values = np.linalg.eigvalsh(inverse)
        assert values[0] >= -1e-6 * values[-1]


def cycles(stages: list[tuple[Any, Any]], last: np.ndarray, b: np.ndarray) -> int:
    """Iterations of CG to 1e-8 with a V-cycle of damped block Jacobi over given levels."""
    smoothers = []
    for a, _ in stages:
        d = block_diagonal(list(core.inverse_diagonal(arrays(a)))).tocsr()
        scaled = linalg.LinearOperator(a.shape, lambda x, d=d, a=a: d @ (a @ x))
        largest = linalg.eigs(scaled, k=1, which="LM", v0=np.ones(a.shape[0]), tol=1e-3)[0]
        smoothers.append(1 / float(largest[0].real) * d)
    inverse = np.linalg.pinv(last, hermitian=True, rcond=1e-12)

    def cycle(depth: int, r: np.ndarray) -> np.ndarray:
        if depth == len(stages):
            return inverse @ r
        (a, p), d = stages[depth], smoothers[depth]
        x = d @ r
        x = x + d @ (r - a @ x)
        x = x + p @ cycle(depth + 1, p.T @ (r - a @ x))
        x = x + d @ (r - a @ x)
        return x + d @ (r - a @ x)

    steps = []
    shape = stages[0][0].shape
    preconditioner = linalg.LinearOperator(shape, lambda r: cycle(0, r.ravel()))
    linalg.cg(stages[0][0], b, rtol=1e-8, M=preconditioner, callback=steps.append, maxiter=200)
    return len(steps)


@pytest.mark.parametrize("name", CONTRASTS)
def test_no_more_iterations_than_with_pyamg(name: str) -> None:
    pyamg = pytest.importorskip("pyamg")
    operator = hard.prepared(CONTRASTS[name](), "jacobi")[0]
    matrix = linear_level(operator)
    rigid = core.rigid_modes(operator.space.mesh.points)
    np.random.seed(915_204_117)  # noqa: NPY002 - pyamg draws from it
    theirs = pyamg.smoothed_aggregation_solver(
        matrix, B=rigid.reshape(-1, 6), strength=("symmetric", {"theta": STRENGTH}),
        smooth=("jacobi", {"omega": OMEGA}), max_coarse=COARSEST, improve_candidates=None,
    ).levels  # fmt: skip
    ours = core.hierarchy(arrays(matrix), rigid, STRENGTH, COARSEST, True)[0]
    b = np.random.default_rng(33_019_471).normal(size=matrix.shape[0])
    counts = [
        cycles([(bsr(a), bsr(p)) for a, p, *_ in ours[:-1]], bsr(ours[-1][0]).toarray(), b),
        cycles(
            [(sparse.bsr_matrix(s.A), sparse.bsr_matrix(s.P)) for s in theirs[:-1]],
            theirs[-1].A.toarray(),
            b,
        ),
    ]
    assert counts[0] <= counts[1] + 1


def test_levels_are_the_same_to_the_bit_on_one_to_three_threads() -> None:
    operator, _, load = hard.prepared(hard.cube(11, hard.CRUST), "jacobi")
    rigid = core.rigid_modes(operator.space.mesh.points)
    before = backends.set_threads(None)
    found = []
    try:
        for threads in (1, 2, 3):
            backends.set_threads(threads)
            level = linear_level(operator)
            stages, inverse = core.hierarchy(arrays(level), rigid, STRENGTH, COARSEST, True)
            flat = [x for stage in stages for part in stage[:3] for x in part[3:]]
            flat += [s[3] for s in stages[:-1]]
            found.append([*flat, level.data, inverse, multigrid(operator, "fp32")(load)])
    finally:
        backends.set_threads(before)
    for other in found[1:]:
        assert all(np.array_equal(a, b) for a, b in zip(found[0], other, strict=True))


HELD = {"sides": "fixed", "bottom": "fixed", "top": "fixed"}


@pytest.mark.parametrize(("n", "levels"), [(1, 1), (2, 1), (7, 2)])
def test_small_bodies_have_few_levels(n: int, levels: int) -> None:
    operator = operator_of(n)
    level = linear_level(operator)
    rigid = core.rigid_modes(operator.space.mesh.points)
    stages, _ = core.hierarchy(arrays(level), rigid, STRENGTH, COARSEST, True)
    assert len(stages) == levels
    r = np.random.default_rng(6_117_029).normal(size=(operator.space.n_nodes, 3))
    z = multigrid(operator, "fp32")(r)
    assert np.isfinite(z).all()
    assert np.sum(r * z) > 0


@pytest.mark.parametrize("n", [1, 2, 6])
def test_a_body_held_all_around_has_an_empty_coarse_level_or_little(n: int) -> None:
    operator = operator_of(n, boundaries=HELD)
    rigid = projectors_of(operator) @ core.rigid_modes(operator.space.mesh.points)
    for coarsest in (0, 6, COARSEST):
        stages, inverse = core.hierarchy(
            arrays(linear_level(operator)), rigid, STRENGTH, coarsest, True
        )
        assert len(inverse) <= COARSEST
        assert all(np.isfinite(matrix[5]).all() for matrix, *_ in stages)


def test_a_vertex_of_no_element_stays_alone() -> None:
    matrix = random_blocks(40, 40, (3, 3), 610_227)
    dense = matrix.toarray() @ matrix.toarray().T + 1e-3 * np.eye(120)
    dense[30:33] = dense[:, 30:33] = 0
    given = arrays(sparse.bsr_matrix(sparse.csr_matrix(dense).tobsr((3, 3))))
    assert np.diff(given[3])[10] == 0
    modes = core.rigid_modes(np.random.default_rng(9_113).normal(size=(40, 3)))
    stages, inverse = core.hierarchy(given, modes, STRENGTH, 12, True)
    assert np.isfinite(inverse).all()
    assert not bsr(stages[0][1]).toarray()[30:33].any()
