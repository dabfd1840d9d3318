"""A table of errors that the tests must catch; `make mutate` plants them one at a time.

`old` stands exactly once in `file`; `tests` are what pytest is given (paths, or `path::name`).
A mutation that no test catches is a missing test.
"""

from __future__ import annotations

from typing import NamedTuple


class Mutation(NamedTuple):
    error: str  # what is wrong, in the words of the physics
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


MESH = ("tests/unit/test_mesh_order.py",)
OPERATOR = ("tests/unit/test_operators.py",)
REFINEMENT = ("tests/unit/test_refinement.py",)
SURFACE = ("tests/unit/test_surface.py",)
CONVENTIONS = ("tests/unit/test_conventions.py",)
FAULTS = ("tests/unit/test_faults_conventions.py", *CONVENTIONS)
FORMATS = ("tests/unit/test_formats.py",)
DEVICE_PRODUCT = ("tests/unit/test_device_ebe.py",)
SOLVER = ("tests/unit/test_solver_iterations.py",)
GUESS = ("tests/unit/test_guess.py",)
MMA = ("tests/unit/test_device_mma.py",)
RHEOLOGY = ("tests/unit/test_rheology.py",)
FLOW = ("tests/unit/test_flow.py",)
CREEP = ("tests/unit/test_creep_flow.py",)
RELAXING = ("tests/unit/test_relaxing.py",)
GREENS = ("tests/unit/test_greens.py",)
LIBRARY = ("tests/unit/test_greens_file.py",)
PATCHES = ("tests/verification/greens/test_patches_in_a_half_space.py",)
EMULATOR = ("tests/unit/test_device_emulator.py",)
STATE = ("tests/unit/test_flow_state.py",)
RESUME = ("tests/unit/test_resume.py",)
KILLS = ("tests/unit/test_kills.py",)
WEIGHTS = ("tests/unit/test_inversion_weights.py",)
SMOOTHING = ("tests/unit/test_inversion_smoothing.py",)
INVERSION = ("tests/unit/test_inversion.py",)
KNOWN_SLIP = ("tests/verification/inversion/test_known_slip.py",)
CHECKPOINT = ("tests/unit/test_checkpoint_file.py",)

