// Compiled with FEMCRUST_ISA = v2, v3, v4 and the matching -march; see product_kernels.hpp.
#include "aggregation/product_kernels.hpp"

#include "core/lanes.hpp"

namespace femcrust::FEMCRUST_ISA {
namespace {

#if defined(__AVX512F__)
constexpr int kWidth = 8;  // lanes of one register
#elif defined(__AVX__)
constexpr int kWidth = 4;
#else
constexpr int kWidth = 2;
#endif
constexpr int kPieces = (kModes + kWidth - 1) / kWidth;  // registers of a row of six
using Sums = Lanes<double, kWidth>;

template <class T, int R, int K>
void add_row(Index n, const Index* columns, const T* left, const SparseRows<T>& right, Index from,
             const RowSum& sum) {
  for (Index k = 0; k < n; ++k) {
    double a[R * K];
    for (int i = 0; i < R * K; ++i)
      a[i] = static_cast<double>(left[static_cast<std::size_t>(k) * (R * K) + i]);
    Index entry = right.begin[columns[k]];
    const Index last = right.begin[columns[k] + 1];
    while (entry < last && right.columns[entry] < from) ++entry;
    for (; entry < last; ++entry) {
      const T* const b = right.blocks + static_cast<std::size_t>(entry) * (K * kModes);
      double* const to =
          sum.sums + static_cast<std::size_t>(sum.place[right.columns[entry]]) * (R * kModeLanes);
      for (int piece = 0; piece < kPieces; ++piece) {
        const int lane = piece * kWidth;
        Sums values[K];
        for (int j = 0; j < K; ++j)
          for (int m = 0; m < kWidth; ++m)
            values[j][m] = static_cast<double>(b[j * kModes + lane + m]);
        for (int i = 0; i < R; ++i) {
          Sums total = load<double, kWidth>(to + i * kModeLanes + lane);
          for (int j = 0; j < K; ++j) total += a[i * K + j] * values[j];
          store<double, kWidth>(to + i * kModeLanes + lane, total);
        }
      }
    }
  }
}

template <class T>
void round(std::size_t n, const double* __restrict sums, T* __restrict to) {
  for (std::size_t k = 0; k < n; ++k)
    for (int m = 0; m < kModes; ++m) to[k * kModes + m] = static_cast<T>(sums[k * kModeLanes + m]);
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
  return {
      {add_row<T, 3, 3>, add_row<T, 6, 3>, add_row<T, 6, 6>}, round<T>, {apply<T, 3>, apply<T, 6>}};
}

}  // namespace

extern const ProductKernels product_kernels = {table<float>(), table<double>(), subtract};

}  // namespace femcrust::FEMCRUST_ISA
