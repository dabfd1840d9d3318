// Compiled with FEMCRUST_ISA = v2, v3, v4 and the matching -march; see cluster_kernels.hpp.
#include "preconditioners/cluster_kernels.hpp"

#include "core/lanes.hpp"
#include "operators/nodal_access.hpp"
#include "preconditioners/cluster_substitution.hpp"

namespace femcrust::FEMCRUST_ISA {
namespace {

constexpr int kLanes = kClusterLanes;

void add_element(const ClusterElement& element, Index reach, double* band) {
  using Row = Lanes<double, 4>;
  const auto& numbers = element.gradients;
  Row rows[10][5];
  for (int i = 0; i < element.held; ++i)
    for (int v = 0; v < 5; ++v)
      rows[i][v] = Row{numbers[i][v][0], numbers[i][v][1], numbers[i][v][2], 0};
  const std::size_t width = 3 * static_cast<std::size_t>(reach + 1);
  for (int i = 0; i < element.held; ++i)
    for (int j = 0; j < element.held; ++j) {
      const Index back = element.rank[i] - element.rank[j];
      if (back < 0) continue;
      Row m[3] = {}, turned[3] = {};  // ∫ ∇N_i ⊗ ∇N_j dV and its transpose
      for (int v = 0; v < 5; ++v)
        for (int k = 0; k < 3; ++k) {
          m[k] += numbers[i][v][k] * rows[j][v];
          turned[k] += numbers[j][v][k] * rows[i][v];
        }
      const double trace = element.shear * (m[0][0] + m[1][1] + m[2][2]);
      const Row diagonal[3] = {{trace, 0, 0, 0}, {0, trace, 0, 0}, {0, 0, trace, 0}};
      double* to = band + 3 * static_cast<std::size_t>(element.rank[i]) * width +
                   3 * static_cast<std::size_t>(reach - back);
      for (int k = 0; k < 3; ++k, to += width)
        store<double, 4>(to, load<double, 4>(to) + element.lambda * m[k] +
                                 element.shear * turned[k] + diagonal[k]);
    }
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

/// v += change at one node.
template <class F, int W>
FEMCRUST_INLINE void add_to_node(typename F::Word* v, Index node,
                                 const typename F::Real change[3 * W]) {
  typename F::Real sum[3 * W];
  load_node<F, W>(v, node, sum);
  for (int i = 0; i < 3 * W; ++i) sum[i] += change[i];
  store_node<F, W>(v, node, sum);
}

/// One right-hand side: lanes are clusters.
template <class F>
void add_one(const ClusterBatch<const typename F::Real>& batch, const typename F::Word* r,
             typename F::Real gain, typename F::Word* d, typename F::Word* x) {
  using T = typename F::Real;
  using V = Lanes<T, kLanes>;
  V y[3 * kMostInCluster];
  T* const flat = reinterpret_cast<T*>(y);
  for (int k = 0; k < batch.n; ++k)
    for (int lane = 0; lane < kLanes; ++lane) {
      const Index node = batch.nodes[k * kLanes + lane];
      T v[3] = {};
      if (node >= 0) load_node<F, 1>(r, node, v);
      for (int c = 0; c < 3; ++c) flat[(3 * k + c) * kLanes + lane] = v[c];
    }
  substitute(
      batch.n, batch.reach,
      [&](int k) { return load<T, kLanes>(batch.factors + static_cast<std::size_t>(k) * kLanes); },
      y);
  for (int k = 0; k < batch.n; ++k)
    for (int lane = 0; lane < kLanes; ++lane) {
      const Index node = batch.nodes[k * kLanes + lane];
      if (node < 0) continue;
      T change[3];
      for (int c = 0; c < 3; ++c) change[c] = gain * flat[(3 * k + c) * kLanes + lane];
      add_to_node<F, 1>(d, node, change);
      if (x != nullptr) add_to_node<F, 1>(x, node, change);
    }
}

/// W right-hand sides: lanes are columns, one cluster at a time.
template <class F, int W>
void add_columns(const ClusterBatch<const typename F::Real>& batch, const typename F::Word* r,
                 typename F::Real gain, typename F::Word* d, typename F::Word* x) {
  using T = typename F::Real;
  using V = Lanes<T, W>;
  V y[3 * kMostInCluster];
  T* const flat = reinterpret_cast<T*>(y);
  for (int lane = 0; lane < kLanes; ++lane) {
    int n = 0;
    for (; n < batch.n && batch.nodes[n * kLanes + lane] >= 0; ++n)
      load_node<F, W>(r, batch.nodes[n * kLanes + lane], flat + 3 * W * n);
    substitute(
        n, batch.reach,
        [&](int k) { return batch.factors[static_cast<std::size_t>(k) * kLanes + lane]; }, y);
    for (int k = 0; k < n; ++k) {
      const Index node = batch.nodes[k * kLanes + lane];
      for (int c = 0; c < 3; ++c) y[3 * k + c] *= gain;
      add_to_node<F, W>(d, node, flat + 3 * W * k);
      if (x != nullptr) add_to_node<F, W>(x, node, flat + 3 * W * k);
    }
  }
}

template <class F, int W>
void add(const ClusterBatches<typename F::Real>& batches, Index first, Index last,
         const typename F::Word* r, typename F::Real gain, typename F::Word* d,
         typename F::Word* x) {
  for (Index b = first; b < last; ++b)
    if constexpr (W == 1)
      add_one<F>(batches[b], r, gain, d, x);
    else
      add_columns<F, W>(batches[b], r, gain, d, x);
}

}  // namespace

extern const ClusterKernels cluster_kernels = {
    {add_element, factor},
    {add<Fp64, 1>, add<Fp64, 4>, add<Fp64, 8>, add<Fp64, 16>},
    {add<Fp32, 1>, add<Fp32, 4>, add<Fp32, 8>, add<Fp32, 16>},
    add<Fp21, 1>,
    add<Shared18, 1>,
    add<Bf16, 1>,
    add<Fp16, 1>};

}  // namespace femcrust::FEMCRUST_ISA
