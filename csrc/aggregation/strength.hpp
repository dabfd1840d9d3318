/// Which couplings of a block matrix are strong: ‖A_ij‖ ≥ θ √(‖A_ii‖ ‖A_jj‖) in the Frobenius
/// norm [VanekMandelBrezina96, eq. 2.1]. What is weak does not join an aggregate, so that sharp
/// contrasts of modulus stay apart.
#pragma once
#include <vector>

#include "aggregation/block_csr.hpp"

namespace femcrust {

/// For each entry whether it is a strong coupling of two different rows.
template <class T>
std::vector<char> strong_couplings(const BlockCsr<T>& a, double theta) {
  const Index n = a.n_rows();
  const auto square = [&](Index entry) {
    const T* const block = a.block(entry);
    double sum = 0;
    for (std::size_t k = 0; k < a.per_block(); ++k)
      sum += static_cast<double>(block[k]) * static_cast<double>(block[k]);
    return sum;
  };
  std::vector<double> size(static_cast<std::size_t>(n), 0.0);  // ‖A_ii‖
  std::vector<char> strong(a.columns.size(), 0);
#pragma omp parallel
  {
#pragma omp for schedule(static)
    for (Index i = 0; i < n; ++i) {
      const Index entry = a.diagonal(i);
      if (entry >= 0) size[static_cast<std::size_t>(i)] = std::sqrt(square(entry));
    }
#pragma omp for schedule(static)
    for (Index i = 0; i < n; ++i)
      for (Index e = a.first(i); e < a.last(i); ++e) {
        const Index j = a.column(e);
        const double own = square(e);
        strong[static_cast<std::size_t>(e)] = j != i && own > 0 &&
                                              own >= theta * theta *
                                                         size[static_cast<std::size_t>(i)] *
                                                         size[static_cast<std::size_t>(j)];
      }
  }
  return strong;
}

}  // namespace femcrust
