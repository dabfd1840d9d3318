/// Rungs of the ladder that did not ship: one thread an element and atomics everywhere; atomics in
/// shared memory; colours in place of a second kernel.
#pragma once
#include "operators/ebe_device_launch.cuh"

namespace femcrust::FEMCRUST_DEVICE {

/// Elements as they come, in device memory.
struct PlainElements {
  Index n;
  const Index* nodes;  // [10][n]
};

/// u(a, c) of one column, and forces to one column, straight in global memory.
template <class T, int W>
struct GlobalColumn {
  const T* gX;  // [n_nodes][3][W] from the column on
  T* gY;
  const Index* node;  // [10]
  __device__ __forceinline__ T operator()(int a, int c) const {
    return gX[(3 * static_cast<std::size_t>(node[a]) + c) * W];
  }
  __device__ __forceinline__ void operator()(int a, int c, T force) const {
    atomicAdd(gY + (3 * static_cast<std::size_t>(node[a]) + c) * W, force);
  }
};

/// Version 1. One thread an element and column: y += K x.
template <class T, int W>
FEMCRUST_KERNEL void __launch_bounds__(128)
    naive_product(const PlainElements elements, const double* gVertices, const T* gModuli,
                  const T* gX, T* gY) {
  const std::size_t i = std::size_t{blockIdx.x} * blockDim.x + threadIdx.x;
  const std::size_t e = i / W, column = i % W;
  if (e >= static_cast<std::size_t>(elements.n)) return;
  Index node[10];
  const double* corner[4];
#pragma unroll
  for (int a = 0; a < 10; ++a)
    node[a] = elements.nodes[static_cast<std::size_t>(a) * elements.n + e];
#pragma unroll
  for (int a = 0; a < 4; ++a) corner[a] = gVertices + 3 * static_cast<std::size_t>(node[a]);
  DeviceElement<T> element;
  element.shape_of(corner, gModuli + 2 * e);
  const GlobalColumn<T, W> at{gX + column, gY + column, node};
  tet10::stiffness_product<T, false>(at, element, at);
}

/// Forces of one column to sums in shared memory, by atomics.
template <class T>
struct ToSum {
  T* sSums;  // [n_nodes][3]
  const DeviceElement<T>& element;
  __device__ __forceinline__ void operator()(int a, int c, T force) const {
    atomicAdd(const_cast<T*>(element.row(sSums, a)) + c, force);
  }
};

/// Version 2. Nodes gathered once a block, sums by atomics in shared and in global memory: y += K
/// x.
template <class F, int W, class Tile>
FEMCRUST_KERNEL void __launch_bounds__(Tile::kElements, Tile::kBlocksEach)
    shared_atomics(const DeviceBody<typename F::Real> body, const typename F::Word* gX,
                   typename F::Word* gY) {
  using T = typename F::Real;
  FEMCRUST_SHARED_DYNAMIC(double, memory);
  const auto tiles = Tiles<T, Tile>::of(memory, body.blocks);
  const DeviceBlock block = body.blocks.blocks[blockIdx.x];
  const std::uint32_t* const gNodes = body.blocks.nodes + block.first_node;
  T* const sSums = tiles.sForces;  // [n_nodes][3]
  const bool active = threadIdx.x < block.n_elements;
  DeviceElement<T> element;
  load_block(tiles, body, blockIdx.x, block, element,
             [&] { load_rows<F, W>(tiles, gNodes, block.n_nodes, gX); });
  for (int column = 0; column < W; ++column) {
    const int j = column % Tile::kColumns;
    if (j == 0 && column > 0) {
      __syncthreads();
      load_rows<F, W>(tiles, gNodes, block.n_nodes, gX + column);
    }
    for (unsigned i = threadIdx.x; i < 3u * block.n_nodes; i += Tile::kElements) sSums[i] = 0;
    __syncthreads();
    if (active)
      tet10::stiffness_product<T, false>(ValueAt<T>{tiles.sValues + j * tiles.column, element},
                                         element, ToSum<T>{sSums, element});
    __syncthreads();
    for (unsigned i = threadIdx.x; i < 3u * block.n_nodes; i += Tile::kElements) {
      const std::size_t node = gNodes[i / 3] & DeviceNode::kNumber;
      atomicAdd(gY + (3 * node + i % 3) * W + column, sSums[i]);
    }
    __syncthreads();
  }
}

/// Version 5. The blocks of one colour, which share no node, from number `first` on: owners set
/// rows of y; guests, whose owners were launched before, add to them.
template <class F, int W, class Tile>
FEMCRUST_KERNEL void __launch_bounds__(Tile::kElements, Tile::kBlocksEach)
    coloured_product(const DeviceBody<typename F::Real> body, Index first,
                     const typename F::Word* gX, typename F::Word* gY) {
  using T = typename F::Real;
  using Side = Columns<T, Tile::kColumns>;
  FEMCRUST_SHARED_DYNAMIC(double, memory);
  const auto tiles = Tiles<T, Tile>::of(memory, body.blocks);
  const unsigned number = static_cast<unsigned>(first) + blockIdx.x;
  const DeviceBlock block = body.blocks.blocks[number];
  const std::uint32_t* const gNodes = body.blocks.nodes + block.first_node;
  work_on_block<F, W, Tile, false, F>(tiles, body, number, block, gX, [&](int column) {
    for (unsigned i = threadIdx.x; i < 3u * block.n_nodes; i += Tile::kElements) {
      const std::uint32_t node = gNodes[i / 3];
      T* const to = gY + (3 * std::size_t{node & DeviceNode::kNumber} + i % 3) * W + column;
      T sum[Tile::kColumns];
#pragma unroll
      for (int j = 0; j < Tile::kColumns; ++j) sum[j] = tiles.sValues[j * tiles.column + i];
      if (node & DeviceNode::kGuest) Side::load(to, [&](int j, T value) { sum[j] += value; });
      Side::store(to, [&](int j) { return sum[j]; });
    }
  });
}

}  // namespace femcrust::FEMCRUST_DEVICE
