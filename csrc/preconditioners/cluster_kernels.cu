// Exact solves on clusters of nodes on a device: one thread for each (cluster, column), its values
// in shared memory; the sixteen clusters of a batch read their factors side by side. Factors are
// made on the host. See cluster_kernels.hpp.
#include "preconditioners/cluster_kernels.hpp"

#include "backends/device/launch.cuh"
#include "operators/column_access.hpp"
#include "preconditioners/cluster_substitution.hpp"

namespace femcrust::FEMCRUST_DEVICE {
namespace {

constexpr std::size_t kMostShared = 96 * 1024;  // bytes; two thread blocks fit a multiprocessor

/// Values of one thread: every `stride`-th of shared memory, so that threads never meet in a bank.
template <class T>
struct OwnValues {
  T* at;
  int stride;
  FEMCRUST_HD T& operator[](int k) const { return at[k * stride]; }
};

/// Thread block x holds batch x and columns from y · columns on; threads are [columns][16
/// clusters].
template <class F, int W>
FEMCRUST_KERNEL void add_kernel(ClusterBatches<typename F::Real> batches,
                                const typename F::Word* gR, typename F::Real gain,
                                typename F::Word* gD, typename F::Word* gX) {
  using T = typename F::Real;
  FEMCRUST_SHARED_DYNAMIC(T, sY);  // [3 most_nodes][threads]
  const ClusterBatch<const T> batch = batches[static_cast<Index>(blockIdx.x)];
  const int lane = static_cast<int>(threadIdx.x) % kClusterLanes;
  const int threads = static_cast<int>(blockDim.x);
  const int column = static_cast<int>(blockIdx.y) * (threads / kClusterLanes) +
                     static_cast<int>(threadIdx.x) / kClusterLanes;
  const OwnValues<T> y{sY + threadIdx.x, threads};
  int n = 0;  // nodes of this cluster
  for (; n < batch.n; ++n) {
    const Index node = batch.nodes[n * kClusterLanes + lane];
    if (node < 0) break;
    T v[3];
    load_column<F, W>(gR, node, column, v);
    for (int c = 0; c < 3; ++c) y[3 * n + c] = v[c];
  }
  substitute(
      n, batch.reach,
      [&](int k) { return batch.factors[static_cast<std::size_t>(k) * kClusterLanes + lane]; }, y);
  for (int k = 0; k < n; ++k) {
    const Index node = batch.nodes[k * kClusterLanes + lane];
    T d[3], x[3];
    load_column<F, W>(gD, node, column, d);
    for (int c = 0; c < 3; ++c) d[c] += gain * y[3 * k + c];
    store_column<F, W>(gD, node, column, d);
    if (gX == nullptr) continue;
    load_column<F, W>(gX, node, column, x);
    for (int c = 0; c < 3; ++c) x[c] += gain * y[3 * k + c];
    store_column<F, W>(gX, node, column, x);
  }
}

template <class F, int W>
void add(const ClusterBatches<typename F::Real>& batches, Index, Index n, const typename F::Word* r,
         typename F::Real gain, typename F::Word* d, typename F::Word* x) {
  const std::size_t per_thread =
      3 * static_cast<std::size_t>(batches.most_nodes) * sizeof(typename F::Real);
  int columns = W;
  while (columns > 1 &&
         static_cast<std::size_t>(columns) * kClusterLanes * per_thread > kMostShared)
    columns /= 2;
  const int threads = columns * kClusterLanes;
  FEMCRUST_LAUNCH((add_kernel<F, W>),
                  dim3(static_cast<unsigned>(n), static_cast<unsigned>(W / columns)), threads,
                  static_cast<std::size_t>(threads) * per_thread, batches, r, gain, d, x);
}

}  // namespace

extern const ClusterKernels cluster_kernels;
const ClusterKernels cluster_kernels = {{nullptr, nullptr},  // of setup, on the host
                                        {add<Fp64, 1>, add<Fp64, 4>, add<Fp64, 8>, add<Fp64, 16>},
                                        {add<Fp32, 1>, add<Fp32, 4>, add<Fp32, 8>, add<Fp32, 16>},
                                        add<Fp21, 1>,
                                        add<Shared18, 1>,
                                        add<Bf16, 1>,
                                        add<Fp16, 1>};

}  // namespace femcrust::FEMCRUST_DEVICE
