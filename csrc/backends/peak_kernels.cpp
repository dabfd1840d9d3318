// Compiled with FEMCRUST_ISA = v2, v3, v4 and the matching -march; see peak_kernels.hpp.
#include "backends/peak_kernels.hpp"

#include "core/lanes.hpp"

namespace femcrust::FEMCRUST_ISA {
namespace {

/// Twelve chains of dependent multiply-adds keep every pipe of known processors full.
template <class T>
std::int64_t multiply_adds(std::int64_t turns, T* sink) {
  constexpr int kChains = 12, N = kVectorBytes / static_cast<int>(sizeof(T));
  using V = Lanes<T, N>;
  V sum[kChains];
  const V factor = V{} + *sink, term = V{} + T(1e-3) * *sink;
  for (int k = 0; k < kChains; ++k) sum[k] = V{} + T(k);
  for (std::int64_t turn = 0; turn < turns; ++turn) {
#pragma GCC unroll 12
    for (int k = 0; k < kChains; ++k) sum[k] = sum[k] * factor + term;
  }
  V total = {};
  for (int k = 0; k < kChains; ++k) total += sum[k];
  for (int i = 0; i < N; ++i) *sink += total[i];
  return turns * kChains * N * 2;
}

}  // namespace

extern const PeakKernels peak_kernels = {multiply_adds<float>, multiply_adds<double>};

}  // namespace femcrust::FEMCRUST_ISA
