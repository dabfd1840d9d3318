/// The element product of one right-hand side: lanes are elements, and a block's nodes are gathered
/// once into padded local vectors. For kernels of one instruction set only.
#pragma once
#include "operators/ebe_batch.hpp"
#include "operators/nodal_access.hpp"

namespace femcrust::FEMCRUST_ISA {
namespace {

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

/// f_local += forces of N elements at their nodes, from the first on.
template <class T, int N, int First = 0>
FEMCRUST_INLINE void add_at_nodes(const Lanes<T, N> f[10][3], const std::uint16_t* local,
                                  T* f_local) {
  using Move = Transpose<T, N>;
  alignas(64) T forces[10][kPadded * N];
#pragma GCC unroll 10
  for (int a = First; a < 10; ++a) Move::to_nodes(f[a], forces[a]);
  // Element after element: the next sum at a node waits for the one before.
  for (int e = 0; e < N; ++e)
#pragma GCC unroll 10
    for (int a = First; a < 10; ++a) {
      T* const at = f_local + kPadded * local[a * kLanes + e];
      store<T, 4>(at, load<T, 4>(at) + load<T, 4>(forces[a] + Move::place(e)));
    }
}

/// f += Σ_e K_e u on block-local vectors: lanes are elements.
template <class T, bool Linear>
void elements(const EbeBlock<T>& block, const T* u_local, T* f_local) {
  constexpr int N = kAtOnce<T>;
  constexpr int first = Linear ? 4 : 0, given = Linear ? 4 : 10;
  using V = Lanes<T, N>;
  using Move = Transpose<T, N>;
  BatchData<T> data;
  for (Index batch = 0; batch < block.n_batches; ++batch) {
    BatchData<T>::fill(block, static_cast<std::size_t>(batch), data);
    for (int lane = 0; lane < kLanes; lane += N) {
      const std::uint16_t* const local =
          block.local + static_cast<std::size_t>(batch) * 10 * kLanes + lane;
      V u[10][3], f[10][3];
#pragma GCC unroll 10
      for (int a = 0; a < given; ++a) Move::gather(u_local, local + a * kLanes, u[a]);
      const auto value = [&](int a, int c) __attribute__((always_inline)) { return u[a][c]; };
      const auto of = [&](int k)
                          __attribute__((always_inline)) { return load<T, N>(data.of[k] + lane); };
      const auto add = [&](int a, int c, V force)
                           __attribute__((always_inline)) { f[a][c] = force; };
      if constexpr (Linear)
        tet10::linear_product<V>(value, of, add);
      else
        tet10::stiffness_product<V, false>(value, of, add);
      add_at_nodes<T, N, first>(f, local, f_local);
    }
  }
}

template <class F>
void single_column(const EbeBlock<typename F::Real>& block, const typename F::Word* x,
                   typename F::Word* y, typename F::Real* scratch) {
  using T = typename F::Real;
  T* const f_local = scratch + kPadded * block.n_nodes;
  gather_block<F>(block, x, scratch, f_local);
  elements<T, false>(block, scratch, f_local);
  scatter_block<F>(block, f_local, y);
}

template <class F>
void linear_single_column(const EbeBlock<typename F::Real>& block, const typename F::Real* x,
                          typename F::Word* y, typename F::Real* scratch) {
  using T = typename F::Real;
  T* const f_local = scratch + kPadded * block.n_nodes;
  for (Index k = 0; k < block.n_nodes; ++k) {
    const Index node = block.nodes[k];
    for (int c = 0; c < 3; ++c)
      scratch[kPadded * k + c] =
          node < block.n_vertices ? x[3 * static_cast<std::size_t>(node) + c] : 0;
    scratch[kPadded * k + 3] = 0;
    for (int c = 0; c < kPadded; ++c) f_local[kPadded * k + c] = 0;
  }
  elements<T, true>(block, scratch, f_local);
  scatter_block<F>(block, f_local, y);
}

}  // namespace
}  // namespace femcrust::FEMCRUST_ISA
