/// Kernels of the element product on a device and their launchers; ebe_device.hpp says how they
/// work together. Included by the .cu files that instantiate them.
#pragma once
#include "operators/ebe_device_block.cuh"
#include "operators/ebe_device_parts.cuh"

namespace femcrust::FEMCRUST_DEVICE {

/// How the sums of blocks meet.
enum class Between { owners, atomics };

/// Rows of the sums in shared memory to their owners' places in y, and guests' rows to `parts` or,
/// by atomics, to y.
template <class F, int W, Between between, class Tile>
__device__ __forceinline__ void store_rows(const Tiles<typename F::Real, Tile>& tiles,
                                           const DeviceBlock& block,
                                           const DeviceBody<typename F::Real>& body, int column,
                                           typename F::Word* gY) {
  using T = typename F::Real;
  const std::uint32_t* const gNodes = body.blocks.nodes + block.first_node;
  const std::uint16_t* const gGuests = body.blocks.guests + block.first_part;
  if constexpr (kPackedRows<F>) {
    for (unsigned k = threadIdx.x; k < block.n_nodes; k += Tile::kElements) {
      const std::uint32_t node = gNodes[k];
      if (node & DeviceNode::kGuest) continue;
      const std::size_t at = node & DeviceNode::kNumber;
      F::store(gY + at * F::kWords, tiles.sValues + 3 * k);
    }
    T* const gParts = body.parts + 3 * block.first_part;
    for (unsigned i = threadIdx.x; i < 3u * block.n_guests; i += Tile::kElements)
      gParts[i] = tiles.sValues[3 * gGuests[i / 3] + i % 3];
  } else {
    using Side = Columns<T, Tile::kColumns>;
    for (unsigned i = threadIdx.x; i < 3u * block.n_nodes; i += Tile::kElements) {
      const std::uint32_t node = gNodes[i / 3];
      const std::size_t row = 3 * std::size_t{node & DeviceNode::kNumber} + i % 3;
      const auto sum = [&](int j) { return tiles.sValues[j * tiles.column + i]; };
      T* const to = gY + row * W + column;
      if (between == Between::atomics && (node & DeviceNode::kMet)) {
        for (int j = 0; j < Tile::kColumns; ++j) atomicAdd(to + j, sum(j));
      } else if (!(node & DeviceNode::kGuest)) {
        Side::store(to, sum);
      }
    }
    if (between == Between::atomics) return;
    T* const gParts = body.parts + 3 * block.first_part * W + column;
    for (unsigned i = threadIdx.x; i < 3u * block.n_guests; i += Tile::kElements) {
      const unsigned at = 3u * gGuests[i / 3] + i % 3;
      Side::store(gParts + std::size_t{i} * W,
                  [&](int j) { return tiles.sValues[j * tiles.column + at]; });
    }
  }
}

/// Sums of the forces of one block; `store(column)` writes those in shared memory, from `column`
/// on.
template <class F, int W, class Tile, bool Linear, class In, class Store>
__device__ __forceinline__ void work_on_block(const Tiles<typename F::Real, Tile>& tiles,
                                              const DeviceBody<typename F::Real>& body,
                                              unsigned number, const DeviceBlock& block,
                                              const typename In::Word* gX, Store store) {
  using T = typename F::Real;
  const std::uint32_t* const gNodes = body.blocks.nodes + block.first_node;
  const unsigned n_rows = Linear ? block.n_vertices : block.n_nodes;
  const bool active = threadIdx.x < block.n_elements;

  // ---- load
  DeviceElement<T> element;
  load_block(tiles, body, number, block, element,
             [&] { load_rows<In, W>(tiles, gNodes, n_rows, gX); });

  // ---- compute
#pragma unroll 1
  for (int column = 0;;) {
#pragma unroll 1
    for (int j = 0; j < Tile::kColumns; ++j) {
      T* const sColumn = tiles.sValues + j * tiles.column;
      ElementStress<T, Linear> stress;
      if (active) stress.set(ValueAt<T>{sColumn, element}, element);
#pragma unroll
      for (int c = 0; c < 3; c += Tile::kTogether) {
        if (active) {
#pragma unroll
          for (int d = 0; d < Tile::kTogether; ++d)
            stress.forces(c + d, element, ToSlot<T, Tile::kSlots>{tiles.sForces, element, c});
        }
        __syncthreads();
        sum_slots<Linear>(tiles, block, c, sColumn);
        __syncthreads();
      }
    }

    // ---- store
    store(column);
    column += Tile::kColumns;
    if (column == W) break;
    __syncthreads();
    load_rows<In, W>(tiles, gNodes, n_rows, gX + column);
    __syncthreads();
  }
}

/// y at the nodes that a block owns, and its guests' parts.
template <class F, int W, class Tile, Between between, bool Linear, class In>
FEMCRUST_KERNEL void __launch_bounds__(Tile::kElements, Tile::kBlocksEach)
    element_product(const DeviceBody<typename F::Real> body, const typename In::Word* gX,
                    typename F::Word* gY) {
  FEMCRUST_SHARED_DYNAMIC(double, memory);
  const auto tiles = Tiles<typename F::Real, Tile>::of(memory, body.blocks);
  const DeviceBlock block = body.blocks.blocks[blockIdx.x];
  work_on_block<F, W, Tile, Linear, In>(tiles, body, blockIdx.x, block, gX, [&](int column) {
    store_rows<F, W, between>(tiles, block, body, column, gY);
  });
}

/// What is fastest on an H200 by the count of registers and shared memory (perf/kernels): FP64 two
/// blocks of 256 threads a multiprocessor, FP32 four with one column and two or three with more.
/// Columns at once fill 32 bytes of a row, which is what memory hands over; FP32 with 4 has 16.
template <class F, int W>
using ShippedTiling = std::conditional_t<
    sizeof(typename F::Real) == 8,
    std::conditional_t<W == 1, Tiling<256, 3, 1, 2>, Tiling<256, 1, 4, 2>>,
    std::conditional_t<W == 1, Tiling<256, 3, 1, 4>,
                       std::conditional_t<W == 4, Tiling<256, 3, 4, 3>, Tiling<256, 3, 8, 2>>>>;

constexpr unsigned kFlatThreads = 256;
constexpr unsigned flat_grid(std::size_t threads) {
  return static_cast<unsigned>((threads + kFlatThreads - 1) / kFlatThreads);
}

template <class F, int W, class Tile, Between between, bool Linear, class In>
void launch_elements(const DeviceBody<typename F::Real>& body, const typename In::Word* x,
                     typename F::Word* y) {
  using Shared = Tiles<typename F::Real, Tile>;
  require(body.blocks.most_elements <= Tile::kElements, "device blocks: made for another tiling");
  FEMCRUST_LAUNCH((element_product<F, W, Tile, between, Linear, In>),
                  static_cast<unsigned>(body.blocks.n_blocks), Tile::kElements,
                  Shared::bytes(body.blocks), body, x, y);
}

template <class F, int W>
void launch_add_parts(const DeviceBody<typename F::Real>& body, typename F::Word* y) {
  if (body.blocks.n_met == 0) return;
  const auto threads = static_cast<std::size_t>(body.blocks.n_met) * Share<F, W>::kEach;
  FEMCRUST_LAUNCH_FREE((add_parts<F, W>), flat_grid(threads), kFlatThreads, 0, body, y);
}

template <class F, int W, class Tile = ShippedTiling<F, W>>
void product(const DeviceBody<typename F::Real>& body, const typename F::Word* x,
             typename F::Word* y) {
  launch_elements<F, W, Tile, Between::owners, false, F>(body, x, y);
  launch_add_parts<F, W>(body, y);
}

template <class F, int W, class Tile = ShippedTiling<F, W>>
void linear(const DeviceBody<typename F::Real>& body, const typename F::Real* x,
            typename F::Word* y) {
  launch_elements<F, W, Tile, Between::owners, true, Unpacked<typename F::Real>>(body, x, y);
  launch_add_parts<F, W>(body, y);
}

template <class F, int W, class Tile = ShippedTiling<F, W>>
void product_by_atomics(const DeviceBody<typename F::Real>& body, const typename F::Word* x,
                        typename F::Word* y) {
  const auto threads = static_cast<std::size_t>(body.blocks.n_met) * (3 * W);
  if (threads > 0)
    FEMCRUST_LAUNCH_FREE((clear_met<F, W>), flat_grid(threads), kFlatThreads, 0, body.blocks, y);
  launch_elements<F, W, Tile, Between::atomics, false, F>(body, x, y);
}

template <class F>
constexpr DeviceEbeTable<F> plain_table() {
  return {{product<F, 1>, product<F, 4>, product<F, 8>, product<F, 16>},
          {linear<F, 1>, linear<F, 4>, linear<F, 8>, linear<F, 16>},
          {product_by_atomics<F, 1>, product_by_atomics<F, 4>, product_by_atomics<F, 8>,
           product_by_atomics<F, 16>}};
}
template <class F>
constexpr PackedDeviceEbeTable<F> packed_table() {
  return {{product<F, 1>}, {linear<F, 1>}};
}

/// One file each, for the compiler's sake; ebe_device.cu joins them.
extern const DeviceEbeTable<Fp64> ebe_fp64;
extern const DeviceEbeTable<Fp32> ebe_fp32;
extern const PackedDeviceEbeTable<Fp21> ebe_fp21;
extern const PackedDeviceEbeTable<Shared18> ebe_shared18;
extern const PackedDeviceEbeTable<Bf16> ebe_bf16;
extern const PackedDeviceEbeTable<Fp16> ebe_fp16;

}  // namespace femcrust::FEMCRUST_DEVICE
