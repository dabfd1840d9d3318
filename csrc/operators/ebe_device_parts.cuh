/// Where blocks meet: y += the guests' parts, one thread for a share of each node.
#pragma once
#include "operators/ebe_device_block.cuh"

namespace femcrust::FEMCRUST_DEVICE {

/// What one thread has of a node: 16 bytes of the columns in one direction.
template <class F, int W, bool Packed = kPackedRows<F>>
struct Share {
  using T = typename F::Real;
  static constexpr int N = W * sizeof(T) < 16 ? W : 16 / static_cast<int>(sizeof(T));
  static constexpr int kEach = 3 * W / N;  // shares of a node

  static __device__ __forceinline__ void load(const T* gY, std::size_t node, int share, T v[N]) {
    Columns<T, N>::load(gY + 3 * W * node + N * share, [&](int j, T value) { v[j] = value; });
  }
  static __device__ __forceinline__ void store(T* gY, std::size_t node, int share, const T v[N]) {
    Columns<T, N>::store(gY + 3 * W * node + N * share, [&](int j) { return v[j]; });
  }
  static __device__ __forceinline__ void load_part(const T* gParts, std::size_t row, int share,
                                                   T v[N]) {
    load(gParts, row, share, v);
  }
};
/// The whole node, where its numbers share words.
template <class F>
struct Share<F, 1, true> {
  using T = typename F::Real;
  static constexpr int N = 3, kEach = 1;

  static __device__ __forceinline__ void load(const typename F::Word* gY, std::size_t node, int,
                                              T v[3]) {
    F::load(gY + F::kWords * node, v);
  }
  static __device__ __forceinline__ void store(typename F::Word* gY, std::size_t node, int,
                                               const T v[3]) {
    F::store(gY + F::kWords * node, v);
  }
  static __device__ __forceinline__ void load_part(const T* gParts, std::size_t row, int, T v[3]) {
    for (int c = 0; c < 3; ++c) v[c] = gParts[3 * row + c];
  }
};

/// y += the guests' parts at nodes of more than one block, in the order of the blocks; y = 0 at
/// nodes of none.
template <class F, int W>
FEMCRUST_KERNEL void add_parts(const DeviceBody<typename F::Real> body, typename F::Word* gY) {
  using S = Share<F, W>;
  using T = typename F::Real;
  const DeviceBlocks& blocks = body.blocks;
  const std::size_t i = std::size_t{blockIdx.x} * blockDim.x + threadIdx.x;
  const std::size_t k = i / S::kEach;
  const int share = static_cast<int>(i % S::kEach);
  if (k >= static_cast<std::size_t>(blocks.n_met)) return;
  const std::size_t node = blocks.met[k];
  T sum[S::N] = {};
  for (int r = 0; r < blocks.most_guests; ++r) {
    const std::size_t at = static_cast<std::size_t>(blocks.row_begin[r]) + k;
    if (at >= static_cast<std::size_t>(blocks.row_begin[r + 1])) break;
    T part[S::N];
    if (r == 0) S::load(gY, node, share, sum);
    S::load_part(body.parts, static_cast<std::size_t>(blocks.rows[at]), share, part);
#pragma unroll
    for (int j = 0; j < S::N; ++j) sum[j] += part[j];
  }
  S::store(gY, node, share, sum);
}

/// y = 0 at nodes of more than one block, or of none: what atomics start from.
template <class F, int W>
FEMCRUST_KERNEL void clear_met(const DeviceBlocks blocks, typename F::Word* gY) {
  const std::size_t i = std::size_t{blockIdx.x} * blockDim.x + threadIdx.x;
  const std::size_t k = i / (3 * W);
  if (k < static_cast<std::size_t>(blocks.n_met))
    gY[std::size_t{blocks.met[k]} * (3 * W) + i % (3 * W)] = 0;
}

}  // namespace femcrust::FEMCRUST_DEVICE
