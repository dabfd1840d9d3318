"""What a solve holds on a device, counted array by array: a forecast before anything is allocated.

csrc/operators/ebe_device.hpp tells how elements lie there; tests/unit/test_memory.py holds the
count against what the device says that it holds.
"""

from __future__ import annotations

from femcrust.errors import MemoryShortage

GIB = 2**30
BLOCK = 256  # elements that one thread block works on
BLOCK_BYTES = 32 + 2 * 97  # of a block's head and its ranks
# Bytes of a node's three numbers in a storage format.
NODE_BYTES = {"fp64": 24, "fp32": 12, "fp21": 8, "shared18": 8, "bf16": 6, "fp16": 6}
# On graded meshes, an element: nodes of its block, of these guests of the block, and nodes that
# more than one block has.
BLOCK_NODES, GUESTS, MET = 2.26, 0.89, 0.67
# Prolongations, restrictions and matrices below the linear level, bytes a vertex where numbers are
# FP32, kept in 16 bits, and FP64. On boxes of 2e5, 5.6e5, 1.2e6 and 3e6 unknowns, where fewer and
# fewer lie on the surface: 490, 523, 530, 541, and 1744, 1866, 1924.
BELOW_LINEAR = {4: 560, 8: 2040}
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
    139
    """
    n_edges = n_nodes - n_vertices
    real, kept = (8, 8) if storage == "fp64" else (4, 2)
    entries = n_vertices + 2 * n_edges  # blocks of the linear level: itself and each neighbour
    guests = int(GUESTS * n_elements)
    return {
        # elements, which both precisions share
        "places of an element's ten nodes in its block, 2 bytes": 20 * n_elements,
        "nodes of the blocks": int(4 * BLOCK_NODES * n_elements),
        "heads and ranks of the blocks": BLOCK_BYTES * -(-n_elements // BLOCK),
        "guests: place in the block, row of sums": 6 * guests,
        "nodes of more than one block": int(4 * MET * n_elements),
        "sums of guests": 3 * 8 * columns * guests,
        "vertices, FP64": 24 * n_vertices,
        # the operator in FP64
        "Lamé parameters, FP64": 16 * n_elements,
        "infinite elements, FP64": INFINITE_FP64 * n_infinite,
        # the preconditioner
        "Lamé parameters of the preconditioner": 2 * real * n_elements,
        "infinite elements of the preconditioner": INFINITE_FP32 * real // 4 * n_infinite,
        "inverse diagonal blocks, six numbers a node": 6 * real * n_nodes,
        "ends of edges": 8 * n_edges,
        "edges at each vertex": 4 * n_vertices + 8 * n_edges,
        "linear level, 3×3 blocks and columns": (9 * kept + 4) * entries,
        "units of its rows": 3 * real * n_vertices,
        "inverse diagonal blocks of the linear level": 6 * real * n_vertices,
        "aggregates": BELOW_LINEAR[real] * n_vertices,
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
