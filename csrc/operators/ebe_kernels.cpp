// Compiled with FEMCRUST_ISA = v2, v3, v4 and the matching -march; see ebe_kernels.hpp.
#include "operators/ebe_kernels.hpp"

#include "core/lanes.hpp"
#include "elements/tet10.hpp"
#include "operators/nodal_access.hpp"

namespace femcrust::FEMCRUST_ISA {
namespace {

#if defined(__AVX512F__)
constexpr int kVectorBytes = 64;
#elif defined(__AVX__)
constexpr int kVectorBytes = 32;
#else
constexpr int kVectorBytes = 16;
#endif
constexpr int kLanes = 16;  // elements side by side in memory

/// Elements that one vector register holds.
template <class T>
constexpr int kAtOnce = kVectorBytes / sizeof(T) < 4 ? 4 : kVectorBytes / sizeof(T);

/// Block-local vectors: four padded values a node.
template <class F>
FEMCRUST_INLINE void gather_block(const EbeBlock<typename F::Real>& block,
                                  const typename F::Word* x, typename F::Real* u,
                                  typename F::Real* f) {
  using T = typename F::Real;
  for (Index k = 0; k < block.n_nodes; ++k) {
    T v[3];
    load_node<F, 1>(x, block.nodes[k], v);
    for (int c = 0; c < 3; ++c) u[kPadded * k + c] = v[c];
    u[kPadded * k + 3] = 0;
    for (int c = 0; c < kPadded; ++c) f[kPadded * k + c] = 0;
  }
}

template <class F>
FEMCRUST_INLINE void scatter_block(const EbeBlock<typename F::Real>& block,
                                   const typename F::Real* f, typename F::Word* y) {
  using T = typename F::Real;
  for (Index k = 0; k < block.n_first; ++k) store_node<F, 1>(y, block.nodes[k], f + kPadded * k);
  for (Index k = block.n_first; k < block.n_nodes; ++k) {
    T sum[3];
    load_node<F, 1>(y, block.nodes[k], sum);
    for (int c = 0; c < 3; ++c) sum[c] += f[kPadded * k + c];
    store_node<F, 1>(y, block.nodes[k], sum);
  }
}

/// f += Σ_e K_e u on block-local vectors: lanes are elements.
template <class T>
void elements(const EbeBlock<T>& block, const T* u_local, T* f_local) {
  constexpr int N = kAtOnce<T>;
  using V = Lanes<T, N>;
  using Move = Transpose<T, N>;
  for (Index batch = 0; batch < block.n_batches; ++batch)
    for (int lane = 0; lane < kLanes; lane += N) {
      const auto at = static_cast<std::size_t>(batch);
      const std::uint16_t* const local = block.local + at * 10 * kLanes + lane;
      const T* const gradients = block.gradients + at * 9 * kLanes + lane;
      const T* const moduli = block.moduli + at * 2 * kLanes + lane;
      V u[10][3], f[10][3], g[3][3];
      for (int a = 0; a < 10; ++a) Move::gather(u_local, local + a * kLanes, u[a]);
      for (int k = 0; k < 9; ++k) g[k / 3][k % 3] = load<T, N>(gradients + k * kLanes);
      tet10::stiffness_product<V, V>(u, g, load<T, N>(moduli), load<T, N>(moduli + kLanes), f);
      for (int a = 0; a < 10; ++a) Move::scatter_add(f_local, local + a * kLanes, f[a]);
    }
}

/// The same for u linear inside each element: vertices give, mid-edges receive.
template <class T>
void linear_elements(const EbeBlock<T>& block, const T* u_local, T* f_local) {
  constexpr int N = kAtOnce<T>;
  using V = Lanes<T, N>;
  using Move = Transpose<T, N>;
  for (Index batch = 0; batch < block.n_batches; ++batch)
    for (int lane = 0; lane < kLanes; lane += N) {
      const auto at = static_cast<std::size_t>(batch);
      const std::uint16_t* const local = block.local + at * 10 * kLanes + lane;
      const T* const gradients = block.gradients + at * 9 * kLanes + lane;
      const T* const moduli = block.moduli + at * 2 * kLanes + lane;
      V u[4][3], f[6][3], g[3][3];
      for (int a = 0; a < 4; ++a) Move::gather(u_local, local + a * kLanes, u[a]);
      for (int k = 0; k < 9; ++k) g[k / 3][k % 3] = load<T, N>(gradients + k * kLanes);
      tet10::linear_product<V, V>(u, g, load<T, N>(moduli), load<T, N>(moduli + kLanes), f);
      for (int a = 0; a < 6; ++a) Move::scatter_add(f_local, local + (4 + a) * kLanes, f[a]);
    }
}

template <class F>
void single_column(const EbeBlock<typename F::Real>& block, const typename F::Word* x,
                   typename F::Word* y, typename F::Real* scratch) {
  auto* const f_local = scratch + kPadded * block.n_nodes;
  gather_block<F>(block, x, scratch, f_local);
  elements(block, scratch, f_local);
  scatter_block<F>(block, f_local, y);
}

template <class F>
void linear_single_column(const EbeBlock<typename F::Real>& block, const typename F::Real* x,
                          typename F::Word* y, typename F::Real* scratch) {
  auto* const f_local = scratch + kPadded * block.n_nodes;
  for (Index k = 0; k < block.n_nodes; ++k) {
    const Index node = block.nodes[k];
    for (int c = 0; c < 3; ++c)
      scratch[kPadded * k + c] =
          node < block.n_vertices ? x[3 * static_cast<std::size_t>(node) + c] : 0;
    scratch[kPadded * k + 3] = 0;
    for (int c = 0; c < kPadded; ++c) f_local[kPadded * k + c] = 0;
  }
  linear_elements(block, scratch, f_local);
  scatter_block<F>(block, f_local, y);
}

/// What one element brings in lanes-are-columns kernels.
template <class T>
struct Element {
  std::size_t node[10];
  T g[3][3], lam, mu;

