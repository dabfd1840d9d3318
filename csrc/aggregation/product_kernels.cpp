// Compiled with FEMCRUST_ISA = v2, v3, v4 and the matching -march; see product_kernels.hpp.
#include "aggregation/product_kernels.hpp"

#include "core/lanes.hpp"

namespace femcrust::FEMCRUST_ISA {
namespace {

using Sums = Lanes<double, kModeLanes>;

template <class T, int R, int K>
void add_row(Index n, const Index* columns, const T* left, const SparseRows<T>& right,
             RowSum& sum) {
  for (Index k = 0; k < n; ++k) {
    const T* const a = left + static_cast<std::size_t>(k) * (R * K);
    const Index row = columns[k];
    for (Index entry = right.begin[row]; entry < right.begin[row + 1]; ++entry) {
      const T* const b = right.blocks + static_cast<std::size_t>(entry) * (K * kModes);
      Sums values[K];
      for (int j = 0; j < K; ++j)
        values[j] = __builtin_convertvector((load<T, kModeLanes>(b + j * kModes)), Sums);
      Index& place = sum.place[right.columns[entry]];
      const bool first = place < 0;
      if (first) {
        place = sum.count++;
        sum.columns[place] = right.columns[entry];
      }
      double* const to = sum.sums + static_cast<std::size_t>(place) * (R * kModeLanes);
      for (int i = 0; i < R; ++i) {
        Sums total = {};
        if (!first) total = load<double, kModeLanes>(to + i * kModeLanes);
        for (int j = 0; j < K; ++j) total += static_cast<double>(a[i * K + j]) * values[j];
        store<double, kModeLanes>(to + i * kModeLanes, total);
      }
    }
  }
}

template <class T, int B>
void apply(Index first, Index last, const SparseRows<T>& a, const double* x, double* y) {
  for (Index row = first; row < last; ++row) {
    double sum[B] = {};
    for (Index entry = a.begin[row]; entry < a.begin[row + 1]; ++entry) {
      const T* const block = a.blocks + static_cast<std::size_t>(entry) * (B * B);
      const double* const v = x + static_cast<std::size_t>(a.columns[entry]) * B;
      for (int i = 0; i < B; ++i)
        for (int j = 0; j < B; ++j) sum[i] += static_cast<double>(block[i * B + j]) * v[j];
    }
    for (int i = 0; i < B; ++i) y[static_cast<std::size_t>(row) * B + i] = sum[i];
  }
}

void subtract(std::size_t n, double factor, const double* __restrict row, double* __restrict to) {
  for (std::size_t k = 0; k < n; ++k) to[k] -= factor * row[k];
}

template <class T>
constexpr ProductTable<T> table() {
  return {{add_row<T, 3, 3>, add_row<T, 6, 3>, add_row<T, 6, 6>}, {apply<T, 3>, apply<T, 6>}};
}

}  // namespace

extern const ProductKernels product_kernels = {table<float>(), table<double>(), subtract};

}  // namespace femcrust::FEMCRUST_ISA
