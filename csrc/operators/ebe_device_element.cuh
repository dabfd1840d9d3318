/// One element of the product on a device: what its thread keeps, where its values and forces are,
/// and its stress between them.
#pragma once
#include "backends/device/launch.cuh"
#include "elements/tet10_product.hpp"
#include "operators/ebe_device.hpp"

namespace femcrust::FEMCRUST_DEVICE {

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
  __device__ __forceinline__ void shape_of(const double* const corner[4], const T moduli[2]) {
    T e[3][3];
#pragma unroll
    for (int j = 0; j < 3; ++j)
#pragma unroll
      for (int k = 0; k < 3; ++k) e[j][k] = static_cast<T>(corner[j + 1][k] - corner[0][k]);
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

  __device__ __forceinline__ void shape(const double* sVertices, const T moduli[2]) {
    const double* corner[4];
#pragma unroll
    for (int i = 0; i < 4; ++i) corner[i] = row(sVertices, i);
    shape_of(corner, moduli);
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

}  // namespace femcrust::FEMCRUST_DEVICE
