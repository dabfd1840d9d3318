// See level_kernels.hpp. One thread a row.
#include "aggregation/level_kernels.hpp"

#include "aggregation/small_inverse.hpp"
#include "backends/device/launch.cuh"

namespace femcrust::FEMCRUST_DEVICE {
namespace {

constexpr int kThreads = 128;

template <class T, int B>
FEMCRUST_KERNEL void __launch_bounds__(kThreads)
    invert_diagonal(const BlockRows<T> a, Index n, T* gInverse) {
  const std::size_t row = blockIdx.x * std::size_t{kThreads} + threadIdx.x;
  if (row >= static_cast<std::size_t>(n)) return;
  Index low = a.begin[row], high = a.begin[row + 1];
  const Index last = high;
  while (low < high) {
    const Index middle = low + (high - low) / 2;
    if (a.columns[middle] < static_cast<Index>(row))
      low = middle + 1;
    else
      high = middle;
  }
  const bool found = low < last && a.columns[low] == static_cast<Index>(row);
  const T* const from = a.blocks + static_cast<std::size_t>(low) * (B * B);
  double block[B * B];
#pragma unroll
  for (int k = 0; k < B * B; ++k) block[k] = found ? static_cast<double>(from[k]) : 0.0;
  invert_diagonal_block<B>(block);
  constexpr int kStored = B == 3 ? 6 : B * B;
#pragma unroll
  for (int k = 0; k < kStored; ++k) {
    const int place = B != 3 ? k : k < 3 ? 4 * k : k < 5 ? k - 2 : 5;
    gInverse[row * kStored + k] = static_cast<T>(block[place]);
  }
}

template <class T>
void inverse_diagonal(const BlockRows<T>& a, Index n, int block, T* inverse) {
  const auto blocks = static_cast<unsigned>((n + kThreads - 1) / kThreads);
  if (block == 3)
    FEMCRUST_LAUNCH_FREE((invert_diagonal<T, 3>), blocks, kThreads, 0, a, n, inverse);
  else
    FEMCRUST_LAUNCH_FREE((invert_diagonal<T, 6>), blocks, kThreads, 0, a, n, inverse);
}

}  // namespace

extern const LevelKernels level_kernels;
const LevelKernels level_kernels = {{inverse_diagonal<float>}, {inverse_diagonal<double>}};

}  // namespace femcrust::FEMCRUST_DEVICE
