/// Inverses of the diagonal blocks of a level, for its smoother and for smoothing prolongation.
#pragma once
#include "aggregation/block_csr.hpp"
#include "aggregation/small_inverse.hpp"

namespace femcrust {

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
