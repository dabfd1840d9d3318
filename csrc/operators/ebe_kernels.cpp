// Compiled with FEMCRUST_ISA = v2, v3, v4 and the matching -march; see ebe_kernels.hpp.
#include "operators/ebe_kernels.hpp"

#include "core/lanes.hpp"
#include "elements/tet10_product.hpp"
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

/// The data of 16 elements: [kData][kLanes].
template <class T>
struct alignas(64) BatchData {
  T of[tet10::kData][kLanes];

  FEMCRUST_INLINE void fill(const EbeBlock<T>& block, std::size_t batch, BatchData& out) {
    constexpr int N = kAtOnce<T>;
    using V = Lanes<T, N>;
    const T* const gradients = block.gradients + batch * 9 * kLanes;
    const T* const moduli = block.moduli + batch * 2 * kLanes;
    for (int lane = 0; lane < kLanes; lane += N) {
      V g[9], data[tet10::kData];
      for (int k = 0; k < 9; ++k) g[k] = load<T, N>(gradients + k * kLanes + lane);
      tet10::product_data(g, load<T, N>(moduli + lane), load<T, N>(moduli + kLanes + lane), data);
      for (int k = 0; k < tet10::kData; ++k) store<T, N>(out.of[k] + lane, data[k]);
    }
  }
};

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
      const auto of = [&](int k) __attribute__((always_inline)) {
        return load<T, N>(data.of[k] + lane);
      };
      const auto add = [&](int a, int c, V force) __attribute__((always_inline)) { f[a][c] = force; };
      if constexpr (Linear)
        tet10::linear_product<V>(value, of, add);
      else
        tet10::stiffness_product<V>(value, of, add);
#pragma GCC unroll 10
      for (int a = first; a < 10; ++a) Move::scatter_add(f_local, local + a * kLanes, f[a]);
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

template <class T, int W>
FEMCRUST_INLINE void clear_first(const EbeBlock<T>& block, T* y) {
  for (Index k = 0; k < block.n_first; ++k) {
    T* const at = y + static_cast<std::size_t>(block.nodes[k]) * 3 * W;
    for (int i = 0; i < 3 * W; ++i) at[i] = 0;
  }
}

template <class T>
FEMCRUST_INLINE const T* offset(const T* p, std::size_t bytes) {
  return reinterpret_cast<const T*>(reinterpret_cast<const char*>(p) + bytes);
}
template <class T>
FEMCRUST_INLINE T* offset(T* p, std::size_t bytes) {
  return reinterpret_cast<T*>(reinterpret_cast<char*>(p) + bytes);
}

/// W right-hand sides: lanes are L of the columns, one element at a time, from x into y.
template <class T, int W, int L, bool Linear>
void columns(const EbeBlock<T>& block, const T* x, T* y, T*) {
  using V = Lanes<T, L>;
  constexpr std::size_t node_size = 3 * W;
  clear_first<T, W>(block, y);
  BatchData<T> data;
  Index fetched = 0;
  const Index share = (block.n_next + block.n_elements - 1) / block.n_elements;
  for (Index e = 0; e < block.n_elements; ++e) {
    const int lane = e % kLanes;
    const auto batch = static_cast<std::size_t>(e / kLanes);
    if (lane == 0) BatchData<T>::fill(block, batch, data);
    const std::uint16_t* const local = block.local + batch * 10 * kLanes + lane;
    std::size_t at[10];
#pragma GCC unroll 10
    for (int a = 0; a < 10; ++a) {
      at[a] = static_cast<std::size_t>(block.nodes[local[a * kLanes]]) * node_size * sizeof(T);
      __asm__("" : "+r"(at[a]));  // else it is taken apart and put together at every use
    }
    for (const Index end = fetched + share < block.n_next ? fetched + share : block.n_next;
         fetched < end; ++fetched) {
      const std::size_t place = static_cast<std::size_t>(block.next_nodes[fetched]) * node_size;
#pragma GCC unroll 6
      for (std::size_t k = 0; k < node_size; k += 64 / sizeof(T)) {
        __builtin_prefetch(x + place + k, 0, 2);
        __builtin_prefetch(y + place + k, 1, 2);
      }
    }
#pragma GCC unroll 1
    for (int w = 0; w < W; w += L) {
      const auto value = [&](int a, int c) __attribute__((always_inline)) {
        return load<T, L>(offset(x, at[a]) + c * W + w);
      };
      const auto of = [&](int k) __attribute__((always_inline)) { return data.of[k][lane]; };
      const auto add = [&](int a, int c, V force) __attribute__((always_inline)) {
        T* const to = offset(y, at[a]) + c * W + w;
        store<T, L>(to, load<T, L>(to) + force);
      };
      if constexpr (Linear)
        tet10::linear_product<V>(value, of, add);
      else
        tet10::stiffness_product<V>(value, of, add);
    }
  }
}

template <class T, int W>
constexpr int kGroup = W < kAtOnce<T> ? W : kAtOnce<T>;

template <class F>
constexpr EbeTable<F, 4> plain() {
  using T = typename F::Real;
  return {
      {single_column<F>, columns<T, 4, kGroup<T, 4>, false>, columns<T, 8, kGroup<T, 8>, false>, columns<T, 16, kGroup<T, 16>, false>},
      {linear_single_column<F>, columns<T, 4, kGroup<T, 4>, true>, columns<T, 8, kGroup<T, 8>, true>, columns<T, 16, kGroup<T, 16>, true>}};
}
template <class F>
constexpr EbeTable<F, 1> packed() {
  return {{single_column<F>}, {linear_single_column<F>}};
}

}  // namespace

extern const EbeKernels ebe_kernels = {plain<Fp64>(),      plain<Fp32>(),  packed<Fp21>(),
                                       packed<Shared18>(), packed<Bf16>(), packed<Fp16>()};

}  // namespace femcrust::FEMCRUST_ISA
