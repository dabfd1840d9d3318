/// What a warp of the product on Tensor Cores does: a constant matrix times nine numbers of each of
/// its 32 elements. See ebe_device_mma.hpp.
#pragma once
#include "backends/device/half_split.cuh"
#include "elements/tet10_product.hpp"

namespace femcrust::FEMCRUST_DEVICE {

constexpr int kModes = 9;     // d_1, d_2, d_3, then the six h_ik of tet10_product.hpp
constexpr int kMmaSide = 16;  // of the matrices that a warp multiplies
constexpr int kMmaSize = kMmaSide * kMmaSide;

/// Weight of node a in a mode: H̄ = Σ_k d_k ⊗ g_k with d_k the differences along the two pairs of
/// edges whose gradients hold g_k.
constexpr int mode_weight(int mode, int a) {
  if (mode < 3) {
    int weight = 0;
    for (int pair = 0; pair < 3; ++pair) {
      if (pair + mode == 2) continue;  // the sum of the other two gradients
      weight += (a == tet10::opposite(pair, 0)) - (a == tet10::opposite(pair, 1));
    }
    return weight;
  }
  const int p = mode - 3, i = tet10::second(p, 0), k = tet10::second(p, 1);
  const int end = i == k ? 1 + i : tet10::opposite(p - 3, 0);
  return (a == end) + (a == 0) - (a == tet10::spoke_node(i)) - (a == tet10::spoke_node(k));
}

/// The constant matrices, as kernels take them: [to modes, to forces][of high, of low numbers]. A
/// tile of factors holds nine rows of high numbers and, from row 9 on, of low ones; its first 16
/// rows meet the matrix of high numbers, rows 2 to 17 that of low ones.
struct ModeMatrices {
  signed char entries[4 * kMmaSize];
};
constexpr int kLowRow = 2;

constexpr ModeMatrices mode_matrices() {
  ModeMatrices m{};
  for (int mode = 0; mode < kModes; ++mode)
    for (int a = 0; a <= kModes; ++a)
      for (int low = 0; low < 2; ++low) {
        const int first = low * (kModes - kLowRow);
        const auto weight = static_cast<signed char>(mode_weight(mode, a));
        if (a > 0) m.entries[low * kMmaSize + kMmaSide * mode + first + a - 1] = weight;
        m.entries[(2 + low) * kMmaSize + kMmaSide * a + first + mode] = weight;
      }
  return m;
}

struct alignas(32) HalfMatrices {
  half of[4 * kMmaSize];
};

/// Factors in FP16, then products in their place. Rows are padded against bank conflicts.
template <int Splits>
struct alignas(32) WarpTile {
  static constexpr int kStride = kWarp + 8;
  static constexpr int kRows = Splits == 1 ? kMmaSide : 2 * kModes;
  float products[kMmaSide][kStride];  // [mode or node][element]

  __device__ __forceinline__ half* factors() { return reinterpret_cast<half*>(products); }

  /// Nine numbers of each lane into its column; returns what undoes their scale.
  __device__ __forceinline__ float put(const float v[kModes], int lane) {
    unsigned most = 0;
#pragma unroll
    for (int k = 0; k < kModes; ++k) most = larger(most, magnitude_bits(v[k]));
    const HalfScale scale = HalfScale::of(most);
    half* const column = factors() + lane;
#pragma unroll
    for (int k = 0; k < kModes; ++k) {
      const HalfPair pair = HalfPair::of(v[k] * scale.to_half);
      column[k * kStride] = pair.high;
      if constexpr (Splits == 2) column[(kModes + k) * kStride] = pair.low;
    }
#pragma unroll
    for (int k = Splits * kModes; k < kMmaSide; ++k) column[k * kStride] = __float2half_rn(0.0f);
    return scale.from_half;
  }

