/// Launchers behind device_lists.hpp.
#pragma once
#include "core/types.hpp"

namespace femcrust {

struct DeviceListKernels {
  /// values[i] = Σ_{j≤i} values[j]; returns the last, which may exceed what an Index holds.
  std::int64_t (*accumulate)(std::size_t n, Index* values);
  /// ++counts[keys[i]]; keys below 0 count nowhere.
  void (*count)(Index n, const Index* keys, Index* counts);
  /// Each item i to some place of its list: items[begin[keys[i]] …]. next: begin, used up
  void (*fill)(Index n, const Index* keys, Index* next, Index* items);
  /// The items of each list in ascending order; all differ. sorted: another array
  void (*sort)(Index n_lists, const Index* begin, const Index* items, Index* sorted);
  /// items[i] /= 2
  void (*halve)(std::size_t n, Index* items);
};

namespace cuda {
extern const DeviceListKernels list_kernels;
}
namespace emulated {
extern const DeviceListKernels list_kernels;
}

}  // namespace femcrust
