/// SIMD lanes as compiler vectors, and the transposes between node-major memory and lanes.
///
/// A node is four padded values (x, y, z, 0), one aligned load. `gather` turns N nodes into three
/// vectors of N lanes by loads and shuffles, which is about three times faster than gather
/// instructions; `scatter_add` is the way back.
#pragma once
#include <type_traits>
#include <utility>

#include "core/types.hpp"

namespace femcrust {

constexpr int kPadded = 4;  // values per node in block-local memory

// Of the instruction set that the including file is compiled for.
#if defined(__AVX512F__)
constexpr int kVectorBytes = 64;
#elif defined(__AVX__)
constexpr int kVectorBytes = 32;
#else
constexpr int kVectorBytes = 16;
#endif

template <class T, int N>
struct LanesOf {
  typedef T type __attribute__((vector_size(N * sizeof(T))));
  typedef T unaligned __attribute__((vector_size(N * sizeof(T)), aligned(alignof(T)), may_alias));
};
template <class T, int N>
using Lanes = typename LanesOf<T, N>::type;

template <class T, int N>
FEMCRUST_INLINE Lanes<T, N> load(const T* p) {
  return *reinterpret_cast<const typename LanesOf<T, N>::unaligned*>(p);
}
template <class T, int N>
FEMCRUST_INLINE void store(T* p, Lanes<T, N> v) {
  *reinterpret_cast<typename LanesOf<T, N>::unaligned*>(p) = v;
}

/// Four lanes repeated group by group: lane 4g+k of the result is entry {P0..P3}[k] of the same
/// group of a (entries below 4) or of b (entries 4 to 7).
template <int P0, int P1, int P2, int P3>
struct Pattern {
  template <int N>
  static constexpr int at(int lane) {
    const int picks[4] = {P0, P1, P2, P3};
    const int pick = picks[lane % 4];
    return lane / 4 * 4 + (pick < 4 ? pick : N + pick - 4);
  }
};

template <class P, class V, std::size_t... I>
FEMCRUST_INLINE V shuffle(V a, V b, std::index_sequence<I...>) {
  constexpr int n = static_cast<int>(sizeof...(I));
  return __builtin_shufflevector(a, b, P::template at<n>(static_cast<int>(I))...);
}

template <class T, int N>
struct Transpose {
  using V = Lanes<T, N>;
  using Quad = Lanes<T, kPadded>;
  using Seq = std::make_index_sequence<N>;
  // Within 128 bits for float, within 256 for double: each pattern is one unpack instruction.
  static constexpr bool kWide = sizeof(T) == 8;
  using Low = std::conditional_t<kWide, Pattern<0, 4, 2, 6>, Pattern<0, 4, 1, 5>>;
  using High = std::conditional_t<kWide, Pattern<1, 5, 3, 7>, Pattern<2, 6, 3, 7>>;
  using First = Pattern<0, 1, 4, 5>;
  using Second = Pattern<2, 3, 6, 7>;

  template <class P>
  FEMCRUST_INLINE V mix(V a, V b) {
    return shuffle<P>(a, b, Seq{});
  }

  FEMCRUST_INLINE Quad quad(const T* nodes, std::size_t node) {
    return load<T, 4>(nodes + kPadded * node);
  }

  /// Lane 4g+i of row k holds value i of node index[4g+k]: N/4 quads side by side.
  template <class I>
  FEMCRUST_INLINE V row(const T* nodes, const I* index, int k) {
    if constexpr (N == 4) {
      return quad(nodes, index[k]);
    } else {
      return pair(nodes, index + k, std::make_index_sequence<N>{});
    }
  }

  template <class I, std::size_t... K>
  FEMCRUST_INLINE V pair(const T* nodes, const I* index, std::index_sequence<K...>) {
    const auto low = half(nodes, index), high = half(nodes, index + N / 2);
    return __builtin_shufflevector(low, high, static_cast<int>(K)...);
  }
  template <class I>
  FEMCRUST_INLINE Lanes<T, N / 2> half(const T* nodes, const I* index) {
    if constexpr (N == 8) {
      return quad(nodes, index[0]);
    } else {
      return __builtin_shufflevector(quad(nodes, index[0]), quad(nodes, index[4]), 0, 1, 2, 3, 4, 5,
                                     6, 7);
    }
  }

  template <class I>
  FEMCRUST_INLINE void gather(const T* nodes, const I* index, V out[3]) {
    const V r0 = row(nodes, index, 0), r1 = row(nodes, index, 1);
    const V r2 = row(nodes, index, 2), r3 = row(nodes, index, 3);
    const V a = mix<Low>(r0, r1), b = mix<High>(r0, r1);
    const V c = mix<Low>(r2, r3), d = mix<High>(r2, r3);
    out[0] = mix<First>(a, c);
    out[1] = kWide ? mix<First>(b, d) : mix<Second>(a, c);
    out[2] = kWide ? mix<Second>(a, c) : mix<First>(b, d);
  }

  /// (x, y, z, 0) of each lane; that of `lane` lies at place(lane).
  FEMCRUST_INLINE void to_nodes(const V in[3], T* out) {
    const V zero = {};
    const V a = mix<Low>(in[0], in[1]), b = mix<High>(in[0], in[1]);
    const V c = mix<Low>(in[2], zero), d = mix<High>(in[2], zero);
    store<T, N>(out, mix<First>(a, c));
    store<T, N>(out + N, kWide ? mix<First>(b, d) : mix<Second>(a, c));
    store<T, N>(out + 2 * N, kWide ? mix<Second>(a, c) : mix<First>(b, d));
    store<T, N>(out + 3 * N, mix<Second>(b, d));
  }
  FEMCRUST_INLINE constexpr int place(int lane) { return lane % 4 * N + lane / 4 * kPadded; }
};

}  // namespace femcrust
