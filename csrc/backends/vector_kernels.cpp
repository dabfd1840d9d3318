// Compiled with FEMCRUST_ISA = v2, v3, v4 and the matching -march; see vector_kernels.hpp.
#include "backends/vector_kernels.hpp"

#include "core/lanes.hpp"

namespace femcrust::FEMCRUST_ISA {
namespace {

template <class T>
using Stored = typename LevelEntry<T>::Stored;

/// body(i, lane) for i = 0 … n−1, lane = i mod 16.
template <class Body>
FEMCRUST_INLINE void in_lanes(std::size_t n, const Body& body) {
  std::size_t i = 0;
  for (; i + kMostColumns <= n; i += kMostColumns)
    for (std::size_t lane = 0; lane < kMostColumns; ++lane) body(i + lane, lane);
  for (std::size_t lane = 0; i + lane < n; ++lane) body(i + lane, lane);
}

template <class T>
void axpby(std::size_t n, const T* __restrict a, const T* __restrict x, const T* __restrict b,
           T* __restrict y) {
  in_lanes(n, [&](std::size_t i, std::size_t lane) { y[i] = a[lane] * x[i] + b[lane] * y[i]; });
}

template <class T>
void dot(std::size_t n, const T* x, const T* y, double* __restrict sums) {
  double sum[kMostColumns] = {};
  in_lanes(n, [&](std::size_t i, std::size_t lane) {
    sum[lane] += static_cast<double>(x[i]) * static_cast<double>(y[i]);
  });
  for (int lane = 0; lane < kMostColumns; ++lane) sums[lane] = sum[lane];
}

template <class T>
void advance(std::size_t n, const T* __restrict a, const T* __restrict p, const T* __restrict q,
             T* __restrict x, T* __restrict r, double* __restrict sums) {
  double sum[kMostColumns] = {};
  in_lanes(n, [&](std::size_t i, std::size_t lane) {
    x[i] += a[lane] * p[i];
    const T left = r[i] - a[lane] * q[i];
    r[i] = left;
    sum[lane] += static_cast<double>(left) * static_cast<double>(left);
  });
  for (int lane = 0; lane < kMostColumns; ++lane) sums[lane] = sum[lane];
}

template <class T, int B, int W>
void smooth(Index first, Index last, const T* blocks, const T* q, T* __restrict r, T keep, T gain,
            bool start, T* __restrict d, T* __restrict x) {
  constexpr int kRow = B * W;
  for (Index k = first; k < last; ++k) {
    const auto row = static_cast<std::size_t>(k) * B;
    const T* const block = blocks + row * B;
    const std::size_t at = row * W;
    T residual[kRow], old[kRow];
    for (int i = 0; i < kRow; ++i) residual[i] = r[at + i];
    if (q != nullptr) {
      for (int i = 0; i < kRow; ++i) r[at + i] = residual[i] = residual[i] - q[at + i];
    }
    for (int i = 0; i < kRow; ++i) old[i] = keep == T(0) ? T(0) : keep * d[at + i];
    for (int i = 0; i < B; ++i) {
      T sum[W] = {};
      for (int j = 0; j < B; ++j)
        for (int c = 0; c < W; ++c) sum[c] += block[i * B + j] * residual[j * W + c];
      for (int c = 0; c < W; ++c) {
        const T step = old[i * W + c] + gain * sum[c];
        d[at + i * W + c] = step;
        x[at + i * W + c] = start ? step : x[at + i * W + c] + step;
      }
    }
  }
}

/// By way of whole numbers, for which GCC knows one instruction.
template <class T>
FEMCRUST_INLINE Lanes<T, 8> numbers(Lanes<Stored<T>, 8> stored) {
  if constexpr (std::is_same_v<T, Stored<T>>)
    return stored;
  else
    return __builtin_convertvector(__builtin_convertvector(stored, Lanes<std::int32_t, 8>),
                                   Lanes<T, 8>);
}

/// y = A x for one column. Eight lanes are the rows of a block; the last take numbers of what
/// follows, and are dropped. Four would do for blocks of three rows, but GCC makes floats of four
/// 16-bit numbers one by one.
template <class T, int R, int C>
FEMCRUST_INLINE void product_of_one(const LevelRows<T>& a, Index first, Index last,
                                    const T* __restrict x, T* __restrict y) {
  constexpr int kLanes = 8;
  static_assert(kLanes - R <= kBeyondEntries);
  using Rows = Lanes<T, kLanes>;
  for (Index k = first; k < last; ++k) {
    Rows sum = {};
    for (Index entry = a.begin[k]; entry < a.begin[k + 1]; ++entry) {
      const auto* const block = a.entries + static_cast<std::size_t>(entry) * (R * C);
      const T* const v = x + static_cast<std::size_t>(a.columns[entry]) * C;
      for (int j = 0; j < C; ++j) sum += numbers<T>(load<Stored<T>, kLanes>(block + j * R)) * v[j];
    }
    const auto row = static_cast<std::size_t>(k) * R;
    for (int i = 0; i < R; ++i) y[row + i] = a.units[row + i] * sum[i];
  }
}

template <class T, int R, int C, int W>
void product(const LevelRows<T>& a, Index first, Index last, const T* __restrict x,
             T* __restrict y) {
  if constexpr (W == 1) return product_of_one<T, R, C>(a, first, last, x, y);
  for (Index k = first; k < last; ++k) {
    T sum[R * W] = {};
    for (Index entry = a.begin[k]; entry < a.begin[k + 1]; ++entry) {
      const auto* const stored = a.entries + static_cast<std::size_t>(entry) * (R * C);
      const T* const v = x + static_cast<std::size_t>(a.columns[entry]) * (C * W);
      T block[R * C];
      for (int i = 0; i < R * C; ++i) block[i] = static_cast<T>(stored[i]);
      for (int i = 0; i < R; ++i)
        for (int j = 0; j < C; ++j)
          for (int c = 0; c < W; ++c) sum[i * W + c] += block[j * R + i] * v[j * W + c];
    }
    const auto row = static_cast<std::size_t>(k) * R;
    for (int i = 0; i < R; ++i)
      for (int c = 0; c < W; ++c) y[(row + i) * W + c] = a.units[row + i] * sum[i * W + c];
  }
}

#define FEMCRUST_WIDTHS(kernel, ...) \
  {kernel<__VA_ARGS__, 1>, kernel<__VA_ARGS__, 4>, kernel<__VA_ARGS__, 8>, kernel<__VA_ARGS__, 16>}

template <class T>
constexpr VectorTable<T> table() {
  return {axpby<T>,
          dot<T>,
          advance<T>,
          FEMCRUST_WIDTHS(smooth, T, 6),
          {FEMCRUST_WIDTHS(product, T, 3, 3), FEMCRUST_WIDTHS(product, T, 3, 6),
           FEMCRUST_WIDTHS(product, T, 6, 3), FEMCRUST_WIDTHS(product, T, 6, 6)}};
}

}  // namespace

extern const VectorKernels vector_kernels = {table<float>(), table<double>()};

}  // namespace femcrust::FEMCRUST_ISA
