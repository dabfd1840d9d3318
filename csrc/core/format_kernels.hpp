/// Whole vectors into a storage format and back, compiled once for each instruction set.
#pragma once
#include "core/types.hpp"

namespace femcrust {

struct FormatKernels {
  const char* name;
  std::size_t words, word_bytes, real_bytes;  // words of a node; sizes of a Word and a Real
  double roundoff, largest, smallest_normal;  // see core/formats.hpp
  /// `words` are [n_nodes][kWords] Words of the format, `values` [n_nodes][3] Reals.
  void (*store)(std::size_t n_nodes, const void* values, void* words);
  void (*load)(std::size_t n_nodes, const void* words, void* values);
};

constexpr int kFormats = 6;

namespace v2 {
extern const FormatKernels format_kernels[kFormats];
}
namespace v3 {
extern const FormatKernels format_kernels[kFormats];
}
namespace v4 {
extern const FormatKernels format_kernels[kFormats];
}

}  // namespace femcrust
