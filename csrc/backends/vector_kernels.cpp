// Compiled with FEMCRUST_ISA = v2, v3, v4 and the matching -march; see vector_kernels.hpp.
#include "backends/vector_kernels.hpp"

namespace femcrust::FEMCRUST_ISA {
namespace {

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

#define FEMCRUST_WIDTHS(kernel, ...) \
  {kernel<__VA_ARGS__, 1>, kernel<__VA_ARGS__, 4>, kernel<__VA_ARGS__, 8>, kernel<__VA_ARGS__, 16>}

template <class T>
constexpr VectorTable<T> table() {
  return {axpby<T>, dot<T>, advance<T>, FEMCRUST_WIDTHS(smooth, T, 6)};
}

}  // namespace

extern const VectorKernels vector_kernels = {table<float>(), table<double>()};

}  // namespace femcrust::FEMCRUST_ISA
