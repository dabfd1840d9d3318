/// Inverses of the diagonal blocks of a level, for its smoother and for smoothing prolongation.
#pragma once
#include "aggregation/block_csr.hpp"
#include "operators/diagonal_blocks.hpp"

namespace femcrust {

/// Inverse of a dense symmetric positive definite block, in place, by Gauss–Jordan; false when the
/// block is not positive definite.
template <int B>
inline bool invert_block(double* a) {
  for (int k = 0; k < B; ++k) {
    const double pivot = a[k * B + k];
    if (!(pivot > 0)) return false;
    for (int j = 0; j < B; ++j) a[k * B + j] = j == k ? 1 / pivot : a[k * B + j] / pivot;
    for (int i = 0; i < B; ++i) {
      if (i == k) continue;
      const double factor = a[i * B + k];
      for (int j = 0; j < B; ++j)
        a[i * B + j] = (j == k ? 0.0 : a[i * B + j]) - factor * a[k * B + j];
    }
  }
  return true;
}

/// In place; a row without an entry (a mode that vanishes on its aggregate, a vertex of no element)
/// takes the mean of the others, so that the block stays invertible: what is there never couples.
template <int B>
void invert_diagonal_block(double* block) {
  constexpr double kEmpty = 1e-12;  // of the mean
  double mean = 0;
  for (int r = 0; r < B; ++r) mean += block[r * (B + 1)] / B;
  for (int r = 0; r < B; ++r)
    if (!(block[r * (B + 1)] > kEmpty * mean)) block[r * (B + 1)] = mean > 0 ? mean : 1.0;
  double diagonal[B];
  for (int r = 0; r < B; ++r) diagonal[r] = block[r * (B + 1)];
  if (invert_block<B>(block)) return;
  // Rounding made a nearly singular block indefinite: its diagonal alone is positive.
  std::fill(block, block + B * B, 0.0);
  for (int r = 0; r < B; ++r) block[r * (B + 1)] = 1 / diagonal[r];
}

/// [n_rows][B][B]
template <class T>
Array<T> inverse_diagonal(const BlockCsr<T>& a) {
  const Index n = a.n_rows();
  Array<T> inverse(static_cast<std::size_t>(n) * a.per_block());
#pragma omp parallel for schedule(static)
  for (Index i = 0; i < n; ++i) {
    double block[kModes * kModes] = {};
    const Index entry = a.diagonal(i);
    if (entry >= 0) std::copy(a.block(entry), a.block(entry) + a.per_block(), block);
    if (a.block_rows == 3)
      invert_diagonal_block<3>(block);
    else
      invert_diagonal_block<kModes>(block);
    T* const to = inverse.data() + static_cast<std::size_t>(i) * a.per_block();
    for (std::size_t k = 0; k < a.per_block(); ++k) to[k] = static_cast<T>(block[k]);
  }
  return inverse;
}

/// Blocks as the smoother takes them: six values xx, yy, zz, xy, xz, yz for 3×3, else as they are.
template <class T>
Array<T> smoother_blocks(Array<T> inverse, int block_rows) {
  if (block_rows != 3) return inverse;
  constexpr int kPlace[6] = {0, 4, 8, 1, 2, 5};
  Array<T> six(inverse.size() / 9 * 6);
  for (std::size_t k = 0; k < six.size(); ++k) six[k] = inverse[k / 6 * 9 + kPlace[k % 6]];
  return six;
}

}  // namespace femcrust
