/// The coarsest matrix solved once and for all: its dense inverse, by symmetric Gauss–Jordan
/// elimination. Modes that boundaries hold leave zero rows, and the inverse is zero there.
#pragma once
#include <vector>

#include "aggregation/block_csr.hpp"

namespace femcrust {

/// Inverse of a symmetric positive semidefinite matrix on the rows whose pivot is above `dependent`
/// times their diagonal; zero on the others. a: [n][n], replaced
inline void invert_semidefinite(const Cpu& cpu, std::vector<double>& a, std::size_t n,
                                double dependent) {
  std::vector<double> scale(n, 0.0), row(n);
  const auto at = [&](std::size_t i) { return a.data() + i * n; };
  for (std::size_t i = 0; i < n; ++i)
    if (at(i)[i] > 0) scale[i] = 1 / std::sqrt(at(i)[i]);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j) at(i)[j] *= scale[i] * scale[j];
  std::vector<char> used(n, 0);
  const auto subtract = FEMCRUST_FOR_THIS_CPU(product_kernels).subtract;
  for (std::size_t k = 0; k < n; ++k) {
    const double pivot = at(k)[k];
    if (!(pivot > dependent)) continue;
    used[k] = 1;
    for (std::size_t j = 0; j < n; ++j) row[j] = at(k)[j] / pivot;
    row[k] = 1 / pivot;
    cpu.for_ranges(static_cast<Index>(n), 32, [&](Index first, Index last) {
      for (auto i = static_cast<std::size_t>(first); i < static_cast<std::size_t>(last); ++i) {
        if (i == k) continue;
        const double factor = at(i)[k];
        if (factor == 0) continue;
        at(i)[k] = 0;
        subtract(n, factor, row.data(), at(i));
      }
    });
    std::copy(row.begin(), row.end(), at(k));
  }
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j <= i; ++j) {
      const double mean =
          used[i] && used[j] ? (at(i)[j] + at(j)[i]) / 2 * scale[i] * scale[j] : 0.0;
      at(i)[j] = at(j)[i] = mean;
    }
}

/// [size][size] of a block matrix
template <class T>
std::vector<T> dense_inverse(const Cpu& cpu, const BlockCsr<T>& a) {
  // A pivot below the rounding of the stored values says nothing.
  constexpr double kDependent = sizeof(T) == sizeof(float) ? 1e-7 : 1e-12;
  const std::size_t n = a.size(), b = static_cast<std::size_t>(a.block_rows);
  std::vector<double> dense(n * n, 0.0);
  for (Index i = 0; i < a.n_rows(); ++i)
    for (Index e = a.first(i); e < a.last(i); ++e)
      for (std::size_t k = 0; k < b * b; ++k)
        dense[(static_cast<std::size_t>(i) * b + k / b) * n +
              static_cast<std::size_t>(a.column(e)) * b + k % b] =
            static_cast<double>(a.block(e)[k]);
  invert_semidefinite(cpu, dense, n, kDependent);
  return {dense.begin(), dense.end()};
}

}  // namespace femcrust
