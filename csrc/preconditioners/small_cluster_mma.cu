// Products with the inverses of small clusters on Tensor Cores: a warp for each cluster, 16 columns
// at once (with 8, the others are zero). See small_cluster_kernels.hpp. No device has run it yet.
#include "preconditioners/small_cluster_kernels.hpp"

#include "backends/device/half_split.cuh"

namespace femcrust::FEMCRUST_DEVICE {
namespace {

constexpr int kWarps = 4;  // of a thread block
constexpr int kColumns = 16, kMostRows = kMostTiles * kTileSide;
constexpr int kTurns = kMostRows * kColumns / kWarp;  // values of a lane, all of one column

/// Factors in FP16, then products in their place. Rows are padded against bank conflicts.
template <int Splits>
struct alignas(32) ClusterTile {
  static constexpr int kHalfStride = kColumns + 8, kStride = kColumns + 4;
  static constexpr int kHalves = Splits * kMostRows * kHalfStride;
  static constexpr int kFloats = kMostRows * kStride;
  float products[kFloats > kHalves / 2 ? kFloats : kHalves / 2];

  __device__ __forceinline__ half* factors() { return reinterpret_cast<half*>(products); }
};

using namespace nvcuda;
template <class Layout>
using TileFragment = wmma::fragment<wmma::matrix_a, kTileSide, kTileSide, kTileSide, half, Layout>;
using FactorFragment =
    wmma::fragment<wmma::matrix_b, kTileSide, kColumns, kTileSide, half, wmma::row_major>;
using SumFragment = wmma::fragment<wmma::accumulator, kTileSide, kColumns, kTileSide, float>;

/// sum += tile · factor, or its transpose by the layout; without the product of both low numbers.
template <class Layout, int Splits>
__device__ __forceinline__ void add_tile(const half* gTile, const FactorFragment (&rFactor)[Splits],
                                         SumFragment& rSum) {
  TileFragment<Layout> rTile;
  wmma::load_matrix_sync(rTile, gTile, kTileSide);
#pragma unroll
  for (int low = 0; low < Splits; ++low) wmma::mma_sync(rSum, rTile, rFactor[low], rSum);
  if constexpr (Splits == 2) {
    wmma::load_matrix_sync(rTile, gTile + kTileSize, kTileSide);
    wmma::mma_sync(rSum, rTile, rFactor[0], rSum);
  }
}

template <int W, int Splits>
FEMCRUST_KERNEL void __launch_bounds__(kWarps* kWarp)
    add_tiled_inverses(TiledClusters clusters, const float* gR, float gain, float* gD, float* gX) {
  using Tile = ClusterTile<Splits>;
  __shared__ Tile sTiles[kWarps];
  const ClusterPlace place = clusters.places[blockIdx.x];
  const int warp = static_cast<int>(threadIdx.x) / kWarp;
  const int lane = static_cast<int>(threadIdx.x) % kWarp;
  const int cluster = static_cast<int>(blockIdx.y) * kWarps + warp;
  const int column = lane % kColumns, first_row = lane / kColumns;
  const int rows = 3 * place.n, side = tiles_in_row(place.n);
  const Index* const gNodes = clusters.nodes + place.nodes + cluster;
  const float* const gScales = clusters.scales + 3 * place.nodes + cluster;
  const half* gTile = reinterpret_cast<const half*>(clusters.tiles + place.factors) +
                      static_cast<std::size_t>(cluster * tiles_of(place.n) * Splits) * kTileSize;
  if (gNodes[0] < 0) return;  // the whole warp
  /// Where row `k`-th of this lane stands in vectors; negative: nowhere.
  const auto at = [&](int k) -> std::int64_t {
    const int row = 2 * k + first_row;
    const Index node = row < rows && column < W ? gNodes[row / 3 * kClusterLanes] : -1;
    return node < 0 ? -1 : (std::int64_t{3} * node + row % 3) * W + column;
  };
  const auto scale = [&](int k) { return gScales[(2 * k + first_row) * kClusterLanes]; };

  // ---- load
  float rValues[kTurns];
  unsigned most = 0;
#pragma unroll
  for (int k = 0; k < kTurns; ++k) {
    const std::int64_t from = at(k);
    rValues[k] = from < 0 ? 0.0f : gR[from] * scale(k);
    most = larger(most, magnitude_bits(rValues[k]));
  }
  most = larger(most, __shfl_xor_sync(kFullWarp, most, kColumns));
  const HalfScale half_scale = HalfScale::of(most);
  half* const sColumn = sTiles[warp].factors() + first_row * Tile::kHalfStride + column;
#pragma unroll
  for (int k = 0; k < kTurns; ++k) {
    const HalfPair pair = HalfPair::of(rValues[k] * half_scale.to_half);
    sColumn[2 * k * Tile::kHalfStride] = pair.high;
    if constexpr (Splits == 2) sColumn[(kMostRows + 2 * k) * Tile::kHalfStride] = pair.low;
  }
  __syncwarp();

  // ---- compute
  FactorFragment rFactors[kMostTiles][Splits];
  SumFragment rSums[kMostTiles];
#pragma unroll
  for (int i = 0; i < kMostTiles; ++i) {
    wmma::fill_fragment(rSums[i], 0.0f);
#pragma unroll
    for (int low = 0; low < Splits; ++low)
      wmma::load_matrix_sync(
          rFactors[i][low],
          sTiles[warp].factors() + (low * kMostRows + i * kTileSide) * Tile::kHalfStride,
          Tile::kHalfStride);
  }
  __syncwarp();
#pragma unroll
  for (int i = 0; i < kMostTiles; ++i)
#pragma unroll
    for (int j = i; j < kMostTiles; ++j) {
      if (j >= side) continue;
      add_tile<wmma::row_major>(gTile, rFactors[j], rSums[i]);
      if (i != j) add_tile<wmma::col_major>(gTile, rFactors[i], rSums[j]);
      gTile += Splits * kTileSize;
    }
#pragma unroll
  for (int i = 0; i < kMostTiles; ++i)
    wmma::store_matrix_sync(sTiles[warp].products + i * kTileSide * Tile::kStride, rSums[i],
                            Tile::kStride, wmma::mem_row_major);
  __syncwarp();

  // ---- store
  const float back = gain * half_scale.from_half;
#pragma unroll 4
  for (int k = 0; k < kTurns; ++k) {
    const std::int64_t to = at(k);
    if (to < 0) continue;
    const float change =
        back * (scale(k) * sTiles[warp].products[(2 * k + first_row) * Tile::kStride + column]);
    gD[to] += change;
    if (gX != nullptr) gX[to] += change;
  }
}

template <int W, int Splits>
void add(const TiledClusters& clusters, Index n_batches, const float* r, float gain, float* d,
         float* x) {
  FEMCRUST_LAUNCH((add_tiled_inverses<W, Splits>),
                  dim3(static_cast<unsigned>(n_batches), kClusterLanes / kWarps), kWarps * kWarp, 0,
                  clusters, r, gain, d, x);
}

}  // namespace

extern const TiledClusterKernels tiled_cluster_kernels;
const TiledClusterKernels tiled_cluster_kernels = {
    {{add<8, 1>, add<16, 1>}, {add<8, 2>, add<16, 2>}}};

}  // namespace femcrust::FEMCRUST_DEVICE
