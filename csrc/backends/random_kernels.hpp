/// Steps of xorshift with shifts of 13, 17 and 5, one by one and many at once, and launchers of the
/// latter; see random_values.hpp.
#pragma once
#include "core/types.hpp"

namespace femcrust {

constexpr std::uint32_t kRandomSeed = 2463534242U;  // any seed but zero serves

constexpr std::uint32_t random_step(std::uint32_t x) {
  x ^= x << 13;
  x ^= x >> 17;
  return x ^ x << 5;
}
/// Of a state, between −½ and ½.
FEMCRUST_INLINE double random_value(std::uint32_t state) {
  return static_cast<double>(state) / 4294967296.0 - 0.5;
}

/// 32×32 bits, column by column.
struct BitMatrix {
  std::uint32_t column[32];

  FEMCRUST_HD std::uint32_t operator()(std::uint32_t x) const {
    std::uint32_t y = 0;
    FEMCRUST_UNROLL(32)
    for (int b = 0; b < 32; ++b) y ^= column[b] & (0U - (x >> b & 1U));
    return y;
  }
};

struct RandomKernels {
  /// states[m + i] = A states[i], i < n
  void (*advance)(const BitMatrix& a, std::size_t m, std::size_t n, std::uint32_t* states);
  void (*to_single)(std::size_t n, const std::uint32_t* states, float* values);
  void (*to_double)(std::size_t n, const std::uint32_t* states, double* values);
};

namespace cuda {
extern const RandomKernels random_kernels;
}
namespace emulated {
extern const RandomKernels random_kernels;
}

}  // namespace femcrust
