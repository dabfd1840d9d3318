/// The element product of 4, 8 or 16 right-hand sides: lanes are columns, times elements where the
/// columns leave lanes free. Straight from x and into y. Included by ebe_kernels.cpp only.
#pragma once
#include "operators/ebe_batch.hpp"

namespace femcrust::FEMCRUST_ISA {
namespace {

/// How W columns meet the vectors of the machine.
template <class T, int W>
struct Layout {
  static constexpr int kLanesHere = kVectorBytes / sizeof(T);
  static constexpr int kColumns = W < kLanesHere ? W : kLanesHere;  // of a vector
  static constexpr int kElements = kLanesHere > kColumns && kColumns * sizeof(T) < 32
                                       ? 32 / kColumns / sizeof(T)
                                       : 1;
  static constexpr int kLine = 64 / static_cast<int>(sizeof(T));  // values of a cache line
  static constexpr int kPass = W < kLine ? W : kLine;  // columns in one go through a block
  using V = Lanes<T, kColumns * kElements>;
};

template <class T, int N, std::size_t... I>
FEMCRUST_INLINE Lanes<T, 2 * N> join(Lanes<T, N> a, Lanes<T, N> b, std::index_sequence<I...>) {
  return __builtin_shufflevector(a, b, static_cast<int>(I)...);
}
/// from(0), from(1), … side by side.
template <class T, int N, int Count, int First = 0, class From>
FEMCRUST_INLINE Lanes<T, N * Count> side_by_side(From from) {
  if constexpr (Count == 1)
    return from(First);
  else
    return join<T, N * Count / 2>(side_by_side<T, N, Count / 2, First>(from),
                                  side_by_side<T, N, Count / 2, First + Count / 2>(from),
                                  std::make_index_sequence<N * Count>{});
}
template <int N, int First, class V, std::size_t... I>
FEMCRUST_INLINE auto part(V v, std::index_sequence<I...>) {
  return __builtin_shufflevector(v, v, First + static_cast<int>(I)...);
}
/// Each of the first values of v, N times.
template <int N, class V, std::size_t... I>
FEMCRUST_INLINE V repeat(V v, std::index_sequence<I...>) {
  return __builtin_shufflevector(v, v, static_cast<int>(I) / N...);
}

template <class T>
FEMCRUST_INLINE const T* offset(const T* p, std::size_t bytes) {
  return reinterpret_cast<const T*>(reinterpret_cast<const char*>(p) + bytes);
}
template <class T>
FEMCRUST_INLINE T* offset(T* p, std::size_t bytes) {
  return reinterpret_cast<T*>(reinterpret_cast<char*>(p) + bytes);
}

/// One go through a block for kPass columns from x and y on.
template <class T, int W, bool Linear>
struct Pass {
  using Lay = Layout<T, W>;
  static constexpr std::size_t kNode = 3 * W;  // values
  static constexpr int kColumns = Lay::kColumns, kElements = Lay::kElements;
  const EbeBlock<T>& block;
  const T* x;
  T* y;

  FEMCRUST_INLINE void clear(const Pass& of) {
    for (Index k = 0; k < of.block.n_first; ++k) {
      T* const at = of.y + static_cast<std::size_t>(of.block.nodes[k]) * kNode;
      for (int c = 0; c < 3; ++c)
        for (int i = 0; i < Lay::kPass; ++i) at[c * W + i] = 0;
    }
  }

  /// Into the second-level cache.
  FEMCRUST_INLINE void fetch(const Pass& of, Index node) {
    constexpr std::size_t values = W > Lay::kLine ? 3 * Lay::kLine : kNode;
    const std::size_t place = static_cast<std::size_t>(node) * kNode;
#pragma GCC unroll 3
    for (std::size_t k = 0; k < values; k += Lay::kLine) {
      const std::size_t at = place + (W > Lay::kLine ? k / Lay::kLine * W : k);
      if (!Linear || node < of.block.n_vertices) __builtin_prefetch(of.x + at, 0, 2);
      __builtin_prefetch(of.y + at, 1, 2);
    }
    if constexpr (kNode < Lay::kLine) {  // may end in another line
      if (!Linear || node < of.block.n_vertices) __builtin_prefetch(of.x + place + kNode - 1, 0, 2);
      __builtin_prefetch(of.y + place + kNode - 1, 1, 2);
    }
  }

