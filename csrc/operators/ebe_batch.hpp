/// What the element products read of sixteen elements. Included by ebe_kernels.cpp only.
#pragma once
#include "core/lanes.hpp"
#include "elements/tet10_product.hpp"
#include "operators/ebe_kernels.hpp"

namespace femcrust::FEMCRUST_ISA {
namespace {

#if defined(__AVX512F__)
constexpr int kVectorBytes = 64;
#elif defined(__AVX__)
constexpr int kVectorBytes = 32;
#else
constexpr int kVectorBytes = 16;
#endif
constexpr int kLanes = 16;  // elements side by side in memory

/// Elements that one vector register holds.
template <class T>
constexpr int kAtOnce = kVectorBytes / sizeof(T) < 4 ? 4 : kVectorBytes / sizeof(T);

/// The data of 16 elements: [kData][kLanes].
template <class T>
struct alignas(64) BatchData {
  T of[tet10::kData + 1][kLanes];  // the last row: vectors may read past an element's neighbours

  FEMCRUST_INLINE void fill(const EbeBlock<T>& block, std::size_t batch, BatchData& out) {
    constexpr int N = kAtOnce<T>;
    using V = Lanes<T, N>;
    const T* const gradients = block.gradients + batch * 9 * kLanes;
    const T* const moduli = block.moduli + batch * 2 * kLanes;
    for (int lane = 0; lane < kLanes; lane += N) {
      V g[9], data[tet10::kData];
      for (int k = 0; k < 9; ++k) g[k] = load<T, N>(gradients + k * kLanes + lane);
      tet10::product_data(g, load<T, N>(moduli + lane), load<T, N>(moduli + kLanes + lane), data);
      for (int k = 0; k < tet10::kData; ++k) store<T, N>(out.of[k] + lane, data[k]);
    }
  }
};

}  // namespace
}  // namespace femcrust::FEMCRUST_ISA
