/// Inverses of the diagonal blocks of a level, for its smoother and for smoothing prolongation.
#pragma once
#include "aggregation/block_csr.hpp"
#include "aggregation/small_inverse.hpp"
#include "comm/halo.hpp"

namespace femcrust {

/// The diagonal blocks of rows that ranks share, summed over them: [halo's nodes][B][B]
template <class T>
Array<double> shared_diagonal(const BlockCsr<T>& a, const Halo& halo) {
  Array<double> blocks(halo.nodes().size() * a.per_block());
  for (std::size_t k = 0; k < halo.nodes().size(); ++k) {
    const Index entry = a.diagonal(halo.nodes()[k]);
    if (entry >= 0) std::copy_n(a.block(entry), a.per_block(), blocks.data() + k * a.per_block());
  }
  halo.sum(a.per_block(), blocks.data());
  return blocks;
}

/// [n_rows][B][B];  halo: of the rows, or null where there is one rank
template <class T>
Array<T> inverse_diagonal(const BlockCsr<T>& a, const Halo* halo = nullptr) {
  const Index n = a.n_rows();
  Array<T> inverse(static_cast<std::size_t>(n) * a.per_block());
  Array<double> shared;
  if (halo != nullptr) shared = shared_diagonal(a, *halo);
#pragma omp parallel for schedule(static)
  for (Index i = 0; i < n; ++i) {
    double block[kModes * kModes] = {};
    const Index entry = a.diagonal(i);
    if (entry >= 0) std::copy(a.block(entry), a.block(entry) + a.per_block(), block);
    if (halo != nullptr) {
      const std::size_t place = halo->place(i);
      if (place < halo->nodes().size() && halo->nodes()[place] == i)
        std::copy_n(shared.data() + place * a.per_block(), a.per_block(), block);
    }
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
