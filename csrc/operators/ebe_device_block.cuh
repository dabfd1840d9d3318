/// The work of one thread block of the element product, in pieces: rows of nodes to and from shared
/// memory, one element a thread, and sums at nodes. Every thread of the block calls each piece.
#pragma once
#include <type_traits>

#include "operators/ebe_device_element.cuh"

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

/// What a block's threads share, values by `load_values()`; then what each keeps of its element.
template <class T, class Tile, class Load>
__device__ __forceinline__ void load_block(const Tiles<T, Tile>& tiles, const DeviceBody<T>& body,
                                           unsigned number, const DeviceBlock& block,
                                           DeviceElement<T>& element, Load load_values) {
  const DeviceBlocks& blocks = body.blocks;
  const std::uint32_t* const gNodes = blocks.nodes + block.first_node;
  const std::uint16_t* const gRanks = blocks.ranks + std::size_t{number} * (kRanks + 1);
  const bool active = threadIdx.x < block.n_elements;
  std::uint32_t words[5] = {};
  T moduli[2] = {};
  if (active) {
    const std::size_t e = static_cast<std::size_t>(block.first_element) + threadIdx.x;
#pragma unroll
    for (int p = 0; p < 5; ++p)
      words[p] = blocks.places[static_cast<std::size_t>(p) * blocks.n_elements + e];
    Columns<T, 2>::load(body.moduli + 2 * e, [&](int k, T value) { moduli[k] = value; });
  }
  for (unsigned r = threadIdx.x; r <= kRanks; r += Tile::kElements) tiles.sRanks[r] = gRanks[r];
  for (unsigned i = threadIdx.x; i < 3u * block.n_vertices; i += Tile::kElements)
    tiles.sVertices[i] =
        body.vertices[3 * std::size_t{gNodes[i / 3] & DeviceNode::kNumber} + i % 3];
  load_values();
  __syncthreads();
  if (!active) return;
  element.place(words, block.n_vertices, tiles.sRanks);
  element.shape(tiles.sVertices, moduli);
}

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
