"""Rivals of the element product on a device: a naive kernel, cuSPARSE's rows, rows of 3×3 blocks.

Every one is checked against femcrust's product before it is timed. Arrays are CuPy's, `xp`; with
NumPy in its place the assembly runs on a CPU, for tests.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import assembled
import numpy as np
from record import event_seconds, of_copy

from femcrust.discretisation import Discretisation
from femcrust.mesh.mesh import Floats

SOURCE = Path(__file__).with_name("rivals.cu")
TURNS = 20
THREADS = 128
WARPS = 8  # of a block of threads of `block_rows`
CHUNK = 100_000  # elements assembled at once
AGREE = {"double": 1e-12, "float": 2e-5}  # relative, of sums of some hundred terms
MOST_ENTRIES = 2**31 - 1  # of rows that number their entries with 32 bits


def element_blocks(xp: Any, points: Any, tets: Any, lam: Any, mu: Any) -> Any:
    """K_e in blocks of nodes, N/m, by the table of assembled.py. (n, 10, 10, 3, 3)"""
    corners = points[tets]
    edges = corners[:, 1:] - corners[:, :1]
    crossed = [xp.cross(edges[:, (i + 1) % 3], edges[:, (i + 2) % 3]) for i in range(3)]
    det = (edges[:, 0] * crossed[0]).sum(axis=1)
    g = xp.stack(crossed, axis=1) / det[:, None, None]
    g = xp.concatenate([-g.sum(axis=1, keepdims=True), g], axis=1)  # ∇L_m (n, 4, 3)
    table = xp.asarray(assembled.REFERENCE)

    def d(i: int, j: int) -> Any:
        """∫ ∂_i N_a ∂_j N_b. (n, 10, 10)"""
        pairs = (det / 6)[:, None, None] * g[:, :, None, i] * g[:, None, :, j]
        return (pairs.reshape(-1, 16) @ table).reshape(-1, 10, 10)

    lam, mu = lam[:, None, None], mu[:, None, None]
    k = xp.empty((len(g), 10, 10, 3, 3))
    trace = mu * (d(0, 0) + d(1, 1) + d(2, 2))
    for i in range(3):
        for j in range(3):
            k[..., i, j] = lam * d(i, j) + mu * d(j, i)
        k[..., i, i] += trace
    return k


def block_rows(xp: Any, add_at: Any, space: Discretisation, lam: Floats, mu: Floats) -> Any:
    """The assembled matrix of the free body: begin (n + 1,), columns, blocks (entries, 3, 3)."""
    n = space.n_nodes
    elements = xp.asarray(space.elements).astype(np.int64)
    keys = (elements[:, :, None] * n + elements[:, None, :]).ravel()
    keys, place = xp.unique(keys, return_inverse=True)
    place = place.reshape(-1, 100)
    columns = (keys % n).astype(np.int32)
    begin = xp.searchsorted(keys, xp.arange(n + 1, dtype=np.int64) * n)
    del keys
    blocks = xp.zeros(9 * len(columns))
    points = xp.asarray(space.mesh.points)
    for first in range(0, len(elements), CHUNK):
        part = slice(first, first + CHUNK)
        tets = elements[part, :4]
        k = element_blocks(xp, points, tets, xp.asarray(lam[part]), xp.asarray(mu[part]))
        where = 9 * place[part].reshape(-1, 1) + xp.arange(9)
        add_at(blocks, where.ravel(), k.ravel())
    return begin, columns, blocks.reshape(-1, 3, 3)


def scalar_rows(xp: Any, begin: Any, columns: Any, blocks: Any) -> tuple[Any, Any, Any]:
    """The same as rows of numbers: data, indices, indptr."""
    count = begin[1:] - begin[:-1]
    row = xp.searchsorted(begin, xp.arange(len(columns)), side="right") - 1
    row = row[:, None, None]
    entry = xp.arange(len(columns))[:, None, None]
    a, b = xp.arange(3)[None, :, None], xp.arange(3)[None, None, :]
    place = 9 * begin[row] + a * 3 * count[row] + 3 * (entry - begin[row]) + b
    data = xp.empty(9 * len(columns))
    indices = xp.empty(9 * len(columns), dtype=np.int32)
    data[place.ravel()] = blocks.ravel()
    indices[place.ravel()] = (3 * columns[:, None, None] + b + 0 * a).astype(np.int32).ravel()
    starts = 9 * begin[:-1, None] + xp.arange(3)[None, :] * 3 * count[:, None]
    indptr = xp.concatenate([starts.ravel(), 9 * begin[-1:]])
    return data, indices, indptr.astype(np.int32)


def measured(
    space: Discretisation, lam: Floats, mu: Floats, expected: Callable[[Floats], Floats],
    copy: float, matrices: bool,
) -> Iterator[dict[str, Any]]:  # fmt: skip
    """One run for each rival; one that fails says why, and the others go on."""
    try:
        import cupy
    except ImportError as error:
        yield {"solver": "rivals", "failed": f"{error}"}
        return
    x = np.random.default_rng(331_207_945).standard_normal((space.n_nodes, 3))
    y = expected(x)
    for real in ("double", "float"):
        yield _tried(
            f"naive {real}", lambda real=real: naive(cupy, real, space, lam, mu, x, y, copy)
        )
    if not matrices:
        return
    rows: list[Any] = []

    def assemble() -> dict[str, Any]:
        import cupyx

        rows.extend(block_rows(cupy, cupyx.scatter_add, space, lam, mu))
        return {"bytes": sum(int(a.nbytes) for a in rows)}

    built = _tried("assembled matrix", assemble)
    yield built
    if "failed" in built:
        return
    yield _tried("3×3 block rows", lambda: by_blocks(cupy, rows, x, y, copy))
    yield _tried("cuSPARSE rows", lambda: by_cusparse(cupy, rows, x, y, copy))


def _tried(solver: str, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        return {"solver": solver, **work()}
    except Exception as error:  # a rival that cannot run is a result, not the end
        return {"solver": solver, "failed": f"{type(error).__name__}: {error}"[:300]}


def _checked(
    found: Any, expected: Floats, real: str, work: Any, moved: float, copy: float
) -> dict[str, Any]:
    """Seconds of `work`, whose result was `found`, after it was seen to be right."""
    error = float(np.linalg.norm(found.get() - expected) / np.linalg.norm(expected))
    if not error <= AGREE[real]:  # also catches NaN
        raise ArithmeticError(f"differs from the product of femcrust by {error:.1e}")
    seconds = statistics.median(event_seconds(work, TURNS))
    return {
        "times": {"product_s": seconds},
        "gdof_per_s": expected.size / seconds / 1e9,
        "of_copy": of_copy(moved, seconds, copy),
        "difference": error,
    }


def naive(
    xp: Any, real: str, space: Discretisation, lam: Floats, mu: Floats, x: Floats, y: Floats,
    copy: float,
) -> dict[str, Any]:  # fmt: skip
    kernel = _kernel(xp, real, "naive")
    kind = np.float64 if real == "double" else np.float32
    n = len(space.elements)
    arrays = [xp.asarray(space.elements)]
    arrays += [xp.asarray(values).astype(kind) for values in (space.nodes, lam, mu, x)]
    out = xp.zeros((space.n_nodes, 3), dtype=kind)

    def work() -> None:
        out.fill(0)
        kernel((-(-n // THREADS),), (THREADS,), (np.int32(n), *arrays, out))

    work()
    size = np.dtype(kind).itemsize
    moved = (40 + 2 * size) * n + 3 * size * (4 * space.n_nodes + space.n_vertices)
    return _checked(out.astype(np.float64), y, real, work, moved, copy)


def by_blocks(xp: Any, rows: list[Any], x: Floats, y: Floats, copy: float) -> dict[str, Any]:
    kernel = _kernel(xp, "double", "block_rows")
    begin, columns, blocks = rows
    begin = begin.astype(np.int64)
    values, out = xp.asarray(x), xp.empty(x.shape)
    n = len(x)

    def work() -> None:
        grid = (-(-n // WARPS),)
        kernel(grid, (32 * WARPS,), (np.int32(n), begin, columns, blocks, values, out))

    work()
    return _checked(out, y, "double", work, 76 * len(columns) + 56 * n, copy)


def by_cusparse(xp: Any, rows: list[Any], x: Floats, y: Floats, copy: float) -> dict[str, Any]:
    import cupyx.scipy.sparse as sparse

    if 9 * len(rows[1]) > MOST_ENTRIES:
        raise OverflowError(f"{9 * len(rows[1]):,} entries")
    matrix = sparse.csr_matrix(scalar_rows(xp, *rows), shape=(x.size, x.size))
    values = xp.asarray(x.ravel())
    found = matrix @ values
    moved = 12 * 9 * len(rows[1]) + 20 * x.size
    return _checked(found.reshape(-1, 3), y, "double", lambda: matrix @ values, moved, copy)


def _kernel(xp: Any, real: str, name: str) -> Any:
    source = SOURCE.read_text(encoding="utf-8")
    return xp.RawModule(code=source, options=(f"-DREAL={real}", "-std=c++17")).get_function(name)
