// Compiled with FEMCRUST_ISA = v2, v3, v4 and the matching -march; see vector_kernels.hpp.
#include "backends/vector_kernels.hpp"

namespace femcrust::FEMCRUST_ISA {
namespace {

template <class T>
void axpby(std::size_t n, T a, const T* __restrict x, T b, T* __restrict y) {
  if (b == T(0)) {
    for (std::size_t i = 0; i < n; ++i) y[i] = a * x[i];
  } else {
    for (std::size_t i = 0; i < n; ++i) y[i] = a * x[i] + b * y[i];
  }
}

template <class T>
double dot(std::size_t n, const T* x, const T* y) {
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) sum += static_cast<double>(x[i]) * static_cast<double>(y[i]);
  return sum;
}

template <class T, int B>
void scale(Index first, Index last, const T* blocks, const T* r, T* z) {
  for (Index k = first; k < last; ++k) {
    const auto row = static_cast<std::size_t>(k) * B;
    const T* const block = blocks + row * B;
    for (int i = 0; i < B; ++i) {
      T sum = 0;
      for (int j = 0; j < B; ++j) sum += block[i * B + j] * r[row + j];
      z[row + i] = sum;
    }
  }
}

template <class T, int B>
void smooth(Index first, Index last, const T* blocks, const T* q, T* r, T keep, T gain, T* d,
            T* x) {
  for (Index k = first; k < last; ++k) {
    const auto row = static_cast<std::size_t>(k) * B;
    const T* const block = blocks + row * B;
    T residual[B];
    for (int i = 0; i < B; ++i) residual[i] = r[row + i];
    if (q != nullptr) {
      for (int i = 0; i < B; ++i) r[row + i] = residual[i] = residual[i] - q[row + i];
    }
    for (int i = 0; i < B; ++i) {
      T sum = 0;
      for (int j = 0; j < B; ++j) sum += block[i * B + j] * residual[j];
      const T step = (keep == T(0) ? T(0) : keep * d[row + i]) + gain * sum;
      d[row + i] = step;
      x[row + i] += step;
    }
  }
}

template <class T, int R, int C>
void product(const BlockRows<T>& a, Index first, Index last, const T* x, Store how, T* y) {
  for (Index k = first; k < last; ++k) {
    T sum[R] = {};
    for (Index entry = a.begin[k]; entry < a.begin[k + 1]; ++entry) {
      const T* const block = a.blocks + static_cast<std::size_t>(entry) * (R * C);
      const T* const v = x + static_cast<std::size_t>(a.columns[entry]) * C;
      for (int i = 0; i < R; ++i)
        for (int j = 0; j < C; ++j) sum[i] += block[i * C + j] * v[j];
    }
    T* const out = y + static_cast<std::size_t>(a.rows == nullptr ? k : a.rows[k]) * R;
    for (int i = 0; i < R; ++i)
      out[i] = how == Store::set ? sum[i] : how == Store::add ? out[i] + sum[i] : out[i] - sum[i];
  }
}

template <class T>
constexpr VectorTable<T> table() {
  return {axpby<T>,
          dot<T>,
          {scale<T, 3>, scale<T, 6>},
          {smooth<T, 3>, smooth<T, 6>},
          {product<T, 3, 3>, product<T, 3, 6>, product<T, 6, 3>, product<T, 6, 6>}};
}

}  // namespace

extern const VectorKernels vector_kernels = {table<float>(), table<double>()};

}  // namespace femcrust::FEMCRUST_ISA
