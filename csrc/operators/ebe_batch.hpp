/// What the element products read of sixteen elements. For kernels of one instruction set only.
#pragma once
#include "core/lanes.hpp"
#include "elements/tet10_product.hpp"
#include "operators/ebe_kernels.hpp"

namespace femcrust::FEMCRUST_ISA {
namespace {

constexpr int kLanes = 16;  // elements side by side in memory

/// Elements that one vector register holds.
template <class T>
constexpr int kAtOnce = kVectorBytes / sizeof(T) < 4 ? 4 : kVectorBytes / sizeof(T);

/// Gradients of L_1, L_2, L_3 by the cofactors of the edges from vertex 0 (elements/geometry.hpp);
/// returns six times the volume. Elements of equal vertices get zero.
template <int N>
FEMCRUST_INLINE Lanes<double, N> element_shapes(const EbeBlock<double>& block, std::size_t batch,
                                                int lane, Lanes<double, N> g[9]) {
  using V = Lanes<double, N>;
  const std::uint16_t* const local = block.local + batch * 10 * kLanes + lane;
  V x[4][3];
  for (int a = 0; a < 4; ++a) {
    Index node[N];
    for (int i = 0; i < N; ++i) node[i] = block.nodes[local[a * kLanes + i]];
    Transpose<double, N>::gather(block.data.vertices, node, x[a]);
  }
  for (int j = 1; j < 4; ++j)
    for (int k = 0; k < 3; ++k) x[j][k] -= x[0][k];
  for (int j = 0; j < 3; ++j) {
    const V* const p = x[1 + (j + 1) % 3];
    const V* const q = x[1 + (j + 2) % 3];
    for (int k = 0; k < 3; ++k)
      g[3 * j + k] = p[(k + 1) % 3] * q[(k + 2) % 3] - p[(k + 2) % 3] * q[(k + 1) % 3];
  }
  const V det = x[1][0] * g[0] + x[1][1] * g[1] + x[1][2] * g[2];
  const V inverse = det == V{} ? V{} : 1 / det;
  for (int k = 0; k < 9; ++k) g[k] *= inverse;
  return det;
}

/// The data of 16 elements: [kData][kLanes].
template <class T>
struct alignas(64) BatchData {
  T of[tet10::kData + 1][kLanes];  // the last row: vectors may read past an element's neighbours

  FEMCRUST_INLINE void fill(const EbeBlock<T>& block, std::size_t batch, BatchData& out) {
    constexpr int N = kAtOnce<T>;
    using V = Lanes<T, N>;
    for (int lane = 0; lane < kLanes; lane += N) {
      V g[9], lam, mu, data[tet10::kData];
      read<N>(block, batch, lane, g, lam, mu);
      tet10::product_data(g, lam, mu, data);
      for (int k = 0; k < tet10::kData; ++k) store<T, N>(out.of[k] + lane, data[k]);
    }
  }

  /// Gradients of L_1, L_2, L_3, and V/20 λ and V/20 μ.
  template <int N>
  FEMCRUST_INLINE void read(const EbeBlock<float>& block, std::size_t batch, int lane,
                            Lanes<float, N> g[9], Lanes<float, N>& lam, Lanes<float, N>& mu) {
    const float* const gradients = block.data.gradients + batch * 9 * kLanes + lane;
    const float* const moduli = block.data.moduli + batch * 2 * kLanes + lane;
    for (int k = 0; k < 9; ++k) g[k] = load<float, N>(gradients + k * kLanes);
    lam = load<float, N>(moduli);
    mu = load<float, N>(moduli + kLanes);
  }

  template <int N>
  FEMCRUST_INLINE void read(const EbeBlock<double>& block, std::size_t batch, int lane,
                            Lanes<double, N> g[9], Lanes<double, N>& lam, Lanes<double, N>& mu) {
    using V = Lanes<double, N>;
    const V det = element_shapes<N>(block, batch, lane, g);
    const V weight = det * (1 / (120 * block.data.unit));
    const std::size_t first = batch * kLanes + static_cast<std::size_t>(lane);
    lam = weight * load<double, N>(block.data.lam + first);
    mu = weight * load<double, N>(block.data.mu + first);
  }
};

}  // namespace
}  // namespace femcrust::FEMCRUST_ISA