MUTATIONS = (
    # the element
    Mutation(
        "half the shear modulus",
        "csrc/elements/tet10_product.hpp",
        "  const S two_mu = mu + mu;\n",
        "  mu = mu / 2;\n  const S two_mu = mu + mu;\n",
        OPERATOR,
    ),
    Mutation(
        "λ dropped",
        "csrc/elements/tet10_product.hpp",
        "const V trace = lam * (s",
        "const V trace = 0 * lam * (s",
        OPERATOR,
    ),
    Mutation(
        "half the shear stress in one plane (an engineering strain taken for a strain)",
        "csrc/elements/tet10_product.hpp",
        "for (int m = 3; m < 6; ++m) s[m] = mu * s[m];",
        "for (int m = 3; m < 6; ++m) s[m] = m == 4 ? mu * s[m] / 2 : mu * s[m];",
        OPERATOR,
    ),
    Mutation(
        "two mid-edge nodes swapped",
        "csrc/elements/tet10_product.hpp",
        "of[3] = {4, 6, 7}",
        "of[3] = {6, 4, 7}",
        OPERATOR,
    ),
    Mutation(
        "stress takes its changes between vertices for changes from their mean",
        "csrc/elements/tet10_product.hpp",
        "s[i][m] -= sum * 0.25f;",
        "s[i][m] -= sum * 0.125f;",
        OPERATOR,
    ),
    Mutation(
        "volume of an element doubled in the core",
        "csrc/elements/geometry.hpp",
        "return det / 6;",
        "return det / 3;",
        OPERATOR,
    ),
    # the far field
    Mutation(
        "infinite element without the decay along its ray",
        "femcrust/operators/surface.py",
        " + exponent * values",
        "",
        SURFACE,
    ),
    Mutation(
        "integral along the ray 1/(2p+1) for 1/(2p-1)",
        "femcrust/operators/surface.py",
        "(2 * (2 * exponent - 1))",
        "(2 * (2 * exponent + 1))",
        SURFACE,
    ),
    Mutation(
        "springs act over twice their area",
        "femcrust/operators/surface.py",
        "_doubled_normals(corners), axis=1) / 2",
        "_doubled_normals(corners), axis=1)",
        SURFACE,
    ),
    # faults
    Mutation(
        "slip of split nodes reversed",
        "femcrust/faults/split.py",
        "* slip[sides.node] / 2.0",
        "* -slip[sides.node] / 2.0",
        FAULTS,
    ),
    Mutation(
        "whole slip on each side of split nodes",
        "femcrust/faults/split.py",
        "* slip[sides.node] / 2.0",
        "* slip[sides.node]",
        ("tests/unit/test_faults_split.py", *CONVENTIONS),
    ),
    Mutation(
        "eigenstrain left in the stress",
        "femcrust/operators/load.py",
        "np.subtract.at(out, here[inside], slipped)",
        "pass",
        ("tests/unit/test_load.py",),
    ),
    Mutation(
        "load of slip reversed",
        "femcrust/operators/load.py",
        "total += operator.load_of_stress(e, stress)",
        "total -= operator.load_of_stress(e, stress)",
        ("tests/unit/test_load.py", *CONVENTIONS),
    ),
    Mutation(
        "magnitude from dyne cm",
        "femcrust/faults/source.py",
        "np.log10(moment) - 9.1)",
        "np.log10(moment) - 16.1)",
        ("tests/unit/test_faults_conventions.py", "tests/unit/test_faults_split.py"),
    ),
    # materials, loads, outputs
    Mutation(
        "λ = ρ vp² − μ",
        "femcrust/materials/moduli.py",
        "rho * vp**2 - 2.0 * mu, mu",
        "rho * vp**2 - mu, mu",
        ("tests/unit/test_materials.py",),
    ),
    Mutation(
        "body force lumped equally on the ten nodes",
        "femcrust/operators/load.py",
        "np.repeat([-1 / 20, 1 / 5], [4, 6])",
        "np.repeat([1 / 10, 1 / 10], [4, 6])",
        ("tests/verification/columns",),
    ),
    Mutation(
        "Coulomb: friction unclamps under compression",
        "femcrust/outputs/coulomb.py",
        "+ friction *",
        "- friction *",
        ("tests/unit/test_coulomb.py",),
    ),
    Mutation(
        "line of sight of a left-looking radar",
        "femcrust/outputs/los.py",
        "[-np.cos(h) * np.sin(i), np.sin(h) * np.sin(i), np.cos(i)]",
        "[np.cos(h) * np.sin(i), -np.sin(h) * np.sin(i), np.cos(i)]",
        ("tests/unit/test_los.py",),
    ),
    # rheologies
    Mutation(
        "relaxation time 2η/μ of a dashpot that creeps at s/η",
        "femcrust/materials/rheology.py",
        "axis=-1) / moduli",
        "axis=-1) * 2 / moduli",
        RHEOLOGY,
    ),
    Mutation(
        "moduli of the fast and the slow branch of a Burgers body swapped",
        "femcrust/materials/rheology.py",
        "np.where(d > 0.0, larger, smaller), np.where(d > 0.0, smaller, larger)",
        "np.where(d > 0.0, smaller, larger), np.where(d > 0.0, larger, smaller)",
        RHEOLOGY,
    ),
    Mutation(
        "the smaller branch of a Burgers body from a difference of near numbers",
        "femcrust/materials/rheology.py",
        "smaller = b * c / larger",
        "smaller = (apart - np.abs(d)) / 2.0",
        RHEOLOGY,
    ),
    Mutation(
        "a standard linear solid relaxes with the creep time of its Kelvin element",
        "femcrust/materials/rheology.py",
        "eta_kelvin / (mu + mu_kelvin)",
        "eta_kelvin / mu_kelvin",
        RHEOLOGY,
    ),
    Mutation(
        "relaxation times in the order of the materials, not of the elements",
        "femcrust/materials/relaxing.py",
        "np.inf) for _, _, t, *_ in parts])[order]",
        "np.inf) for _, _, t, *_ in parts])",
        RELAXING,
    ),
    Mutation(
        "what rounding leaves of a Burgers body never relaxes",
        "femcrust/materials/relaxing.py",
        "np.where(rest > ROUNDING * whole, rest, 0.0)",
        "np.where(rest > -1.0, rest, 0.0)",
        RELAXING,
    ),
    Mutation(
        "strain of a series: slip counts as strain",
        "femcrust/outputs/strain.py",
        "strain[source.elements] -=",
        "strain[source.elements] +=",
        ("tests/unit/test_strain.py",),
    ),
    Mutation(
        "a collection names a file before it is written",
        "femcrust/outputs/series.py",
        "            self._written.append(write_fields(self.directory / name, result))\n",
        "",
        ("tests/unit/test_series.py",),
    ),
    Mutation(
        "map of what followed an earthquake holds the earthquake",
        "femcrust/outputs/maps.py",
        "surface.displacement - record.first_ground",
        "surface.displacement",
        ("tests/unit/test_series.py",),
    ),
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
    # the mesh
    Mutation(
        "volume of a tetrahedron doubled",
        "femcrust/mesh/mesh.py",
        "np.cross(b, c)) / 6.0)",
        "np.cross(b, c)) / 3.0)",
        MESH,
    ),
    Mutation(
        "a refined cell cut along any diagonal",
        "csrc/mesh/refinement.hpp",
        "if (worst < least) {",
        "if (worst < 0) {",
        REFINEMENT,
    ),
    Mutation(
        "a face of a refined cell that was turned is another",
        "csrc/mesh/refinement.hpp",
        "face ^= 1;",
        "face ^= 0;",
        REFINEMENT,
    ),
    Mutation(
        "an edge that several blocks have numbered twice",
        "csrc/mesh/edges.hpp",
        "store(1, std::memory_order_relaxed)",
        "store(0, std::memory_order_relaxed)",
        ("tests/unit/test_discretisation.py",),
    ),
    Mutation(
        "orientation of tetrahedra flipped",
        "femcrust/mesh/mesh.py",
        "np.cross(b, c)) / 6.0)",
        "np.cross(c, b)) / 6.0)",
        MESH,
    ),
    Mutation(
        "Hilbert curve without its last exchange of axes",
        "femcrust/mesh/mesh.py",
        "    x[2] ^= x[1]\n",
        "",
        MESH,
    ),
    Mutation(
        "surface groups keep the old numbers of their vertices",
        "femcrust/mesh/mesh.py",
        "{name: new_point[faces] for",
        "{name: faces for",
        MESH,
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
        "  held -= bytes;\n",
        "",
        EMULATOR,
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
    # flow of rock that relaxes
    Mutation(
        "a sign in the estimate of a step's error",
        "csrc/materials/branch.hpp",
        "k0 + k1 - TrBdf2::kGamma * k2",
        "k0 - k1 - TrBdf2::kGamma * k2",
        FLOW,
    ),
    Mutation(
        "rates of the second stage weigh a third, not √2/4",
        "csrc/materials/branch.hpp",
        "kWeight = kRoot2 / 4;",
        "kWeight = 1.0 / 3;",
        FLOW,
    ),
    Mutation(
        "zz of a deviator has the sign of xx and yy",
        "csrc/materials/branch.hpp",
        "tensor[2] -= factor",
        "tensor[2] += factor",
        FLOW,
    ),
    Mutation(
        "points on infinite elements weigh the same",
        "csrc/timestepping/face_flow.hpp",
        "weights_[k * kPoints + p] * stress",
        "weights_[k * kPoints] * stress",
        FLOW,
    ),
    Mutation(
        "elements that do not flow shift those after them",
        "csrc/timestepping/flow.cu",
        "flow.cells[static_cast<std::size_t>(block.first_element) + threadIdx.x]",
        "static_cast<Index>(block.first_element + threadIdx.x) % flow.n_cells",
        FLOW,
    ),
    Mutation(
        "creep as a power of |w|², not of |w|",
        "csrc/materials/creep.hpp",
        "(n - 1) / 2 * log(square)",
        "(n - 1) * log(square)",
        CREEP,
    ),
    Mutation(
        "the length of a stress that creeps follows one Newton step",
        "csrc/materials/creep.hpp",
        "step < 12",
        "step < 1",
        CREEP,
    ),
    Mutation(
        "a flow law takes the stress for the differential one of shear",
        "femcrust/materials/creep.py",
        "2 * np.sqrt(3.0) * mu",
        "2 * mu",
        ("tests/verification/creep/test_creep_of_a_point.py",),
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
    # initial guesses
    Mutation(
        "increments dropped that differ by a tenth from those kept",
        "csrc/timestepping/predictor.hpp",
        "kDrop = 1e-5;",
        "kDrop = 1e-1;",
        GUESS,
    ),
    Mutation(
        "the map of another step kept",
        "femcrust/timestepping/learned.py",
        "self._predictor.forget()",
        "self._predictor.interrupt()",
        GUESS,
    ),
    Mutation(
        "an increment across an event taken for flow",
        "femcrust/timestepping/learned.py",
        "            self._predictor.interrupt()",
        "            pass",
        GUESS,
    ),
    Mutation(
        "a projection combines solutions that are all but alike",
        "csrc/timestepping/histories.hpp",
        "if (!(rest > least * gram(column, column))) continue;",
        "if (!(rest > -1)) continue;",
        ("tests/unit/test_projection.py",),
    ),
    Mutation(
        "projection with the products of another matrix",
        "femcrust/timestepping/projected.py",
        "if operator is not self._operator():",
        "if self._operator() is None:",
        GUESS,
    ),
    Mutation(
        "extrapolation that takes all steps for equal",
        "femcrust/timestepping/guess.py",
        "known = [(t - self._dt, u) for t, u in self._known]",
        "known = [(t - 0.1, u) for t, u in self._known]",
        GUESS,
    ),
    # checkpoints
    Mutation(
        "rates of flow put where strains are",
        "csrc/timestepping/tet_flow.hpp",
        """  void set_state(FlowPart part, const double* in) {
    Array<double>& kept = part == FlowPart::strain ? v_ : rate_;""",
        """  void set_state(FlowPart, const double* in) {
    Array<double>& kept = v_;""",
        STATE,
    ),
    Mutation(
        "a state that a device lays out as it keeps it",
        "csrc/timestepping/tet_flow_cuda.hpp",
        "work(k * n + j, j * cells + k);",
        "work(k * n + j, k * n + j);",
        STATE,
    ),
    Mutation(
        "a predictor that forgets which increment was the last",
        "csrc/timestepping/predictor.hpp",
        "    last_slot_ = slot;\n  }\n  std::size_t pieces()",
        "  }\n  std::size_t pieces()",
        STATE,
    ),
    Mutation(
        "the matrix of a run that goes on made of present rates of creep",
        "femcrust/timestepping/problem.py",
        'self._relaxed(matrix["dt"], matrix["held"]())',
        'self._relaxed(matrix["dt"], self.flow.softness(matrix["dt"]))',
        RESUME,
    ),
    Mutation(
        "a run that goes on measures errors against the stress since then",
        "femcrust/timestepping/steps.py",
        'self.u, self.largest = read(state["u"]), state["largest"]',
        'self.u = read(state["u"])',
        RESUME,
    ),
    Mutation(
        "a checkpoint written over the newest one",
        "femcrust/checkpoint/generations.py",
        "self._next = 1 - NAMES.index(stored.path.name)",
        "self._next = NAMES.index(stored.path.name)",
        CHECKPOINT,
    ),
    Mutation(
        "a checkpoint written in place",
        "femcrust/checkpoint/generations.py",
        "        with replacing(path) as file:\n",
        '        with path.open("wb") as file:\n',
        (*CHECKPOINT, *KILLS),
    ),
    Mutation(
        "arrays of a checkpoint believed unseen",
        "femcrust/checkpoint/container.py",
        """                if digest.hexdigest() != wanted:
                    raise""",
        """                if False:
                    raise""",
        CHECKPOINT,
    ),
    # libraries of Green's functions
    Mutation(
        "work of strains at vertices without what they share",
        "femcrust/greens/reciprocal.py",
        "weight = stress + stress.sum(axis=1, keepdims=True)",
        "weight = stress + 0 * stress.sum(axis=1, keepdims=True)",
        GREENS,
    ),
    Mutation(
        "a station beside a fault without the offset of its cell",
        "femcrust/greens/reciprocal.py",
        "found[column, here] += jump",
        "found[column, here] += 0 * jump",
        GREENS,
    ),
    Mutation(
        "nodal forces of a disc at other nodes",
        "femcrust/greens/reciprocal.py",
        "AXES * nodes.astype(np.int64)[..., None] + np.arange(AXES)",
        "AXES * nodes[:, [1, 0, 2, 3, 4, 5]].astype(np.int64)[..., None] + np.arange(AXES)",
        GREENS,
    ),
    Mutation(
        "unit forces of a station that are spread like another's",
        "femcrust/greens/problem.py",
        "loads[where, axis, AXES * station + axis] = share",
        "loads[where, axis, AXES * station + axis] = shape[0]",
        GREENS,
    ),
    Mutation(
        "what is prescribed left in every answer",
        "femcrust/greens/problem.py",
        "prescribed=np.zeros_like(operator.prescribed)",
        "prescribed=operator.prescribed",
        GREENS,
    ),
    Mutation(
        "hats that are zero between their vertices",
        "femcrust/greens/hats.py",
        "[touches] = 0.5",
        "[touches] = 0.0",
        GREENS,
    ),
    Mutation(
        "patches down dip first",
        "femcrust/greens/cells.py",
        "tops.reshape(*n, 3).swapaxes(0, 1).reshape(-1, 3)",
        "tops.reshape(-1, 3)",
        GREENS,
    ),
    Mutation(
        "patches that describe their neighbours",
        "femcrust/greens/cells.py",
        "corners[:, :given] = sheet.corners",
        "corners[:, :given] = np.roll(sheet.corners, 1, axis=0)",
        PATCHES,
    ),
    Mutation(
        "slip down dip taken for slip up dip",
        "femcrust/greens/cells.py",
        "symmetric_dyad(frame[component], frame[2])",
        "symmetric_dyad([1, -1, 1][component] * frame[component], frame[2])",
        PATCHES,
    ),
    Mutation(
        "grid north taken for true north in a library",
        "femcrust/greens/receivers.py",
        "(moved if listed.lonlat is None else true)",
        "(moved if listed.lonlat is None else moved)",
        GREENS,
    ),
    Mutation(
        "values of a batch never compared with their digest",
        "femcrust/greens/seal.py",
        "return self._digest(i) == self._row(i)[1:]",
        "return len(self._digest(i)) == DIGEST",
        LIBRARY,
    ),
    Mutation(
        "what describes a library never compared with its digest",
        "femcrust/greens/seal.py",
        "self.regions, self._table) != digest",
        "self.regions, self._table) == b''",
        LIBRARY,
    ),
    Mutation(
        "a batch that never counts as done",
        "femcrust/greens/seal.py",
        "self._file.seek(self._table + ROW * i)\n            self._file.write(DONE)",
        "self._file.seek(self._table + ROW * i)\n            self._file.write(bytes(1))",
        LIBRARY,
    ),
    Mutation(
        "a library of other moduli continued",
        "femcrust/greens/identity.py",
        "_short_digest(elastic.lam, elastic.mu, *weights)",
        "_short_digest(*weights)",
        LIBRARY,
    ),
    # slip inversion
    Mutation(
        "smoothing by the square of its weight",
        "femcrust/inversion/bounded.py",
        "normal[:m, :m] += weight * prior.precision",
        "normal[:m, :m] += weight**2 * prior.precision",
        WEIGHTS,
    ),
    Mutation(
        "the criterion without the determinant of the data",
        "femcrust/inversion/spectrum.py",
        "    log_det = 2.0 * float(np.log(np.diag(w)).sum())",
        "    log_det = 0.0",
        WEIGHTS,
    ),
    Mutation(
        "the criterion with singular values in place of their squares",
        "femcrust/inversion/weight.py",
        "np.log1p(found.singular**2 / weight)",
        "np.log1p(found.singular / weight)",
        WEIGHTS,
    ),
    Mutation(
        "numbers of one station left out apart by cross-validation",
        "femcrust/inversion/weight.py",
        "    fold = dealt[np.searchsorted(names, groups)]",
        "    fold = np.arange(len(groups)) % folds",
        WEIGHTS,
    ),
    Mutation(
        "slip not carried from frame to frame between neighbours",
        "femcrust/inversion/smoothing.py",
        "    return np.asarray(u @ vt)",
        "    return np.broadcast_to(np.eye(turn.shape[1]), turn.shape)",
        SMOOTHING,
    ),
    Mutation(
        "slip is zero a whole step beyond a closed edge",
        "femcrust/inversion/graph.py",
        "(length / reach)[free]",
        "(length / (2 * reach))[free]",
        SMOOTHING,
    ),
    Mutation(
        "a Matérn field that forgets over twice its range",
        "femcrust/inversion/smoothing.py",
        "kappa = np.sqrt(8.0) / reach",
        "kappa = np.sqrt(2.0) / reach",
        SMOOTHING,
    ),
    Mutation(
        "the spread of structures divided by their number",
        "femcrust/inversion/structures.py",
        "/ (len(designs) - 1)",
        "/ len(designs)",
        INVERSION,
    ),
    Mutation(
        "another structure's stations taken in their own order",
        "femcrust/inversion/library.py",
        "displacement=np.ascontiguousarray(other.displacement[:, :, order]),",
        "displacement=other.displacement,",
        INVERSION,
    ),
    Mutation(
        "true north turned the wrong way",
        "femcrust/inversion/observations.py",
        "return to_grid_north(vectors, angle)",
        "return to_true_north(vectors, angle)",
        INVERSION,
    ),
    Mutation(
        "centimetres of a table taken for decimetres",
        "femcrust/inversion/table.py",
        '"cm": 1e-2',
        '"cm": 1e-1',
        INVERSION,
    ),
    Mutation(
        "moment without the rigidity of each patch",
        "femcrust/inversion/measures.py",
        "strength = library.rigidity * library.area * rows",
        "strength = 32e9 * library.area * rows",
        INVERSION,
    ),
    Mutation(
        "slip across a rake reversed",
        "femcrust/inversion/design.py",
        "= -part[:, 1], part[:, 0]",
        "= part[:, 1], -part[:, 0]",
        INVERSION,
    ),
    Mutation(
        "posterior variance times the factor of errors in place of its square",
        "femcrust/inversion/estimate.py",
        "covariance=covariance * scale**2,",
        "covariance=covariance * scale,",
        KNOWN_SLIP,
    ),
    Mutation(
        "the digest of a packed file taken of the package",
        "femcrust/data/__init__.py",
        "            raw = gzip.decompress(raw)",
        "            gzip.decompress(raw)",
        ("tests/unit/test_data.py",),
    ),
)
