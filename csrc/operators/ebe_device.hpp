/// The matrix-free element product on a device: what its kernels read, and the table of launchers.
///
/// A thread block works on the elements of one DeviceBlock: it gathers their nodes once into shared
/// memory, one thread an element; forces go to slots sorted by node; one thread a node adds up its
/// slots and writes the node once. Of the blocks that meet at a node the first owns it and sets y;
/// the others, its guests, write rows of `parts`, which a second kernel adds to y in the order of
/// the blocks. So every sum has one order, and a rerun gives the same bits.
///
/// Why two passes, not colours. Counted on a graded mesh, in blocks of 256: 4.10 unknowns an
/// element; a block has 2.26 nodes an element, 0.89 of them guests, 0.43 vertices; 0.67 nodes an
/// element are met by several blocks. Bytes an element in FP64 with one column, nothing cached:
///   what an element is: places 20, node numbers 9, vertices 10, moduli 16, rest 1          56
///   x gathered 54, owners' rows of y 33                                                    87
///   two passes: guests' rows written and read 43, y read and written 32, their lists 8     83
///   colours: guests' rows of y read and written 43                                         43
/// Colours move 18 % less, but in some 12 launches, each with its tail of idle multiprocessors, and
/// never meet x of a neighbour in the second-level cache, which spares the two passes up to 27.
///
/// Bounds of an H200: 4.8 TB/s, and instructions: 132 multiprocessors at 1.98 GHz (the clock of its
/// 34 and 67 Tflop/s) with 64 lanes for FP64, which need 485 an element with one column and 445 an
/// element and column with more; and 128 lanes for all, which FP32 needs 1180 and 900 times (read
/// off the machine code). 1e9 unknowns × columns a second:
///   columns                         FP64: 1     4     8    16   FP32: 1     4     8    16    FP21
///   bytes an unknown and column        55.3  43.5  41.5  40.5    33.5  23.2  21.5  20.6    28.7
///   the same, x read once a node       48.6  37.9  36.1  35.2    29.4  20.2  18.7  17.9    25.5
///   bound by memory                      87   110   116   118     143   207   223   233     167
///   bound by instructions               141   154   154   154     116   152   152   152     116
/// FP32 takes gradients from vertices too: 36 bytes an element of them loaded would be 26 more than
/// the vertices, for 60 operations less in 680.
#pragma once
#include "core/columns.hpp"
#include "core/formats.hpp"
#include "core/types.hpp"

namespace femcrust {

/// Elements meeting at one vertex or edge within a block, at most.
constexpr int kVertexRanks = 64, kEdgeRanks = 32;
constexpr int kRanks = kVertexRanks + kEdgeRanks;

/// Where a node stands in its block and which of the elements at it this one is, in 16 bits.
struct DevicePlace {
  static constexpr int kVertexBits = 9, kEdgeBits = 11;
  static constexpr int kMostVertices = 1 << kVertexBits, kMostEdges = 1 << kEdgeBits;
  /// bits: kVertexBits for local nodes 0–3, kEdgeBits for the others, whose places count from zero
  FEMCRUST_INLINE unsigned packed(int bits, unsigned place, unsigned rank) {
    return place | rank << bits;
  }
  FEMCRUST_INLINE unsigned place(int bits, unsigned word) { return word & ((1u << bits) - 1); }
  FEMCRUST_INLINE unsigned rank(int bits, unsigned word) { return word >> bits; }
};

/// A node of a block: its number, below 2³⁰, and two flags.
struct DeviceNode {
  static constexpr std::uint32_t kGuest = 1u << 31;  // an earlier block owns it
  static constexpr std::uint32_t kMet = 1u << 30;    // more than one block has it
  static constexpr std::uint32_t kNumber = kMet - 1;
};

/// One block of consecutive elements. Its nodes are its vertices, then its mid-edges; each part has
/// those of many elements first, so that slots of one rank lie side by side.
struct DeviceBlock {
  std::uint64_t first_node;  // into DeviceBlocks::nodes
  std::uint64_t first_part;  // row of `parts`, and into DeviceBlocks::guests
  Index first_element;
  std::uint16_t n_elements, n_nodes, n_vertices, n_guests;
};

/// The blocks of a body, in device memory; they serve both precisions. Some 39 bytes an element in
/// blocks of 256.
struct DeviceBlocks {
  Index n_nodes, n_vertices, n_elements, n_blocks;
  Index n_met;  // nodes of more than one block, and nodes of none
  Index n_parts;
  int most_elements, most_nodes, most_vertices;  // of a block
  int most_guests;                               // blocks at one node, less its owner
  const DeviceBlock* blocks;                     // [n_blocks]
  const std::uint32_t* nodes;                    // [Σ n_nodes] DeviceNode
  const std::uint32_t* places;  // [5][n_elements] two DevicePlace each: local nodes 2k and 2k + 1
  const std::uint16_t* ranks;   // [n_blocks][kRanks + 1] first slot of each rank, less its place
  const std::uint16_t* guests;  // [n_parts] places of a block's guests
  const std::uint32_t* met;     // [n_met] node numbers, those with most guests first
  const Index* rows;            // [n_parts] of `parts`, rank by rank, for met[0], met[1], …
  const Index* row_begin;       // [most_guests + 1] first of each rank in `rows`
};

/// A body in one precision. `parts` is scratch of the caller.
template <class Real>
struct DeviceBody {
  DeviceBlocks blocks;
  const double* vertices;  // [n_vertices][3], m
  const Real* moduli;      // [n_elements][2] λ/120, μ/120 in multiples of the unit
  Real* parts;             // [n_parts][3][W]
};

/// y = K x; x and y are [n_nodes][3][W] in format F. All of y is set, zero at nodes of no element.
template <class F>
using DeviceProduct = void (*)(const DeviceBody<typename F::Real>& body, const typename F::Word* x,
                               typename F::Word* y);
/// y = K P x with x [n_vertices][3][W] on the vertices only.
template <class F>
using DeviceLinear = void (*)(const DeviceBody<typename F::Real>& body, const typename F::Real* x,
                              typename F::Word* y);

/// By width: 1, 4, 8, 16 columns.
template <class F>
struct DeviceEbeTable {
  DeviceProduct<F> product[4];
  DeviceLinear<F> linear[4];
  DeviceProduct<F> product_by_atomics[4];  // needs no `parts`; sums in any order
};
template <class F>
struct PackedDeviceEbeTable {
  DeviceProduct<F> product[1];
  DeviceLinear<F> linear[1];
};

struct DeviceEbeKernels {
  const DeviceEbeTable<Fp64>& fp64;
  const DeviceEbeTable<Fp32>& fp32;
  const PackedDeviceEbeTable<Fp21>& fp21;
  const PackedDeviceEbeTable<Shared18>& shared18;
  const PackedDeviceEbeTable<Bf16>& bf16;
  const PackedDeviceEbeTable<Fp16>& fp16;

  const DeviceEbeTable<Fp64>& of(Fp64) const { return fp64; }
  const DeviceEbeTable<Fp32>& of(Fp32) const { return fp32; }
  const PackedDeviceEbeTable<Fp21>& of(Fp21) const { return fp21; }
  const PackedDeviceEbeTable<Shared18>& of(Shared18) const { return shared18; }
  const PackedDeviceEbeTable<Bf16>& of(Bf16) const { return bf16; }
  const PackedDeviceEbeTable<Fp16>& of(Fp16) const { return fp16; }
};

namespace cuda {
extern const DeviceEbeKernels ebe_kernels;
}
namespace emulated {
extern const DeviceEbeKernels ebe_kernels;
}

}  // namespace femcrust