  /// products = matrix · factors. sMatrix: [2][16][16], of high and of low numbers
  __device__ __forceinline__ void multiply(const half* sMatrix) {
    using namespace nvcuda;
    constexpr int kParts = kWarp / kMmaSide;
    wmma::fragment<wmma::accumulator, kMmaSide, kMmaSide, kMmaSide, float> rSum[kParts];
    __syncwarp();
#pragma unroll
    for (int part = 0; part < kParts; ++part) wmma::fill_fragment(rSum[part], 0.0f);
#pragma unroll
    for (int low = 0; low < Splits; ++low) {
      wmma::fragment<wmma::matrix_a, kMmaSide, kMmaSide, kMmaSide, half, wmma::row_major> rMatrix;
      wmma::load_matrix_sync(rMatrix, sMatrix + low * kMmaSize, kMmaSide);
#pragma unroll
      for (int part = 0; part < kParts; ++part) {
        wmma::fragment<wmma::matrix_b, kMmaSide, kMmaSide, kMmaSide, half, wmma::row_major> rFactor;
        wmma::load_matrix_sync(rFactor, factors() + low * kLowRow * kStride + part * kMmaSide,
                               kStride);
        wmma::mma_sync(rSum[part], rMatrix, rFactor, rSum[part]);
      }
    }
    __syncwarp();
#pragma unroll
    for (int part = 0; part < kParts; ++part)
      wmma::store_matrix_sync(&products[0][part * kMmaSide], rSum[part], kStride,
                              wmma::mem_row_major);
    __syncwarp();
  }
};

/// C H̄ and T_i of one column.
template <int Splits, class Of, class U>
__device__ __forceinline__ void stresses_by_modes(WarpTile<Splits>& tile, const half* sMatrix,
                                                  int lane, U u, Of of, tet10::Stresses<float>& s) {
#pragma unroll
  for (int m = 0; m < 6; ++m) {
    s.mean[m] = 0;
#pragma unroll
    for (int i = 0; i < 3; ++i) s.change[i][m] = 0;
  }
#pragma unroll
  for (int c = 0; c < 3; ++c) {
    float v[kModes];
    const float origin = u(0, c);
#pragma unroll
    for (int k = 0; k < kModes; ++k) v[k] = u(1 + k, c) - origin;
    const float back = tile.put(v, lane);
    tile.multiply(sMatrix);
#pragma unroll
    for (int k = 0; k < kModes; ++k) v[k] = back * tile.products[k][lane];
    __syncwarp();
#pragma unroll
    for (int k = 0; k < 3; ++k) tet10::add_dyad(v[k], c, of, tet10::kGradient + 3 * k, s.mean);
#pragma unroll
    for (int p = 0; p < 6; ++p) {
      const int i = tet10::second(p, 0), k = tet10::second(p, 1);
      tet10::add_dyad(v[3 + p], c, of, tet10::kGradient + 3 * k, s.change[i]);
      if (i != k) tet10::add_dyad(v[3 + p], c, of, tet10::kGradient + 3 * i, s.change[k]);
    }
  }
  tet10::stress(of(tet10::kMeanLambda), of(tet10::kMeanMu), s.mean);
  tet10::stresses_of_changes(of, s.change);
}

/// add(a, c, f): the ten forces of one column in direction c.
template <int Splits, class Of, class Add>
__device__ __forceinline__ void forces_by_modes(WarpTile<Splits>& tile, const half* sMatrix,
                                                int lane, int c, const tet10::Stresses<float>& s,
                                                Of of, Add add) {
  float t[kModes];
#pragma unroll
  for (int k = 0; k < 3; ++k) t[k] = tet10::traction(s.mean, c, of, tet10::kGradient + 3 * k);
#pragma unroll
  for (int p = 0; p < 6; ++p) {
    const int i = tet10::second(p, 0), k = tet10::second(p, 1);
    t[3 + p] = tet10::traction(s.change[i], c, of, tet10::kGradient + 3 * k);
    if (i != k) t[3 + p] += tet10::traction(s.change[k], c, of, tet10::kGradient + 3 * i);
  }
  const float back = tile.put(t, lane);
  tile.multiply(sMatrix);
#pragma unroll
  for (int a = 0; a < tet10::kNodes; ++a) add(a, c, back * tile.products[a][lane]);
  __syncwarp();
}

}  // namespace femcrust::FEMCRUST_DEVICE