  /// kElements elements from `lane` of a batch on, for kColumns columns from `column` on.
  FEMCRUST_INLINE void elements(const Pass& of, const BatchData<T>& data, int lane, int column,
                                const std::size_t at[kElements][10]) {
    using V = typename Lay::V;
    using Part = std::make_index_sequence<kColumns>;
    const T* const x = of.x + column;
    T* const y = of.y + column;
    const auto value = [&](int a, int c) __attribute__((always_inline)) {
      return side_by_side<T, kColumns, kElements>([&](int e) __attribute__((always_inline)) {
        return load<T, kColumns>(offset(x, at[e][a]) + c * W);
      });
    };
    const auto datum = [&](int k) __attribute__((always_inline)) {
      if constexpr (kElements == 1)
        return data.of[k][lane];
      else
        return repeat<kColumns>(load<T, kColumns * kElements>(data.of[k] + lane),
                                std::make_index_sequence<kColumns * kElements>{});
    };
    const auto add = [&](int a, int c, V force) __attribute__((always_inline)) {
      const auto part_of = [&]<int E>(
                               std::integral_constant<int, E>) __attribute__((always_inline)) {
        T* const to = offset(y, at[E][a]) + c * W;
        store<T, kColumns>(to, load<T, kColumns>(to) + part<kColumns, E * kColumns>(force, Part{}));
      };
      part_of(std::integral_constant<int, 0>{});
      if constexpr (kElements > 1) part_of(std::integral_constant<int, 1>{});
      if constexpr (kElements > 2) {
        part_of(std::integral_constant<int, 2>{});
        part_of(std::integral_constant<int, 3>{});
      }
    };
    if constexpr (Linear)
      tet10::linear_product<V>(value, datum, add);
    else
      tet10::stiffness_product<V, true>(value, datum, add);
  }

  /// Meanwhile `n_next` nodes that `next` will touch come into cache.
  FEMCRUST_INLINE void run(const Pass& of, const Pass& next, const Index* next_nodes,
                           Index n_next) {
    const EbeBlock<T>& block = of.block;
    clear(of);
    BatchData<T> data;
    Index fetched = 0;
    const Index share = (n_next * kElements + block.n_elements - 1) / block.n_elements;
    for (Index e = 0; e < block.n_elements; e += kElements) {
      const int lane = e % kLanes;
      const auto batch = static_cast<std::size_t>(e / kLanes);
      if (lane == 0) BatchData<T>::fill(block, batch, data);
      const std::uint16_t* const local = block.local + batch * 10 * kLanes + lane;
      std::size_t at[kElements][10];
#pragma GCC unroll 4
      for (int k = 0; k < kElements; ++k)
#pragma GCC unroll 10
        for (int a = 0; a < 10; ++a) {
          at[k][a] =
              static_cast<std::size_t>(block.nodes[local[a * kLanes + k]]) * kNode * sizeof(T);
          __asm__("" : "+r"(at[k][a]));  // else taken apart and put together at every use
        }
      for (const Index end = fetched + share < n_next ? fetched + share : n_next; fetched < end;
           ++fetched)
        fetch(next, next_nodes[fetched]);
#pragma GCC unroll 1
      for (int column = 0; column < Lay::kPass; column += kColumns)
        elements(of, data, lane, column, at);
    }
  }
};

/// W right-hand sides, at most a cache line of them in one go through the block.
template <class T, int W, bool Linear>
void columns(const EbeBlock<T>& block, const T* x, T* y, T*) {
  using P = Pass<T, W, Linear>;
  constexpr int step = Layout<T, W>::kPass;
  for (int column = 0; column < W; column += step) {
    const P pass{block, x + column, y + column};
    if (column + step < W)
      P::run(pass, {block, x + column + step, y + column + step}, block.nodes, block.n_nodes);
    else
      P::run(pass, {block, x, y}, block.next_nodes, block.n_next);
  }
}

}  // namespace
}  // namespace femcrust::FEMCRUST_ISA