  FEMCRUST_INLINE Element of(const EbeBlock<T>& block, Index e) {
    const auto batch = static_cast<std::size_t>(e / kLanes);
    const int lane = e % kLanes;
    const std::uint16_t* const local = block.local + batch * 10 * kLanes + lane;
    const T* const gradients = block.gradients + batch * 9 * kLanes + lane;
    const T* const moduli = block.moduli + batch * 2 * kLanes + lane;
    Element out;
#pragma GCC unroll 10
    for (int a = 0; a < 10; ++a)
      out.node[a] = static_cast<std::size_t>(block.nodes[local[a * kLanes]]);
    for (int k = 0; k < 9; ++k) out.g[k / 3][k % 3] = gradients[k * kLanes];
    out.lam = moduli[0];
    out.mu = moduli[kLanes];
    return out;
  }
};

template <class T, int W>
FEMCRUST_INLINE void clear_first(const EbeBlock<T>& block, T* y) {
  for (Index k = 0; k < block.n_first; ++k) {
    T* const at = y + static_cast<std::size_t>(block.nodes[k]) * 3 * W;
    for (int i = 0; i < 3 * W; ++i) at[i] = 0;
  }
}

/// W right-hand sides: lanes are columns, one element at a time, straight from x and into y.
template <class T, int W>
void columns(const EbeBlock<T>& block, const T* x, T* y, T*) {
  using V = Lanes<T, W>;
  clear_first<T, W>(block, y);
  for (Index e = 0; e < block.n_elements; ++e) {
    const auto element = Element<T>::of(block, e);
    V u[10][3], f[10][3];
#pragma GCC unroll 10
    for (int a = 0; a < 10; ++a)
#pragma GCC unroll 3
      for (int c = 0; c < 3; ++c) u[a][c] = load<T, W>(x + (element.node[a] * 3 + c) * W);
    tet10::stiffness_product<V, T>(u, element.g, element.lam, element.mu, f);
#pragma GCC unroll 10
    for (int a = 0; a < 10; ++a)
#pragma GCC unroll 3
      for (int c = 0; c < 3; ++c) {
        T* const at = y + (element.node[a] * 3 + c) * W;
        store<T, W>(at, load<T, W>(at) + f[a][c]);
      }
  }
}

template <class T, int W>
void linear_columns(const EbeBlock<T>& block, const T* x, T* y, T*) {
  using V = Lanes<T, W>;
  clear_first<T, W>(block, y);
  for (Index e = 0; e < block.n_elements; ++e) {
    const auto element = Element<T>::of(block, e);
    V u[4][3], f[6][3];
#pragma GCC unroll 4
    for (int a = 0; a < 4; ++a)
#pragma GCC unroll 3
      for (int c = 0; c < 3; ++c) u[a][c] = load<T, W>(x + (element.node[a] * 3 + c) * W);
    tet10::linear_product<V, T>(u, element.g, element.lam, element.mu, f);
#pragma GCC unroll 6
    for (int a = 0; a < 6; ++a)
#pragma GCC unroll 3
      for (int c = 0; c < 3; ++c) {
        T* const at = y + (element.node[4 + a] * 3 + c) * W;
        store<T, W>(at, load<T, W>(at) + f[a][c]);
      }
  }
}

template <class F>
constexpr EbeTable<F, 4> plain() {
  using T = typename F::Real;
  return {
      {single_column<F>, columns<T, 4>, columns<T, 8>, columns<T, 16>},
      {linear_single_column<F>, linear_columns<T, 4>, linear_columns<T, 8>, linear_columns<T, 16>}};
}
template <class F>
constexpr EbeTable<F, 1> packed() {
  return {{single_column<F>}, {linear_single_column<F>}};
}

}  // namespace

extern const EbeKernels ebe_kernels = {plain<Fp64>(),      plain<Fp32>(),  packed<Fp21>(),
                                       packed<Shared18>(), packed<Bf16>(), packed<Fp16>()};

}  // namespace femcrust::FEMCRUST_ISA
