"""What a solve holds on a device, counted array by array: a forecast before anything is allocated.

The layout is that of the core's backends, which are one code: elements, operator, smoother, linear
level, what is below it, vectors of the solver. tests/unit/test_memory.py holds the count against
what a backend says it holds.
"""

from __future__ import annotations

from femcrust.errors import MemoryShortage

GIB = 2**30
BLOCK = 512  # elements; the last block is padded
# Bytes of a node's three numbers in a storage format.
NODE_BYTES = {"fp64": 24, "fp32": 12, "fp21": 8, "shared18": 8, "bf16": 6, "fp16": 6}
# Nodes of a block of 512 elements, counted once a block, per element: 1.98 to 2.05 on graded boxes.
BLOCK_NODES = 2.05
# Prolongations, restrictions and matrices below the linear level, in FP32, bytes a vertex: 905, 923
# and 1026 on boxes of 5.6e4, 9.8e4 and 3.8e5 unknowns, where fewer and fewer lie on the surface.
BELOW_LINEAR = 1070
# Rows of infinite elements, bytes a face: 3×3 blocks with their columns on the quadratic level,
# 1,770 in FP64 and 930 in FP32, and what they add to the linear level.
INFINITE_FP64, INFINITE_FP32 = 1770, 930


def device_arrays(
    n_elements: int,
    n_nodes: int,
    n_vertices: int,
    columns: int = 1,
    storage: str = "fp32",
    n_infinite: int = 0,
) -> dict[str, int]:
    """Bytes of each array of a multigrid-preconditioned solve with `columns` right-hand sides.

    storage : of the preconditioner's finest vectors, a key of NODE_BYTES
    n_infinite : faces with infinite elements behind them

    >>> sum(device_arrays(146_580, 203_471, 26_122).values()) // (3 * 203_471)
    173
    """
    n_edges = n_nodes - n_vertices
    padded = -(-n_elements // BLOCK) * BLOCK
    real = 8 if storage == "fp64" else 4
    entries = n_vertices + 2 * n_edges  # blocks of the linear level: itself and each neighbour
    quadratic_fp32 = (9 + 2) * 4 * padded if real == 4 else 32 * n_vertices
    return {
        # the operator in FP64, and what both precisions share
        "places of an element's ten nodes in its block, 2 bytes": 20 * padded,
        "nodes of the blocks": int(4 * BLOCK_NODES * padded),
        "vertices, four FP64 numbers": 32 * n_vertices,
        "Lamé parameters, FP64": 16 * n_elements,
        "infinite elements, FP64": INFINITE_FP64 * n_infinite,
        # the preconditioner
        "gradients and moduli of elements": quadratic_fp32,
        "infinite elements of the preconditioner": INFINITE_FP32 * real // 4 * n_infinite,
        "inverse diagonal blocks, six numbers a node": 6 * real * n_nodes,
        "ends of edges": 8 * n_edges,
        "edges at each vertex": 4 * n_vertices + 8 * n_edges,
        "linear level, 3×3 blocks and columns": (9 * real + 4) * entries,
        "inverse diagonal blocks of the linear level": 6 * real * n_vertices,
        "aggregates": BELOW_LINEAR * real // 4 * n_vertices,
        "four vectors of the quadratic level": 4 * NODE_BYTES[storage] * columns * n_nodes,
        "four vectors of the linear level": 4 * 3 * real * columns * n_vertices,
        # conjugate gradients: b, x, r, z, p, q; of a batch also the columns that are done
        "vectors of the solver, FP64": (6 if columns == 1 else 7) * 24 * columns * n_nodes,
    }


def device_bytes(
    n_elements: int,
    n_nodes: int,
    n_vertices: int,
    columns: int = 1,
    storage: str = "fp32",
    n_infinite: int = 0,
) -> int:
    """Bytes that a solve holds on a device: the sum of `device_arrays`, where each is listed."""
    arrays = device_arrays(n_elements, n_nodes, n_vertices, columns, storage, n_infinite)
    return sum(arrays.values())


def check_device(needed: int, free: int, n_unknowns: int) -> None:
    """MemoryShortage before the start where a device has too little left."""
    if needed > free:
        raise MemoryShortage(
            f"solver.backend: {n_unknowns:,} unknowns need about {needed / GIB:.1f} GiB on the"
            f" device, which has {free / GIB:.1f} GiB free; make the mesh coarser, or choose cpu"
        )
