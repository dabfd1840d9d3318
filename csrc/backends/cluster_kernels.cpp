// Compiled with FEMCRUST_ISA = v2, v3, v4 and the matching -march; see cluster_kernels.hpp.
#include "backends/cluster_kernels.hpp"

#include "core/lanes.hpp"

namespace femcrust::FEMCRUST_ISA {
namespace {

constexpr int kLanes = kClusterLanes;

int first_column(int row, int reach) {
  const int first = 3 * (row / 3 - reach);
  return first < 0 ? 0 : first;
}

int factor(const ClusterBatch<double>& batch) {
  using V = Lanes<double, kLanes>;
  const int width = 3 * (batch.reach + 1);
  const auto entry = [&](int i, int j) {
    return batch.factors +
           static_cast<std::size_t>(i * width + j - 3 * (i / 3 - batch.reach)) * kLanes;
  };
  int positive = 1;
  V scaled[3 * (kMostReach + 1)];  // row i of L D
  for (int i = 0; i < 3 * batch.n; ++i) {
    const int first = first_column(i, batch.reach);
    V pivot = load<double, kLanes>(entry(i, i));
    for (int j = first; j < i; ++j) {
      V sum = load<double, kLanes>(entry(i, j));
      for (int k = first > first_column(j, batch.reach) ? first : first_column(j, batch.reach);
           k < j; ++k)
        sum -= scaled[k - first] * load<double, kLanes>(entry(j, k));
      scaled[j - first] = sum;
      const V l = sum * load<double, kLanes>(entry(j, j));
      store<double, kLanes>(entry(i, j), l);
      pivot -= sum * l;
    }
    for (int lane = 0; lane < kLanes; ++lane) positive &= pivot[lane] > 0 ? 1 : 0;
    store<double, kLanes>(entry(i, i), 1 / pivot);
  }
  return positive;
}

/// Solves with L D Lᵀ in y, in place: V is one value a cluster of a batch, or one a column of one
/// cluster; entry k of the factors is F(k).
template <class V, class F>
FEMCRUST_INLINE void substitute(int n, int reach, const F& f, V* y) {
  const int width = 3 * (reach + 1);
  for (int i = 0; i < 3 * n; ++i) {
    const int base = i * width - 3 * (i / 3 - reach);
    V sum = y[i];
    for (int k = first_column(i, reach); k < i; ++k) sum -= f(base + k) * y[k];
    y[i] = sum;
  }
  for (int i = 0; i < 3 * n; ++i) y[i] *= f(i * width - 3 * (i / 3 - reach) + i);
  for (int i = 3 * n - 1; i > 0; --i) {
    const int base = i * width - 3 * (i / 3 - reach);
    const V known = y[i];
    for (int k = first_column(i, reach); k < i; ++k) y[k] -= f(base + k) * known;
  }
}

/// One right-hand side: lanes are clusters.
template <class T>
void add_one(const ClusterBatch<const T>& batch, const T* r, T gain, T* d, T* x) {
  using V = Lanes<T, kLanes>;
  V y[3 * kMostInCluster];
  T* const flat = reinterpret_cast<T*>(y);
  for (int k = 0; k < batch.n; ++k)
    for (int lane = 0; lane < kLanes; ++lane) {
      const Index node = batch.nodes[k * kLanes + lane];
      const T* const from = r + 3 * static_cast<std::size_t>(node < 0 ? 0 : node);
      for (int c = 0; c < 3; ++c) flat[(3 * k + c) * kLanes + lane] = node < 0 ? T(0) : from[c];
    }
  substitute<V>(
      batch.n, batch.reach,
      [&](int k) { return load<T, kLanes>(batch.factors + static_cast<std::size_t>(k) * kLanes); },
      y);
  for (int k = 0; k < batch.n; ++k)
    for (int lane = 0; lane < kLanes; ++lane) {
      const Index node = batch.nodes[k * kLanes + lane];
      if (node < 0) continue;
      const std::size_t to = 3 * static_cast<std::size_t>(node);
      for (int c = 0; c < 3; ++c) {
        const T step = gain * flat[(3 * k + c) * kLanes + lane];
        d[to + static_cast<std::size_t>(c)] += step;
        if (x != nullptr) x[to + static_cast<std::size_t>(c)] += step;
      }
    }
}

/// R right-hand sides: lanes are columns, one cluster at a time.
template <class T, int R>
void add_columns(const ClusterBatch<const T>& batch, const T* r, T gain, T* d, T* x) {
  using V = Lanes<T, R>;
  V y[3 * kMostInCluster];
  for (int lane = 0; lane < kLanes; ++lane) {
    int n = 0;
    for (; n < batch.n && batch.nodes[n * kLanes + lane] >= 0; ++n)
      for (int c = 0; c < 3; ++c)
        y[3 * n + c] =
            load<T, R>(r + (3 * static_cast<std::size_t>(batch.nodes[n * kLanes + lane]) +
                            static_cast<std::size_t>(c)) *
                               R);
    substitute<V>(
        n, batch.reach,
        [&](int k) { return batch.factors[static_cast<std::size_t>(k) * kLanes + lane]; }, y);
    for (int k = 0; k < n; ++k)
      for (int c = 0; c < 3; ++c) {
        const std::size_t to = (3 * static_cast<std::size_t>(batch.nodes[k * kLanes + lane]) +
                                static_cast<std::size_t>(c)) *
                               R;
        const V step = gain * y[3 * k + c];
        store<T, R>(d + to, load<T, R>(d + to) + step);
        if (x != nullptr) store<T, R>(x + to, load<T, R>(x + to) + step);
      }
  }
}

template <class T>
constexpr ClusterTable<T> table() {
  return {{add_one<T>, add_columns<T, 4>, add_columns<T, 8>, add_columns<T, 16>}};
}

}  // namespace

extern const ClusterKernels cluster_kernels = {{factor}, table<float>(), table<double>()};

}  // namespace femcrust::FEMCRUST_ISA
