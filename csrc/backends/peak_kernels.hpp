/// What a core of this machine can do at most: fused multiply-adds on registers, nothing else.
/// Rates of kernels are quoted as parts of it.
#pragma once
#include <cstdint>

namespace femcrust {

struct PeakKernels {
  /// Flops of `turns` turns of a loop; `sink` receives a value so that none can be left out.
  std::int64_t (*single)(std::int64_t turns, float* sink);
  std::int64_t (*twofold)(std::int64_t turns, double* sink);
};

namespace v2 {
extern const PeakKernels peak_kernels;
}
namespace v3 {
extern const PeakKernels peak_kernels;
}
namespace v4 {
extern const PeakKernels peak_kernels;
}

}  // namespace femcrust
