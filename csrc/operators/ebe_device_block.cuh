/// The work of one thread block of the element product, in pieces: rows of nodes to and from shared
/// memory, one element a thread, and sums at nodes. Every thread of the block calls each piece.
#pragma once
#include <type_traits>

#include "backends/device/launch.cuh"
#include "elements/tet10_product.hpp"
#include "operators/ebe_device.hpp"

namespace femcrust::FEMCRUST_DEVICE {

/// One thread an element; kTogether directions of force at once in shared memory, 1 or 3, and
/// kColumns right-hand sides.
template <int Elements, int Together, int Columns, int BlocksEach>
struct Tiling {
  static constexpr int kElements = Elements, kTogether = Together, kColumns = Columns;
  static constexpr int kBlocksEach = BlocksEach;  // on a multiprocessor at once, at least
  static constexpr int kSlots = kElements * tet10::kNodes;
  static_assert(kElements % kWarp == 0 && (kTogether == 1 || kTogether == 3));
  static_assert(kSlots * sizeof(double) <= 1 << 16, "16 bits hold the way to a slot");
};

/// Shared memory of a block. Sums take the place of the values, column by column.
template <class T, class Tile>
struct Tiles {
  double* sVertices;      // [most_vertices][3]
  T* sForces;             // [kTogether][kSlots] by rank, then place
  T* sValues;             // [kColumns][most_nodes][3]
  std::uint16_t* sRanks;  // [kRanks + 1]
  unsigned column;        // 3 most_nodes

  static std::size_t bytes(const DeviceBlocks& blocks) {
    const auto vertices = static_cast<std::size_t>(blocks.most_vertices);
    const auto nodes = static_cast<std::size_t>(blocks.most_nodes);
    return 3 * vertices * sizeof(double) +
           (Tile::kTogether * Tile::kSlots + 3 * nodes * Tile::kColumns) * sizeof(T) +
           (kRanks + 1) * sizeof(std::uint16_t);
  }
  static __device__ __forceinline__ Tiles of(double* memory, const DeviceBlocks& blocks) {
    T* const forces = reinterpret_cast<T*>(memory + 3 * blocks.most_vertices);
    T* const values = forces + Tile::kTogether * Tile::kSlots;
    const unsigned column = 3u * static_cast<unsigned>(blocks.most_nodes);
    return {memory, forces, values,
            reinterpret_cast<std::uint16_t*>(values + Tile::kColumns * column), column};
  }
};

/// N columns of a row, side by side, which move 16 bytes at a time.
template <class T, int N>
struct Columns {
  static constexpr int kPiece = N * sizeof(T) < 16 ? N : 16 / static_cast<int>(sizeof(T));
  struct alignas(kPiece * sizeof(T)) Piece {
    T of[kPiece];
  };

