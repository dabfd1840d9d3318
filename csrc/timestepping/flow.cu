// See flow_device.hpp. One thread an element: strain at its vertices, the branches there, and its
// forces to slots of shared memory, summed by node.
#include "operators/ebe_device_launch.cuh"
#include "timestepping/flow_device.hpp"

namespace femcrust::FEMCRUST_DEVICE {
namespace {

using Tile = ShippedTiling<Fp64, 1>;
using FlowTiles = Tiles<double, Tile>;
constexpr int kPoints = tet10::kVertices, kWarps = Tile::kElements / kWarp;

/// Vertices, ranks and, where it is wanted, u of a block to shared memory; then what a thread keeps
/// of its element.
template <bool TakesStrain>
__device__ __forceinline__ void load_cells(const FlowTiles& tiles, const DeviceBody<double>& body,
                                           const DeviceBlock& block, const double* gU,
                                           DeviceElement<double>& element) {
  const DeviceBlocks& blocks = body.blocks;
  const std::uint32_t* const gNodes = blocks.nodes + block.first_node;
  const bool active = threadIdx.x < block.n_elements;
  std::uint32_t words[5] = {};
#pragma unroll
  for (int p = 0; p < 5; ++p)
    if (active)
      words[p] = blocks.places[static_cast<std::size_t>(p) * blocks.n_elements +
                               static_cast<std::size_t>(block.first_element) + threadIdx.x];
  for (unsigned r = threadIdx.x; r <= kRanks; r += Tile::kElements)
    tiles.sRanks[r] = blocks.ranks[std::size_t{blockIdx.x} * (kRanks + 1) + r];
  for (unsigned i = threadIdx.x; i < 3u * block.n_vertices; i += Tile::kElements)
    tiles.sVertices[i] =
        body.vertices[3 * std::size_t{gNodes[i / 3] & DeviceNode::kNumber} + i % 3];
  if (TakesStrain) load_rows<Fp64, 1>(tiles, gNodes, block.n_nodes, gU);
  __syncthreads();
  if (active) element.place(words, block.n_vertices, tiles.sRanks);
}

/// Gradients of the barycentric coordinates; returns V/20.
__device__ __forceinline__ double shape(DeviceElement<double>& element, const double* sVertices,
                                        double g[3][3]) {
  const double unit[2] = {1, 1};
  element.shape(sVertices, unit);
#pragma unroll
  for (int k = 0; k < 9; ++k) g[k / 3][k % 3] = element.gradients[k] * element.mu;
  return 1 / (120 * element.mu);
}

/// Strain at the vertices, less the offsets of cell k: deviators to this thread's column of shared
/// memory, for with the stress they are more than its registers. sStrain: [4][kDeviator][kElements]
__device__ __forceinline__ void strains(const DeviceFlow& flow, std::size_t k,
                                        const DeviceElement<double>& element, const double* sValues,
                                        const double g[3][3], double* sStrain) {
  double both[kPoints][6] = {};  // ½ (H + Hᵀ)
  const Index row = flow.offset_rows[k];
#pragma unroll
  for (int c = 0; c < 3; ++c) {
    double u[10], h[3];
#pragma unroll
    for (int a = 0; a < 10; ++a) u[a] = element.row(sValues, a)[c];
#pragma unroll
    for (int p = 0; p < kPoints; ++p) {
      tet10::gradient_row(u, g, p, h);
#pragma unroll
      for (int d = 0; d < 3; ++d) both[p][tet10::voigt(c, d)] += c == d ? h[d] : h[d] / 2;
    }
  }
#pragma unroll
  for (int p = 0; p < kPoints; ++p) {
    if (row >= 0)
#pragma unroll
      for (int m = 0; m < 6; ++m)
        both[p][m] -= flow.offsets[(static_cast<std::size_t>(row) * kPoints + p) * 6 + m];
    double e[kDeviator];
    deviator(both[p], e);
#pragma unroll
    for (int m = 0; m < kDeviator; ++m) sStrain[(p * kDeviator + m) * Tile::kElements] = e[m];
  }
}
static_assert(kPoints * kDeviator * Tile::kElements <= Tile::kTogether * Tile::kSlots);

/// A stage of cell k at its vertices, branch by branch.
template <class Stage>
__device__ __forceinline__ void branches(const DeviceFlow& flow, std::size_t k, double dt,
                                         double volume, const volatile double* sStrain,
                                         double stress[kPoints][6], FlowNorms<>& norms) {
  using Step = typename Stage::template Law<double>;
  const auto n = static_cast<std::size_t>(flow.n_cells);
#pragma unroll 1
  for (int b = 0; b < flow.n_branches; ++b) {
    const std::size_t at = static_cast<std::size_t>(b) * n + k;
    const Step step(dt, flow.rates, [at](const double* from) { return from[at]; });
    const double two_mu = 2 * flow.moduli[at];
#pragma unroll
    for (int p = 0; p < kPoints; ++p) {
      const std::size_t place = static_cast<std::size_t>(b * kPoints + p) * kDeviator * n + k;
      double e[kDeviator] = {};
      if (Stage::kTakesStrain)
#pragma unroll
        for (int m = 0; m < kDeviator; ++m) e[m] = sStrain[(p * kDeviator + m) * Tile::kElements];
      Stage::at(FlowPoint<double, Step>{step, two_mu, volume / kPoints, flow.state + place}, e,
                stress[p], norms);
    }
  }
}

/// Sums over the block, in one order. gNorms: of this block
__device__ __forceinline__ void sum_norms(FlowNorms<> norms, FlowNorms<>* gNorms) {
  __shared__ double sNorms[2][kWarps];
#pragma unroll
  for (int apart = kWarp / 2; apart > 0; apart /= 2) {
    norms.error += __shfl_xor_sync(kFullWarp, norms.error, apart);
    norms.stress += __shfl_xor_sync(kFullWarp, norms.stress, apart);
  }
  if (threadIdx.x % kWarp == 0) {
    sNorms[0][threadIdx.x / kWarp] = norms.error;
    sNorms[1][threadIdx.x / kWarp] = norms.stress;
  }
  __syncthreads();
  if (threadIdx.x > 0) return;
  FlowNorms<> sum{};
  for (int w = 0; w < kWarps; ++w) {
    sum.error += sNorms[0][w];
    sum.stress += sNorms[1][w];
  }
  *gNorms = sum;
}

/// A trial of creep takes a logarithm more than the registers of two blocks hold.
template <class Stage>
constexpr int kBlocksEach = Tile::kBlocksEach;
template <CreepStage kStage>
constexpr int kBlocksEach<CreepTrial<kStage>> = 1;

template <class Stage>
FEMCRUST_KERNEL void __launch_bounds__(Tile::kElements, kBlocksEach<Stage>)
    flow_stage(const DeviceFlow flow, double dt, const double* gU, double* gF,
               FlowNorms<>* gNorms) {
  FEMCRUST_SHARED_DYNAMIC(double, memory);
  const FlowTiles tiles = FlowTiles::of(memory, flow.body.blocks);
  const DeviceBlock block = flow.body.blocks.blocks[blockIdx.x];
  const bool active = threadIdx.x < block.n_elements;

  // ---- load
  DeviceElement<double> element;
  load_cells<Stage::kTakesStrain>(tiles, flow.body, block, gU, element);
  const Index k =
      active ? flow.cells[static_cast<std::size_t>(block.first_element) + threadIdx.x] : -1;

  // ---- compute
  double stress[kPoints][6] = {};
  double* const sStrain = tiles.sForces + threadIdx.x;
  FlowNorms<> norms{};
  if (k >= 0) {
    double g[3][3];
    const double weight = shape(element, tiles.sVertices, g);
    if (Stage::kTakesStrain) strains(flow, k, element, tiles.sValues, g, sStrain);
    branches<Stage>(flow, k, dt, 20 * weight, sStrain, stress, norms);
  }
  if constexpr (Stage::kGivesForces) {
    __syncthreads();  // no strain is wanted any more; gradients are made anew, for want of
                      // registers
    if (active) {
      double g[3][3];
      const double weight = shape(element, tiles.sVertices, g);
#pragma unroll
      for (int i = 0; i < 6 * kPoints; ++i) stress[i / 6][i % 6] *= weight;
#pragma unroll
      for (int c = 0; c < 3; ++c) {
        double f[10];
        tet10::stress_divergence(c, stress, g, f);
#pragma unroll
        for (int a = 0; a < 10; ++a) element.slot(tiles.sForces, a)[c * Tile::kSlots] = f[a];
      }
    }
    __syncthreads();
    sum_slots<false>(tiles, block, 0, tiles.sValues);
    __syncthreads();
  }

  // ---- store
  if constexpr (Stage::kGivesForces)
    store_rows<Fp64, 1, Between::owners>(tiles, block, flow.body, 0, gF);
  else if (gNorms != nullptr)
    sum_norms(norms, gNorms + blockIdx.x);
}

FEMCRUST_KERNEL void stress_between(const DeviceFlow flow, const FlowBetween between,
                                    double* gStress) {
  const std::size_t i = std::size_t{blockIdx.x} * kFlatThreads + threadIdx.x;
  const auto n = static_cast<std::size_t>(flow.n_cells);
  const std::size_t k = i % n, p = i / n;
  if (p >= kPoints) return;
  double tensor[6] = {};
  for (int b = 0; b < flow.n_branches; ++b)
    between.at(2 * flow.moduli[static_cast<std::size_t>(b) * n + k],
               flow.state + (static_cast<std::size_t>(b) * kPoints + p) * kDeviator * n + k,
               tensor);
#pragma unroll
  for (int m = 0; m < 6; ++m) gStress[(k * kPoints + p) * 6 + m] = tensor[m];
}

FEMCRUST_KERNEL void softness_at_vertices(const DeviceFlow flow, double dt, double* gParts) {
  const std::size_t i = std::size_t{blockIdx.x} * kFlatThreads + threadIdx.x;
  const auto n = static_cast<std::size_t>(flow.n_cells);
  const std::size_t k = i % n, p = i / n;
  if (p >= kPoints) return;
  const CreepStep<double> step(dt, flow.rates, [k](const double* from) { return from[k]; });
  gParts[k * kPoints + p] = softness(step, flow.state + p * kDeviator * n + k);
}

template <class Stage>
void launch_stage(const DeviceFlow& flow, double dt, const double* u, double* f,
                  FlowNorms<>* norms) {
  const DeviceBlocks& blocks = flow.body.blocks;
  require(blocks.most_elements <= Tile::kElements, "device blocks: made for another tiling");
  FEMCRUST_LAUNCH((flow_stage<Stage>), static_cast<unsigned>(blocks.n_blocks), Tile::kElements,
                  FlowTiles::bytes(blocks), flow, dt, u, f, norms);
  if (Stage::kGivesForces) launch_add_parts<Fp64, 1>(flow.body, f);
}

void restart(const DeviceFlow& flow, const double* u) {
  launch_stage<Restart>(flow, 0, u, nullptr, nullptr);
}
void first(const DeviceFlow& flow, double dt, double* f) {
  launch_stage<FirstStage>(flow, dt, nullptr, f, nullptr);
}
void second(const DeviceFlow& flow, double dt, const double* u, double* f) {
  launch_stage<SecondStage>(flow, dt, u, f, nullptr);
}
void last(const DeviceFlow& flow, double dt, const double* u, FlowNorms<>* norms) {
  launch_stage<LastStage>(flow, dt, u, nullptr, norms);
}
void stress(const DeviceFlow& flow, const FlowBetween& between, double* out) {
  const std::size_t threads = static_cast<std::size_t>(flow.n_cells) * kPoints;
  FEMCRUST_LAUNCH_FREE((stress_between), flat_grid(threads), kFlatThreads, 0, flow, between, out);
}

void creep_restart(const DeviceFlow& flow, const double* u) {
  launch_stage<CreepRestart>(flow, 0, u, nullptr, nullptr);
}
void creep_first(const DeviceFlow& flow, double dt, const double* u, double* f) {
  launch_stage<CreepTrial<CreepStage::first>>(flow, dt, u, f, nullptr);
}
void creep_middle(const DeviceFlow& flow, double dt, const double* u) {
  launch_stage<CreepMiddle>(flow, dt, u, nullptr, nullptr);
}
void creep_second(const DeviceFlow& flow, double dt, const double* u, double* f) {
  launch_stage<CreepTrial<CreepStage::second>>(flow, dt, u, f, nullptr);
}
void creep_last(const DeviceFlow& flow, double dt, const double* u, FlowNorms<>* norms) {
  launch_stage<CreepLast>(flow, dt, u, nullptr, norms);
}
void softness(const DeviceFlow& flow, double dt, double* parts) {
  const std::size_t threads = static_cast<std::size_t>(flow.n_cells) * kPoints;
  FEMCRUST_LAUNCH_FREE((softness_at_vertices), flat_grid(threads), kFlatThreads, 0, flow, dt,
                       parts);
}

}  // namespace

extern const DeviceFlowKernels flow_kernels;
const DeviceFlowKernels flow_kernels = {restart,      first,         second,      last,
                                        stress,       creep_restart, creep_first, creep_middle,
                                        creep_second, creep_last,    softness};

}  // namespace femcrust::FEMCRUST_DEVICE
