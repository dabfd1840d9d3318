/// How matrices of multigrid's assembled levels keep their numbers: floats in 16 bits as multiples
/// of a unit of their row, doubles as they are. A row's sum times its unit is the product.
///
/// The unit is a power of two, of which the row's largest number has 2¹⁴ to 2¹⁵. An entry is off by
/// 3e-5 of the largest at most, far less than what a cycle leaves of an error, and a cycle reads
/// half the bytes. Multiples of one unit, not half-precision floats: what rounding takes from a
/// row's sum is set by the row's largest entry.
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
  static constexpr float kMost = 32767;
  static constexpr std::uint32_t kBits = 14;
  static constexpr std::uint32_t kBias = kExponentBias;
  static constexpr std::uint32_t kLeast = (kBias - 100) << kFractionBits;  // rows below 2⁻¹⁰⁰ are 0

  /// Of the largest magnitude of a row, as bits: these order infinity and NaN above all numbers.
  FEMCRUST_INLINE std::uint32_t magnitude(float value) { return bits_of(value) & ~kSignBit; }

  /// Of a row with infinity or NaN nothing is left but NaN.
  FEMCRUST_INLINE float unit(std::uint32_t largest) {
    if (largest >= kInfinityBits) return float_of(kNanBits);
    return largest < kLeast ? 0.0f
                            : float_of(((largest >> kFractionBits) - kBits) << kFractionBits);
  }
  /// Its inverse; 0 where a row has none.
  FEMCRUST_INLINE float per_unit(std::uint32_t largest) {
    if (largest >= kInfinityBits || largest < kLeast) return 0.0f;
    return float_of((2 * kBias + kBits - (largest >> kFractionBits)) << kFractionBits);
  }
  /// The nearest multiple; `per` is that of its row.
  FEMCRUST_INLINE Stored stored(float value, float per) {
    if (per == 0.0f) return 0;
    const float multiple = value * per;
    const float magnitude = multiple < 0 ? 0.5f - multiple : 0.5f + multiple;
    const auto whole = static_cast<Stored>(magnitude < kMost ? magnitude : kMost);
    return static_cast<Stored>(multiple < 0 ? -whole : whole);
  }
};

}  // namespace femcrust