  /// take(j, value) for column j.
  template <class Take>
  static __device__ __forceinline__ void load(const T* row, Take take) {
    Piece pieces[N / kPiece];
#pragma unroll
    for (int p = 0; p < N / kPiece; ++p) pieces[p] = reinterpret_cast<const Piece*>(row)[p];
#pragma unroll
    for (int j = 0; j < N; ++j) take(j, pieces[j / kPiece].of[j % kPiece]);
  }
  /// value(j) of column j.
  template <class Value>
  static __device__ __forceinline__ void store(T* row, Value value) {
    Piece pieces[N / kPiece];
#pragma unroll
    for (int j = 0; j < N; ++j) pieces[j / kPiece].of[j % kPiece] = value(j);
#pragma unroll
    for (int p = 0; p < N / kPiece; ++p)
      static_cast<Piece*>(__builtin_assume_aligned(row, sizeof(Piece)))[p] = pieces[p];
  }
};

template <class F>
constexpr bool kPackedRows = !std::is_same_v<typename F::Word, typename F::Real>;

/// sValues[j][k] = column j of row nodes[k] of x; x: [·][3][W], from the first of the columns on.
template <class F, int W, class Tile>
__device__ __forceinline__ void load_rows(const Tiles<typename F::Real, Tile>& tiles,
                                          const std::uint32_t* gNodes, unsigned n,
                                          const typename F::Word* gX) {
  if constexpr (kPackedRows<F>) {
#pragma unroll 2
    for (unsigned k = threadIdx.x; k < n; k += Tile::kElements) {
      const std::size_t node = gNodes[k] & DeviceNode::kNumber;
      F::load(gX + node * F::kWords, tiles.sValues + 3 * k);
    }
  } else {
    using T = typename F::Real;
#pragma unroll 4
    for (unsigned i = threadIdx.x; i < 3 * n; i += Tile::kElements) {
      const std::size_t node = gNodes[i / 3] & DeviceNode::kNumber;
      Columns<T, Tile::kColumns>::load(gX + (3 * node + i % 3) * W, [&](int j, T value) {
        tiles.sValues[j * tiles.column + i] = value;
      });
    }
  }
}

/// What a thread keeps of its element.
template <class T>
struct DeviceElement {
  std::uint32_t rows[5], slots[5];  // two local nodes each: bytes to its row, and to its slot
  T gradients[9], lambda, mu;       // cofactors g det, and V/20 λ, V/20 μ over det²

  static __device__ __forceinline__ unsigned half(const std::uint32_t* words, int a) {
    return words[a / 2] >> (16 * (a % 2)) & 0xffffu;
  }
  /// The row of local node a, of values or of vertices, and its slot.
  template <class V>
  __device__ __forceinline__ const V* row(const V* first, int a) const {
    const unsigned bytes = half(rows, a) * static_cast<unsigned>(sizeof(V) / sizeof(T));
    return reinterpret_cast<const V*>(reinterpret_cast<const char*>(first) + bytes);
  }
  __device__ __forceinline__ T* slot(T* first, int a) const {
    return reinterpret_cast<T*>(reinterpret_cast<char*>(first) + half(slots, a));
  }

  /// words: two DevicePlace each
  __device__ __forceinline__ void place(const std::uint32_t words[5], unsigned n_vertices,
                                        const std::uint16_t* sRanks) {
#pragma unroll
    for (int p = 0; p < 5; ++p) {
      const int bits = p < 2 ? DevicePlace::kVertexBits : DevicePlace::kEdgeBits;
      const unsigned first_rank = p < 2 ? 0 : kVertexRanks, first_place = p < 2 ? 0 : n_vertices;
      rows[p] = slots[p] = 0;
#pragma unroll
      for (int h = 0; h < 2; ++h) {
        const unsigned word = words[p] >> (16 * h) & 0xffffu;
        const unsigned place = DevicePlace::place(bits, word);
        const unsigned slot = sRanks[first_rank + DevicePlace::rank(bits, word)] + place;
        rows[p] |= sizeof(T) * 3 * (first_place + place) << (16 * h);
        slots[p] |= sizeof(T) * slot << (16 * h);
      }
    }
  }

  /// Cofactors of the edges from vertex 0, which are exact differences rounded to T; the product
  /// takes them for gradients, and the moduli make up for it. moduli: λ/120, μ/120
  __device__ __forceinline__ void shape(const double* sVertices, const T moduli[2]) {
    T e[3][3];
#pragma unroll
    for (int j = 0; j < 3; ++j)
#pragma unroll
      for (int k = 0; k < 3; ++k)
        e[j][k] = static_cast<T>(row(sVertices, j + 1)[k] - row(sVertices, 0)[k]);
#pragma unroll
    for (int j = 0; j < 3; ++j)
#pragma unroll
      for (int k = 0; k < 3; ++k) {
        const T *const p = e[(j + 1) % 3], *const q = e[(j + 2) % 3];
        gradients[3 * j + k] = p[(k + 1) % 3] * q[(k + 2) % 3] - p[(k + 2) % 3] * q[(k + 1) % 3];
      }
    const T det = e[0][0] * gradients[0] + e[0][1] * gradients[1] + e[0][2] * gradients[2];
    const T inverse = 1 / det;
    lambda = moduli[0] * inverse;
    mu = moduli[1] * inverse;
  }

