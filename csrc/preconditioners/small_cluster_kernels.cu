// Products with the inverses of small clusters: one thread for each of their rows. See
// small_cluster_kernels.hpp.
#include "preconditioners/small_cluster_kernels.hpp"

#include "backends/device/launch.cuh"
#include "operators/column_access.hpp"

namespace femcrust::FEMCRUST_DEVICE {
namespace {

constexpr int kEach = 4;  // clusters of a thread block
constexpr int kMostRows = 3 * kMostSmall;
constexpr int kThreads = 96, kTurns = kEach * kMostRows / kThreads;  // rows of a thread
static_assert(kClusterLanes % kEach == 0 && kTurns * kThreads == kEach * kMostRows);

/// Thread block (x, y) holds clusters from y · kEach on of batch x.
template <class F, int W>
FEMCRUST_KERNEL void __launch_bounds__(kThreads, 1)
    add_inverses(ClusterBatches<typename F::Real> batches, const typename F::Word* gR,
                 typename F::Real gain, typename F::Word* gD, typename F::Word* gX) {
  using T = typename F::Real;
  __shared__ T sValues[kEach * kMostRows][W];  // [cluster][3 n][W]
  const ClusterBatch<const T> batch = batches[static_cast<Index>(blockIdx.x)];
  const int first = static_cast<int>(blockIdx.y) * kEach;
  const int n = batch.n, rows = 3 * n;
  const auto node_of = [&](int k) { return batch.nodes[k % n * kClusterLanes + first + k / n]; };

  // ---- load
  for (int t = static_cast<int>(threadIdx.x); t < kEach * n * W; t += kThreads) {
    const Index node = node_of(t / W);
    T v[3] = {};
    if (node >= 0) load_column<F, W>(gR, node, t % W, v);
    for (int c = 0; c < 3; ++c) sValues[3 * (t / W) + c][t % W] = v[c];
  }
  __syncthreads();

  // ---- compute
  T rSums[kTurns][W] = {};
#pragma unroll
  for (int turn = 0; turn < kTurns; ++turn) {
    const int row = static_cast<int>(threadIdx.x) + turn * kThreads, cluster = row / rows;
    if (cluster >= kEach) break;
    const auto size = static_cast<std::size_t>(rows);
    const T* const gColumn = batch.factors +
                             static_cast<std::size_t>(first + cluster) * size * size +
                             static_cast<std::size_t>(row % rows);
#pragma unroll 4
    for (int j = 0; j < rows; ++j) {
      const T entry = gColumn[static_cast<std::size_t>(j) * size];
#pragma unroll
      for (int w = 0; w < W; ++w) rSums[turn][w] += entry * sValues[cluster * rows + j][w];
    }
  }
  __syncthreads();
#pragma unroll
  for (int turn = 0; turn < kTurns; ++turn) {
    const int row = static_cast<int>(threadIdx.x) + turn * kThreads;
#pragma unroll
    for (int w = 0; w < W; ++w) sValues[row][w] = gain * rSums[turn][w];
  }
  __syncthreads();

  // ---- store
  for (int t = static_cast<int>(threadIdx.x); t < kEach * n * W; t += kThreads) {
    const Index node = node_of(t / W);
    if (node < 0) continue;
    for (typename F::Word* const gTo : {gD, gX}) {
      if (gTo == nullptr) continue;
      T v[3];
      load_column<F, W>(gTo, node, t % W, v);
      for (int c = 0; c < 3; ++c) v[c] += sValues[3 * (t / W) + c][t % W];
      store_column<F, W>(gTo, node, t % W, v);
    }
  }
}

template <class F, int W>
void add(const ClusterBatches<typename F::Real>& batches, Index, Index n, const typename F::Word* r,
         typename F::Real gain, typename F::Word* d, typename F::Word* x) {
  FEMCRUST_LAUNCH((add_inverses<F, W>), dim3(static_cast<unsigned>(n), kClusterLanes / kEach),
                  kThreads, 0, batches, r, gain, d, x);
}

}  // namespace

extern const SmallClusterKernels small_cluster_kernels;
const SmallClusterKernels small_cluster_kernels = {
    {add<Fp64, 1>, add<Fp64, 4>, add<Fp64, 8>, add<Fp64, 16>},
    {add<Fp32, 1>, add<Fp32, 4>, add<Fp32, 8>, add<Fp32, 16>},
    add<Fp21, 1>,
    add<Shared18, 1>,
    add<Bf16, 1>,
    add<Fp16, 1>};

}  // namespace femcrust::FEMCRUST_DEVICE
