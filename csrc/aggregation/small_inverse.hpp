/// Inverses of dense symmetric blocks of a level, the same on the host and on a device.
#pragma once
#include "core/types.hpp"

namespace femcrust {

/// Inverse of a dense symmetric positive definite block, in place, by Gauss–Jordan; false when the
/// block is not positive definite.
template <int B>
FEMCRUST_INLINE bool invert_block(double* a) {
  FEMCRUST_UNROLL(6)
  for (int k = 0; k < B; ++k) {
    const double pivot = a[k * B + k];
    if (!(pivot > 0)) return false;
    FEMCRUST_UNROLL(6)
    for (int j = 0; j < B; ++j) a[k * B + j] = j == k ? 1 / pivot : a[k * B + j] / pivot;
    FEMCRUST_UNROLL(6)
    for (int i = 0; i < B; ++i) {
      if (i == k) continue;
      const double factor = a[i * B + k];
      FEMCRUST_UNROLL(6)
      for (int j = 0; j < B; ++j)
        a[i * B + j] = (j == k ? 0.0 : a[i * B + j]) - factor * a[k * B + j];
    }
  }
  return true;
}

/// In place; a row without an entry (a mode that vanishes on its aggregate, a vertex of no element)
/// takes the mean of the others, so that the block stays invertible: what is there never couples.
template <int B>
FEMCRUST_INLINE void invert_diagonal_block(double* block) {
  constexpr double kEmpty = 1e-12;  // of the mean
  double mean = 0;
  FEMCRUST_UNROLL(6)
  for (int r = 0; r < B; ++r) mean += block[r * (B + 1)] / B;
  double diagonal[B];
  FEMCRUST_UNROLL(6)
  for (int r = 0; r < B; ++r) {
    double& own = block[r * (B + 1)];
    if (!(own > kEmpty * mean)) own = mean > 0 ? mean : 1.0;
    diagonal[r] = own;
  }
  if (invert_block<B>(block)) return;
  // Rounding made a nearly singular block indefinite: its diagonal alone is positive.
  FEMCRUST_UNROLL(36)
  for (int k = 0; k < B * B; ++k) block[k] = k % (B + 1) == 0 ? 1 / diagonal[k / (B + 1)] : 0.0;
}

}  // namespace femcrust
