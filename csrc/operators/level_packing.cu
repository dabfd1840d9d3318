// See level_packing.hpp. One warp a row of blocks, whose rows of numbers it takes in turn.
#include "operators/level_packing.hpp"

#include "backends/device/launch.cuh"

namespace femcrust::FEMCRUST_DEVICE {
namespace {

constexpr int kThreads = 128;

/// Row r of numbers of the R×C blocks in a row of blocks.
template <class T, int R, int C>
struct RowOfNumbers {
  Index count;
  const T* from;
  typename LevelEntry<T>::Stored* to;

  __device__ RowOfNumbers(const Packing<T>& packing, std::size_t row, int r) {
    const auto first = static_cast<std::size_t>(packing.begin[row]) * (R * C);
    count = (packing.begin[row + 1] - packing.begin[row]) * C;
    from = packing.blocks + first + r * C;
    to = packing.stored + first + r;
  }
  __device__ T number(Index k) const {
    return from[static_cast<std::size_t>(k / C) * (R * C) + static_cast<std::size_t>(k % C)];
  }
  __device__ void keep(Index k, T per) const {
    to[static_cast<std::size_t>(k) * R] = LevelEntry<T>::stored(number(k), per);
  }
};

template <class T, int R, int C>
FEMCRUST_KERNEL void __launch_bounds__(kThreads) pack_kernel(const Packing<T> packing, Index n) {
  using Entry = LevelEntry<T>;
  const std::size_t row = (blockIdx.x * std::size_t{kThreads} + threadIdx.x) / kWarp;
  const auto lane = static_cast<Index>(threadIdx.x % kWarp);
  if (row >= static_cast<std::size_t>(n)) return;
  for (int r = 0; r < R; ++r) {
    const RowOfNumbers<T, R, C> numbers(packing, row, r);
    std::uint32_t largest = 0;
#pragma unroll 1  // rows are short
    for (Index k = lane; k < numbers.count; k += kWarp) {
      const std::uint32_t magnitude = Entry::magnitude(numbers.number(k));
      largest = magnitude > largest ? magnitude : largest;
    }
#pragma unroll
    for (int lanes = kWarp / 2; lanes > 0; lanes /= 2) {
      const std::uint32_t theirs = __shfl_xor_sync(kFullWarp, largest, lanes);
      largest = theirs > largest ? theirs : largest;
    }
    const T per = Entry::per_unit(largest);
#pragma unroll 1
    for (Index k = lane; k < numbers.count; k += kWarp) numbers.keep(k, per);
    if (lane == 0) packing.units[row * R + r] = Entry::unit(largest);
  }
}

template <class T, int R, int C>
void pack_on_device(const Packing<T>& packing, Index n) {
  const std::size_t threads = static_cast<std::size_t>(n) * kWarp;
  FEMCRUST_LAUNCH((pack_kernel<T, R, C>),
                  static_cast<unsigned>((threads + kThreads - 1) / kThreads), kThreads, 0, packing,
                  n);
}

}  // namespace

#define FEMCRUST_BLOCKS(T)                                                    \
  {pack_on_device<T, 3, 3>, pack_on_device<T, 3, 6>, pack_on_device<T, 6, 3>, \
   pack_on_device<T, 6, 6>}
extern const PackingKernels packing_kernels;
const PackingKernels packing_kernels = {FEMCRUST_BLOCKS(float), FEMCRUST_BLOCKS(double)};

}  // namespace femcrust::FEMCRUST_DEVICE
