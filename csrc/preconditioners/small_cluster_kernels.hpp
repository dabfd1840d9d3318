/// Products with the inverses of small clusters on a device: all rows of a cluster at once, where
/// substitution goes from row to row. In floats or doubles as they are, or in FP16 by Tensor Cores.
///
/// Counted for a cluster of n nodes that couple to the b = 8 nodes before them, in float; bytes of
/// the matrix (substitution reads its factors twice, and caches may hold them in between), flops a
/// column, and the longest chain of operations that wait for one another:
///                             n = 5             n = 11            n = 16
///   factors, 9 n (b + 1)    1.6 k  ×1–2       3.6 k  ×1–2       5.2 k  ×1–2
///     flops, chain          1.6 k    810      3.6 k  1 782      5.2 k  2 592
///   inverse, (3 n)²         0.9 k             4.4 k             9.2 k
///     flops, chain          0.5 k     15      2.2 k     33      4.6 k     48
///   FP16 tiles, ½ (3 n)²    0.5 k             3.1 k             3.1 k     twice that with two
/// and 60 n bytes a column of r, d and x. With one column a thread block of 16 clusters has 16
/// threads that substitute, and 48 n that multiply: the inverse wins by its chain. With 16 columns
/// vectors are 15 k of 25 k bytes, whoever solves; there only a measurement tells. Beyond 16 nodes
/// inverses are larger than factors read twice, and few clusters are (3–17 % of their nodes in
/// bodies of flat cells, slivers and stretched boxes).
#pragma once
#include "preconditioners/cluster_kernels.hpp"

namespace femcrust {

constexpr int kMostSmall = 16;  // nodes of a cluster that is kept as an inverse
constexpr int kTileSide = 16, kTileSize = kTileSide * kTileSide;
constexpr int kMostTiles = 3 * kMostSmall / kTileSide;  // in a row

constexpr int tiles_in_row(int n) {
  return (3 * n + kTileSide - 1) / kTileSide;
}
/// On and above the diagonal.
constexpr int tiles_of(int n) {
  return tiles_in_row(n) * (tiles_in_row(n) + 1) / 2;
}

/// Inverses as FP16 numbers: Ã = S (H_1 + H_2) S with powers of two in S. Places are those of
/// ClusterBatches, `factors` the first tile of a batch.
struct TiledClusters {
  const ClusterPlace* places;
  const Index* nodes;          // [n][kClusterLanes]
  const std::uint16_t* tiles;  // [kClusterLanes][tiles_of(n)][H_1, H_2 if any][16][16]
  const float* scales;         // [n][3][kClusterLanes], where the batch's nodes begin
};

/// As ClusterKernel, for inverses [kClusterLanes][3 n][3 n] in place of factors, and for tiles.
using TiledKernel = void (*)(const TiledClusters& clusters, Index n_batches, const float* r,
                             float gain, float* d, float* x);

struct SmallClusterKernels {
  ClusterKernel<Fp64> fp64[4];  // by width: 1, 4, 8, 16 columns
  ClusterKernel<Fp32> fp32[4];
  ClusterKernel<Fp21> fp21;
  ClusterKernel<Shared18> shared18;
  ClusterKernel<Bf16> bf16;
  ClusterKernel<Fp16> fp16;

  ClusterKernel<Fp64> add(Fp64, int width) const { return fp64[width_slot(width)]; }
  ClusterKernel<Fp32> add(Fp32, int width) const { return fp32[width_slot(width)]; }
  ClusterKernel<Fp21> add(Fp21, int) const { return fp21; }
  ClusterKernel<Shared18> add(Shared18, int) const { return shared18; }
  ClusterKernel<Bf16> add(Bf16, int) const { return bf16; }
  ClusterKernel<Fp16> add(Fp16, int) const { return fp16; }
};

struct TiledClusterKernels {
  static constexpr int kFirstWidth = 2;  // slot of the first width that is served
  TiledKernel add[2][2];                 // [1 or 2 numbers][8 or 16 columns]
};

namespace cuda {
extern const SmallClusterKernels small_cluster_kernels;
extern const TiledClusterKernels tiled_cluster_kernels;
}  // namespace cuda
namespace emulated {
extern const SmallClusterKernels small_cluster_kernels;
extern const TiledClusterKernels tiled_cluster_kernels;
}  // namespace emulated

}  // namespace femcrust
