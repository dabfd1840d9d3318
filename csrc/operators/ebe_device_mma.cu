// The element product in float on Tensor Cores; see ebe_device_mma.hpp. No device has run it yet.
#include "operators/ebe_device_mma.hpp"

#include "operators/ebe_device_launch.cuh"
#include "operators/ebe_device_mma.cuh"

namespace femcrust::FEMCRUST_DEVICE {
namespace {

/// As the plain product in float with many columns.
using MmaTiling = Tiling<256, 1, 8, 2>;

/// Thread block (x, y) works on block x and the columns from y · kColumns on.
template <int W, int Splits>
FEMCRUST_KERNEL void __launch_bounds__(MmaTiling::kElements, MmaTiling::kBlocksEach)
    element_product_by_modes(const DeviceBody<float> body, const ModeMatrices matrices,
                             const float* gX, float* gY) {
  using Tile = MmaTiling;
  FEMCRUST_SHARED_DYNAMIC(double, memory);
  __shared__ WarpTile<Splits> sWarps[Tile::kElements / kWarp];
  __shared__ HalfMatrices sMatrices;
  const DeviceBlocks& blocks = body.blocks;
  const auto tiles = Tiles<float, Tile>::of(memory, blocks);
  const DeviceBlock block = blocks.blocks[blockIdx.x];
  const bool active = threadIdx.x < block.n_elements;
  const int lane = static_cast<int>(threadIdx.x) % kWarp;
  const int column = static_cast<int>(blockIdx.y) * Tile::kColumns;

  // ---- load
  DeviceElement<float> element{};
  load_block(tiles, body, blockIdx.x, block, element, [&] {
    for (unsigned i = threadIdx.x; i < 4 * kMmaSize; i += Tile::kElements)
      sMatrices.of[i] = __float2half_rn(matrices.entries[i]);
    load_rows<Fp32, W>(tiles, blocks.nodes + block.first_node, block.n_nodes, gX + column);
  });

  // ---- compute
  WarpTile<Splits>& tile = sWarps[threadIdx.x / kWarp];
  const half* const sToModes = sMatrices.of;
  const half* const sToForces = sToModes + 2 * kMmaSize;
#pragma unroll 1
  for (int j = 0; j < Tile::kColumns; ++j) {
    float* const sColumn = tiles.sValues + j * tiles.column;
    tet10::Stresses<float> stresses;
    stresses_by_modes(tile, sToModes, lane, ValueAt<float>{sColumn, element}, element, stresses);
#pragma unroll
    for (int c = 0; c < 3; ++c) {
      const ToSlot<float, Tile::kSlots> slots{tiles.sForces, element, c};
      forces_by_modes(tile, sToForces, lane, c, stresses, element, [&](int a, int d, float force) {
        if (active) slots(a, d, force);
      });
      __syncthreads();
      sum_slots<false>(tiles, block, c, sColumn);
      __syncthreads();
    }
  }

  // ---- store
  store_rows<Fp32, W, Between::owners>(tiles, block, body, column, gY);
}

template <int W, int Splits>
void product_by_modes(const DeviceBody<float>& body, const float* x, float* y) {
  require(body.blocks.most_elements <= MmaTiling::kElements,
          "device blocks: made for another tiling");
  FEMCRUST_LAUNCH((element_product_by_modes<W, Splits>),
                  dim3(static_cast<unsigned>(body.blocks.n_blocks), W / MmaTiling::kColumns),
                  MmaTiling::kElements, (Tiles<float, MmaTiling>::bytes(body.blocks)), body,
                  mode_matrices(), x, y);
  launch_add_parts<Fp32, W>(body, y);
}

}  // namespace

const DeviceMmaKernels ebe_mma_kernels = {{{product_by_modes<8, 1>, product_by_modes<16, 1>},
                                           {product_by_modes<8, 2>, product_by_modes<16, 2>}}};

}  // namespace femcrust::FEMCRUST_DEVICE
