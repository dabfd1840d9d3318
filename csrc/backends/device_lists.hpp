/// Sums over all before, and items sorted into lists by a key, on a device: what the structure of
/// sparse matrices is made of. Integers only, so every outcome has one value, whatever the order.
#pragma once
#include "backends/cuda.hpp"
#include "backends/list_kernels.hpp"

namespace femcrust {

inline const DeviceListKernels& list_kernels() {
  return FEMCRUST_FOR_THIS_DEVICE(list_kernels);
}

/// begin[i + 1] holds the count of row i: make it the end of row i. Returns the last.
inline Index accumulate_counts(DeviceArray<Index>& begin) {
  const std::int64_t sum = list_kernels().accumulate(begin.size(), begin.data());
  require(sum <= INT32_MAX, "a level of the multigrid has too many entries");
  return static_cast<Index>(sum);
}

/// Items 0, 1, … by their keys: list k has items[begin[k]] … items[begin[k + 1]], ascending.
struct DeviceLists {
  DeviceArray<Index> begin, items;

  DeviceLists() = default;
  /// keys: [n], below n_lists; below 0: in no list
  DeviceLists(Index n, const Index* keys, Index n_lists)
      : begin(static_cast<std::size_t>(n_lists) + 1) {
    const DeviceListKernels& kernels = list_kernels();
    kernels.count(n, keys, begin.data() + 1);
    items = DeviceArray<Index>(static_cast<std::size_t>(accumulate_counts(begin)));
    DeviceArray<Index> next(begin.size()), unsorted(items.size());
    Cuda::runtime().copy(next.data(), begin.data(), begin.size() * sizeof(Index));
    kernels.fill(n, keys, next.data(), unsorted.data());
    kernels.sort(n_lists, begin.data(), unsorted.data(), items.data());
  }
};

}  // namespace femcrust
