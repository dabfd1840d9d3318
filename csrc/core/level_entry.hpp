/// How matrices of multigrid's assembled levels keep their numbers: floats in 16 bits as parts of
/// the largest of their row, doubles as they are. A row's sum times its unit is the product.
///
/// An entry is off by 1.5e-5 of its row's largest at most, far less than what a cycle leaves of an
/// error, and a cycle reads half the bytes. Parts of one unit, not half-precision floats: what
/// rounding takes from a row's sum is set by the row's largest entry.
#pragma once
#include "core/float_bits.hpp"

namespace femcrust {

template <class T>
struct LevelEntry {
  using Stored = T;
  FEMCRUST_INLINE std::uint32_t magnitude(T) { return 0; }
  FEMCRUST_INLINE T unit(std::uint32_t) { return 1; }
  FEMCRUST_INLINE T per_unit(std::uint32_t) { return 1; }
  FEMCRUST_INLINE Stored stored(T value, T) { return value; }
};

template <>
struct LevelEntry<float> {
  using Stored = std::int16_t;
  static constexpr float kWhole = 32767;
  static constexpr float kLeast = 0x1p-100f;  // rows below are zero: 1 / unit must be finite

  /// Of the largest magnitude of a row, as bits: these order infinity and NaN above all numbers.
  FEMCRUST_INLINE std::uint32_t magnitude(float value) { return bits_of(value) & ~kSignBit; }

  /// What one part is worth. Of a row with infinity or NaN nothing is left but NaN.
  FEMCRUST_INLINE float unit(std::uint32_t largest) {
    if (largest >= kInfinityBits) return float_of(kNanBits);
    return float_of(largest) < kLeast ? 0.0f : float_of(largest) / kWhole;
  }
  /// Parts that one is worth; 0 where a row has none.
  FEMCRUST_INLINE float per_unit(std::uint32_t largest) {
    const bool any = largest < kInfinityBits && !(float_of(largest) < kLeast);
    return any ? kWhole / float_of(largest) : 0.0f;
  }
  /// The nearest part; `per` is that of its row.
  FEMCRUST_INLINE Stored stored(float value, float per) {
    if (per == 0.0f) return 0;
    const float parts = value * per;
    return static_cast<Stored>(parts + (parts < 0 ? -0.5f : 0.5f));
  }
};

}  // namespace femcrust
