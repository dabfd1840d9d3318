/// Forward and backward substitution with a banded L D Lᵀ (cluster_kernels.hpp tells how it lies in
/// memory), for lanes of a processor and for threads of a device.
#pragma once
#include "core/types.hpp"

namespace femcrust {

FEMCRUST_INLINE int first_column(int row, int reach) {
  const int first = 3 * (row / 3 - reach);
  return first < 0 ? 0 : first;
}

/// Solves with L D Lᵀ in y[3 n], in place; entry k of the factors is f(k).
template <class F, class Y>
FEMCRUST_INLINE void substitute(int n, int reach, const F& f, Y y) {
  const int width = 3 * (reach + 1);
  for (int i = 0; i < 3 * n; ++i) {
    const int base = i * width - 3 * (i / 3 - reach);
    auto sum = y[i];
    for (int k = first_column(i, reach); k < i; ++k) sum -= f(base + k) * y[k];
    y[i] = sum;
  }
  for (int i = 0; i < 3 * n; ++i) y[i] *= f(i * width - 3 * (i / 3 - reach) + i);
  for (int i = 3 * n - 1; i > 0; --i) {
    const int base = i * width - 3 * (i / 3 - reach);
    const auto known = y[i];
    for (int k = first_column(i, reach); k < i; ++k) y[k] -= f(base + k) * known;
  }
}

}  // namespace femcrust
