"""Errors in the solver and its multigrid."""

from __future__ import annotations

from mutations.mutation import Mutation

SOLVER = ("tests/unit/test_solver_iterations.py",)

SOLVER = (
    # the solver
    Mutation(
        "convergence declared ten times too early",
        "csrc/solvers/cg.hpp",
        "        options_(options),",
        "        options_{10 * options.tolerance, options.max_iterations, options.flexible},",
        ("tests/unit/test_solver_iterations.py",),
    ),
    Mutation(
        "columns mixed up when a batch narrows",
        "csrc/backends/cpu.hpp",
        "from[k] == kZeroColumn ? T(0) : row[from[k]]",
        "from[k] == kZeroColumn ? T(0) : row[k]",
        ("tests/unit/test_batches.py",),
    ),
    Mutation(
        "opposite edges pull the same way in the product of linear fields",
        "csrc/elements/tet10_product.hpp",
        "    add(opposite(k, 1), c, -f);",
        "    add(opposite(k, 1), c, f);",
        ("tests/unit/test_batches.py",),
    ),
    Mutation(
        "the coupling of a cluster left out of its factor",
        "csrc/preconditioners/cluster_kernels.cpp",
        "      if (back < 0) continue;",
        "      if (back != 0) continue;",
        ("tests/unit/test_clusters.py",),
    ),
    Mutation(
        "restriction drops the mid-edge nodes",
        "csrc/operators/nodal_kernels.cpp",
        "value[i] + T(0.5) * sum[i]",
        "value[i] + T(0.0) * sum[i]",
        SOLVER,
    ),
    Mutation(
        "prolongation smoothed the wrong way",
        "csrc/aggregation/hierarchy.hpp",
        "= -step * value",
        "= step * value",
        ("tests/unit/test_aggregation.py",),
    ),
    Mutation(
        "a neighbour's aggregate taken twice",
        "csrc/aggregation/aggregates.hpp",
        "if (alone || taken) continue;",
        "if (alone) continue;",
        ("tests/unit/test_aggregation.py",),
    ),
    Mutation(
        "held directions of a neighbour stay in the linear level",
        "csrc/operators/small_blocks.hpp",
        "other != nullptr ? other[c] : kIdentity[c]",
        "own != nullptr ? kIdentity[c] : kIdentity[c]",
        ("tests/unit/test_aggregation.py",),
    ),
)
