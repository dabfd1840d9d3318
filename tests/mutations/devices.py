"""Errors in storage formats and kernels of devices."""

from __future__ import annotations

from mutations.mutation import Mutation

FORMATS = ("tests/unit/test_formats.py",)
DEVICE_PRODUCT = ("tests/unit/test_device_ebe.py",)
MMA = ("tests/unit/test_device_mma.py",)
LEVELS = ("tests/unit/test_level_matrix.py",)
EMULATOR = ("tests/unit/test_device_emulator.py",)

DEVICES = (
    # matrices of levels
    Mutation(
        "numbers of a level are cut, not rounded",
        "csrc/core/level_entry.hpp",
        "multiple < 0 ? 0.5f - multiple : 0.5f + multiple",
        "multiple < 0 ? -multiple : multiple",
        LEVELS,
    ),
    Mutation(
        "the unit of a row is that of its last number",
        "csrc/operators/level_matrix.hpp",
        "std::max(largest[r], Entry::magnitude(packing.blocks[block + r * C + c]))",
        "Entry::magnitude(packing.blocks[block + r * C + c])",
        LEVELS,
    ),
    Mutation(
        "lanes of the device see other largest numbers",
        "csrc/operators/level_packing.cu",
        "for (int lanes = kWarp / 2; lanes > 0; lanes /= 2) {",
        "for (int lanes = kWarp / 2; lanes > 1; lanes /= 2) {",
        LEVELS,
    ),
    # the element product of a device
    Mutation(
        "sums at a node stop before its last element",
        "csrc/operators/ebe_device_block.cuh",
        "more = slot < ranks[r + 1];",
        "more = slot + 1 < ranks[r + 1];",
        DEVICE_PRODUCT,
    ),
    Mutation(
        "edges of an element rounded before their difference",
        "csrc/operators/ebe_device_element.cuh",
        "static_cast<T>(corner[j + 1][k] - corner[0][k])",
        "static_cast<T>(corner[j + 1][k]) - static_cast<T>(corner[0][k])",
        DEVICE_PRODUCT,
    ),
    Mutation(
        "one column of a piece stored for the next",
        "csrc/operators/ebe_device_block.cuh",
        "of[j % kPiece] = value(j);",
        "of[j % kPiece] = value(j & ~1);",
        DEVICE_PRODUCT,
    ),
    Mutation(
        "no barrier between sums and the forces that come next",
        "csrc/operators/ebe_device_launch.cuh",
        "        sum_slots<Linear>(tiles, block, c, sColumn);\n        __syncthreads();\n",
        "        sum_slots<Linear>(tiles, block, c, sColumn);\n",
        DEVICE_PRODUCT,
    ),
    Mutation(
        "a guest left out where three blocks meet",
        "csrc/operators/ebe_device_parts.cuh",
        "if (at >= static_cast<std::size_t>(blocks.row_begin[r + 1])) break;",
        "if (r > 0 || at >= static_cast<std::size_t>(blocks.row_begin[r + 1])) break;",
        DEVICE_PRODUCT,
    ),
    Mutation(
        "guests in the order in which threads found them",
        "csrc/operators/device_layout.hpp",
        "        std::sort(sorted.begin(), sorted.end());\n",
        "",
        DEVICE_PRODUCT,
    ),
    Mutation(
        "forces of listed elements replace those that were there",
        "csrc/operators/vertex_fields_device.cu",
        "double sum = *at;",
        "double sum = 0;",
        DEVICE_PRODUCT,
    ),
    # storage formats
    Mutation(
        "ties away from zero",
        "csrc/core/float_bits.hpp",
        "magnitude + kHalf + (magnitude >> D & 1u)",
        "magnitude + kHalf + 1u",
        FORMATS,
    ),
    Mutation(
        "the largest number rounds to infinity",
        "csrc/core/float_bits.hpp",
        "nearest < kLargest ? nearest : kLargest",
        "nearest",
        FORMATS,
    ),
    Mutation(
        "a NaN with a small payload becomes infinity",
        "csrc/core/float_bits.hpp",
        "kInfinityBits < magnitude ? kNanBits : kInfinityBits",
        "kInfinityBits",
        FORMATS,
    ),
    Mutation(
        "a shared exponent without its clamp",
        "csrc/core/shared_exponent.hpp",
        "v < largest ? v : largest",
        "v",
        FORMATS,
    ),
    Mutation(
        "a node with a NaN looks finite",
        "csrc/core/shared_exponent.hpp",
        "exponent < 255 ? word : kNotANumber",
        "word",
        FORMATS,
    ),
    Mutation(
        "small halves are cut off",
        "csrc/core/half.hpp",
        "magnitude < kNormalBits ? small : large",
        "magnitude < kNormalBits ? 0 : large",
        FORMATS,
    ),
    # kernels of devices and the host that emulates one
    Mutation(
        "a barrier is missing in a sum over a block",
        "csrc/backends/device/self_test.cu",
        "  if (lane == 0) sSum[warp] = rSum;\n  __syncthreads();\n",
        "  if (lane == 0) sSum[warp] = rSum;\n",
        EMULATOR,
    ),
    Mutation(
        "an emulated barrier opens one thread early",
        "csrc/backends/device/emulator/block.cpp",
        "if (++now.arrived < threads) {",
        "if (++now.arrived < threads - 1) {",
        EMULATOR,
    ),
    Mutation(
        "emulated shared memory holds what the block before left",
        "csrc/backends/device/emulator/block.cpp",
        "    static_shared.poison();\n",
        "",
        EMULATOR,
    ),
    Mutation(
        "emulated threads run in order whatever is asked",
        "csrc/backends/device/emulator/block.cpp",
        "current_order == Order::forward ? turn : kLanes - 1 - turn;",
        "turn;",
        EMULATOR,
    ),
    Mutation(
        "emulated warps run in order whatever is asked",
        "csrc/backends/device/emulator/block.cpp",
        "current_order == Order::forward ? turn : warps - 1 - turn;",
        "turn;",
        EMULATOR,
    ),
    Mutation(
        "an emulated shuffle in groups reads the first group",
        "csrc/backends/device/emulator/warp.hpp",
        "group + (source & (width - 1))",
        "0 * group + (source & (width - 1))",
        EMULATOR,
    ),
    Mutation(
        "emulated halves stop at the largest instead of infinity",
        "csrc/backends/device/emulator/half.hpp",
        "value >= kFirstInfinite || value <= -kFirstInfinite",
        "value != value",
        EMULATOR,
    ),
    Mutation(
        "an emulated matrix product forgets what it adds to",
        "csrc/backends/device/emulator/wmma.hpp",
        "= part[lane]->c->x[e];",
        "= 0 * part[lane]->c->x[e];",
        EMULATOR,
    ),
    Mutation(
        "the emulator copies beyond the end of memory",
        "csrc/backends/device/emulator/runtime.cpp",
        "static_cast<std::size_t>(first - begin) + bytes <= size",
        "static_cast<std::size_t>(first - begin) <= size",
        EMULATOR,
    ),
    Mutation(
        "device memory that is given back still counts",
        "csrc/backends/device_runtime.cu",
        "  held -= bytes;\n  cudaFreeAsync",
        "  cudaFreeAsync",
        EMULATOR,
    ),
    Mutation(
        "a device counts its own part of a shared row twice",
        "csrc/operators/part_kernels.cu",
        "return came < 0 ? own[i]",
        "return came < 0 ? T(2) * own[i]",
        ("tests/unit/test_messages.py",),
    ),
    Mutation(
        "a density contrast weighs the rock above it",
        "femcrust/boundaries/gravity.py",
        "(rho[below] - rho[above]) * rise",
        "rho[above] * rise",
        ("tests/unit/test_gravity.py",),
    ),
    Mutation(
        "optimal planes stand at the angle of friction from the wrong axis",
        "femcrust/outputs/optimal.py",
        "np.arctan2(1.0, friction)",
        "np.arctan2(friction, 1.0)",
        ("tests/unit/test_optimal.py",),
    ),
    Mutation(
        "creep gives up a stage that would converge",
        "femcrust/timestepping/fixed_point.py",
        "(MOST / solves - 1) > tolerance",
        "0 > tolerance",
        ("tests/unit/test_relax_creep.py", "tests/unit/test_fixed_point.py"),
    ),
    Mutation(
        "the matrix of creep keeps what the last one did",
        "femcrust/timestepping/flow.py",
        "self._creep.hold(held, held[self._face_cells])",
        "pass",
        ("tests/unit/test_relax_creep.py",),
    ),
    # Tensor Cores
    Mutation(
        "what FP16 leaves of a number is dropped",
        "csrc/operators/ebe_device_mma.cuh",
        "column[(kModes + k) * kStride] = pair.low;",
        "column[(kModes + k) * kStride] = __float2half_rn(0.0f);",
        MMA,
    ),
    Mutation(
        "the scale of FP16 numbers is not undone",
        "csrc/operators/ebe_device_mma.cuh",
        "    return scale.from_half;",
        "    return 1.0f;",
        MMA,
    ),
    Mutation(
        "numbers are scaled beyond the largest of FP16",
        "csrc/backends/device/half_split.cuh",
        "kAbove = 14;",
        "kAbove = 16;",
        MMA,
    ),
    Mutation(
        "tiles of a cluster's inverse work on one side of its diagonal only",
        "csrc/preconditioners/small_cluster_mma.cu",
        "      if (i != j) add_tile<wmma::col_major>(gTile, rFactors[i], rSums[j]);\n",
        "",
        MMA,
    ),
    Mutation(
        "inverses are kept however much rounding changed them",
        "csrc/preconditioners/small_clusters.hpp",
        "of[b].end()) <= kMostChange;",
        "of[b].end()) < 1e9;",
        MMA,
    ),
)