  /// Datum k of tet10_product.hpp.
  FEMCRUST_HD __forceinline__ T operator()(int k) const {
    constexpr int first[3] = {0, 0, 3}, second[3] = {3, 6, 6};
    if (k < tet10::kPairGradient) return gradients[k];
    if (k < tet10::kMeanLambda)
      return gradients[first[(k - 9) / 3] + k % 3] + gradients[second[(k - 9) / 3] + k % 3];
    return (k < tet10::kChangeLambda ? 20 : 16) * (k % 2 == 0 ? lambda : mu);
  }
};

/// u(a, c) of one column.
template <class T>
struct ValueAt {
  const T* sValues;  // [n_nodes][3]
  const DeviceElement<T>& element;
  __device__ __forceinline__ T operator()(int a, int c) const { return element.row(sValues, a)[c]; }
};
/// Forces go to their slots; directions from `first` on.
template <class T, int Slots>
struct ToSlot {
  T* sForces;  // [·][Slots]
  const DeviceElement<T>& element;
  int first;
  __device__ __forceinline__ void operator()(int a, int c, T force) const {
    element.slot(sForces, a)[(c - first) * Slots] = force;
  }
};

/// What is left of a column when its forces are made: stresses of K u, or of K P u.
template <class T, bool Linear>
struct ElementStress : tet10::Stresses<T> {
  template <class U>
  __device__ __forceinline__ void set(U u, const DeviceElement<T>& element) {
    tet10::mean_stress(u, element, this->mean);
    tet10::stress_changes(u, element, this->change);
  }
  template <class Add>
  __device__ __forceinline__ void forces(int c, const DeviceElement<T>& element, Add add) const {
    tet10::stiffness_forces(c, *this, element, add);
  }
};
template <class T>
struct ElementStress<T, true> {
  T stress[6];
  template <class U>
  __device__ __forceinline__ void set(U u, const DeviceElement<T>& element) {
    tet10::linear_stress(u, element, stress);
  }
  template <class Add>
  __device__ __forceinline__ void forces(int c, const DeviceElement<T>& element, Add add) const {
    tet10::linear_forces(c, stress, element, add);
  }
};

/// sSums[k][3] in kTogether directions from c on: what the elements at node k left in its slots, in
/// their order. Vertices get zero where Linear.
template <bool Linear, class T, class Tile>
__device__ __forceinline__ void sum_slots(const Tiles<T, Tile>& tiles, const DeviceBlock& block,
                                          int c, T* sSums) {
  constexpr int kAtOnce = 4;  // loads in flight
  static_assert(kVertexRanks % kAtOnce == 0 && kEdgeRanks % kAtOnce == 0);
  for (unsigned k = threadIdx.x; k < block.n_nodes; k += Tile::kElements) {
    const bool vertex = k < block.n_vertices;
    const unsigned place = vertex ? k : k - block.n_vertices;
    const std::uint16_t* ranks = tiles.sRanks + (vertex ? 0 : kVertexRanks);
    const std::uint16_t* const last = tiles.sRanks + (vertex ? kVertexRanks : kRanks);
    T sum[Tile::kTogether] = {};
    for (bool more = !(Linear && vertex); more && ranks < last; ranks += kAtOnce) {
#pragma unroll
      for (int r = 0; r < kAtOnce; ++r) {
        const unsigned slot = ranks[r] + place;
        more = slot < ranks[r + 1];
#pragma unroll
        for (int d = 0; d < Tile::kTogether; ++d)
          sum[d] += more ? tiles.sForces[d * Tile::kSlots + slot] : T(0);
      }
    }
#pragma unroll
    for (int d = 0; d < Tile::kTogether; ++d) sSums[3 * k + static_cast<unsigned>(c + d)] = sum[d];
  }
}

}  // namespace femcrust::FEMCRUST_DEVICE
