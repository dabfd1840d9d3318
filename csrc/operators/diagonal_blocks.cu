// See diagonal_kernels.hpp. One thread a node.
#include "backends/device/launch.cuh"
#include "backends/device_runtime.hpp"
#include "operators/diagonal_kernels.hpp"
#include "operators/small_blocks.hpp"

namespace femcrust::FEMCRUST_DEVICE {
namespace {

constexpr int kThreads = 256;

unsigned blocks_for(Index n, std::size_t each = 1) {
  return static_cast<unsigned>((static_cast<std::size_t>(n) * each + kThreads - 1) / kThreads);
}
__device__ std::size_t thread_number() {
  return blockIdx.x * std::size_t{kThreads} + threadIdx.x;
}

template <class T>
FEMCRUST_KERNEL void add_kernel(Index n, const Index* gNodes, const double* gAdded, T* gBlocks) {
  const std::size_t k = thread_number();
  if (k >= static_cast<std::size_t>(n)) return;
  T* const to = gBlocks + 6 * static_cast<std::size_t>(gNodes[k]);
#pragma unroll
  for (int m = 0; m < 6; ++m) to[m] += static_cast<T>(gAdded[6 * k + m]);
}

template <class T>
FEMCRUST_KERNEL void hold_kernel(Index n, const Index* gNodes, const double* gProjectors,
                                 T* gBlocks) {
  const std::size_t k = thread_number();
  if (k >= static_cast<std::size_t>(n)) return;
  T* const block = gBlocks + 6 * static_cast<std::size_t>(gNodes[k]);
  double six[6], held[6];
#pragma unroll
  for (int m = 0; m < 6; ++m) six[m] = static_cast<double>(block[m]);
  held_diagonal(gProjectors + 9 * k, six, held);
#pragma unroll
  for (int m = 0; m < 6; ++m) block[m] = static_cast<T>(held[m]);
}

template <class T>
FEMCRUST_KERNEL void clear_kernel(Index n, const Index* gNodes, T* gBlocks) {
  const std::size_t i = thread_number(), k = i / 6;
  if (k < static_cast<std::size_t>(n) && gNodes[k] >= 0)
    gBlocks[6 * static_cast<std::size_t>(gNodes[k]) + i % 6] = T(0);
}

template <class T>
FEMCRUST_KERNEL void invert_kernel(Index n, T* gBlocks, Index* gIndefinite) {
  const std::size_t k = thread_number();
  if (k >= static_cast<std::size_t>(n)) return;
  double six[6], inverse[6];
#pragma unroll
  for (int m = 0; m < 6; ++m) six[m] = static_cast<double>(gBlocks[6 * k + m]);
  if (!invert_symmetric(six, inverse)) {
    atomicAdd(gIndefinite, 1);
    return;
  }
#pragma unroll
  for (int m = 0; m < 6; ++m) gBlocks[6 * k + m] = static_cast<T>(inverse[m]);
}

template <class T>
void add(Index n, const Index* nodes, const double* added, T* blocks) {
  FEMCRUST_LAUNCH_FREE((add_kernel<T>), blocks_for(n), kThreads, 0, n, nodes, added, blocks);
}
template <class T>
void hold(Index n, const Index* nodes, const double* projectors, T* blocks) {
  FEMCRUST_LAUNCH_FREE((hold_kernel<T>), blocks_for(n), kThreads, 0, n, nodes, projectors, blocks);
}
template <class T>
void clear(Index n, const Index* nodes, T* blocks) {
  FEMCRUST_LAUNCH_FREE((clear_kernel<T>), blocks_for(n, 6), kThreads, 0, n, nodes, blocks);
}
template <class T>
Index invert(Index n_nodes, T* blocks) {
  Index found = 0;
  auto* const indefinite = static_cast<Index*>(device_runtime.allocate(sizeof found));
  device_runtime.fill_zero(indefinite, sizeof found);
  FEMCRUST_LAUNCH_FREE((invert_kernel<T>), blocks_for(n_nodes), kThreads, 0, n_nodes, blocks,
                       indefinite);
  device_runtime.copy_out(&found, indefinite, sizeof found);
  device_runtime.release(indefinite, sizeof found);
  return found;
}

}  // namespace

extern const DiagonalKernels diagonal_kernels;
const DiagonalKernels diagonal_kernels = {
    {add<float>, hold<float>, clear<float>, invert<float>},
    {add<double>, hold<double>, clear<double>, invert<double>}};

}  // namespace femcrust::FEMCRUST_DEVICE
