// See random_values.hpp.
#include "backends/device/launch.cuh"
#include "backends/random_kernels.hpp"

namespace femcrust::FEMCRUST_DEVICE {
namespace {

constexpr int kThreads = 256;

unsigned blocks_for(std::size_t n) {
  return static_cast<unsigned>((n + kThreads - 1) / kThreads);
}

FEMCRUST_KERNEL void advance_kernel(const __grid_constant__ BitMatrix a, std::size_t m,
                                    std::size_t n, std::uint32_t* gStates) {
  const std::size_t i = blockIdx.x * std::size_t{kThreads} + threadIdx.x;
  if (i < n) gStates[m + i] = a(gStates[i]);
}
void advance(const BitMatrix& a, std::size_t m, std::size_t n, std::uint32_t* states) {
  FEMCRUST_LAUNCH_FREE((advance_kernel), blocks_for(n), kThreads, 0, a, m, n, states);
}

template <class T>
FEMCRUST_KERNEL void values_kernel(std::size_t n, const std::uint32_t* gStates, T* gValues) {
  const std::size_t i = blockIdx.x * std::size_t{kThreads} + threadIdx.x;
  if (i < n) gValues[i] = static_cast<T>(random_value(gStates[i]));
}
template <class T>
void to_values(std::size_t n, const std::uint32_t* states, T* values) {
  FEMCRUST_LAUNCH_FREE((values_kernel<T>), blocks_for(n), kThreads, 0, n, states, values);
}

}  // namespace

extern const RandomKernels random_kernels;
const RandomKernels random_kernels = {advance, to_values<float>, to_values<double>};

}  // namespace femcrust::FEMCRUST_DEVICE
