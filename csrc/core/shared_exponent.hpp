/// Three 18-bit integers and one exponent for all in a 64-bit word: v_i = m_i 2^(e − 127).
///
/// The largest component has 2^16 ≤ |m| < 2^17, so that each is wrong by 2^-17 of the largest at
/// most: sixteen times less than three separate 21-bit numbers, where components are alike.
#pragma once
#include "core/float_bits.hpp"

namespace femcrust {

struct Shared18 {
  using Word = std::uint64_t;  // m_x | m_y << 18 | m_z << 36 | e << 54, m in two's complement
  using Real = float;
  static constexpr int kWords = 1;
  static constexpr const char* kName = "shared18";
  static constexpr float kRoundoff = 0x1p-17f;  // of the node's largest component
  static constexpr float kLargest = 0x1.ffffp127f;
  static constexpr float kSmallestNormal = 0x1p-110f;  // of the largest: below, e stays 1

  static constexpr int kBits = 18;
  static constexpr std::uint32_t kMask = (1u << kBits) - 1;
  static constexpr int kLift = kBits - 2;  // from the quantum to the largest power of two
  static constexpr std::uint32_t kLargestFraction = 0x7fff80u;   // m = 2^17 − 1
  static constexpr std::uint32_t kHalfway = 0x400000u;           // 3/2 of a power of two
  static constexpr Word kNotANumber = Word{255} << (3 * kBits);  // 0 · ∞ when loaded

  /// m_i as the lowest bits of `from`.
  FEMCRUST_INLINE float component(std::uint32_t from, float quantum) {
    const auto m = static_cast<std::int32_t>(from << (32 - kBits)) >> (32 - kBits);
    return static_cast<float>(m) * quantum;
  }

  FEMCRUST_INLINE void load(const Word* node, Real v[3]) {
    const Word word = *node;
    const float quantum =
        float_of(static_cast<std::uint32_t>(word >> (3 * kBits)) << kFractionBits);
    v[0] = component(static_cast<std::uint32_t>(word), quantum);
    v[1] = component(static_cast<std::uint32_t>(word >> kBits), quantum);
    v[2] = component(static_cast<std::uint32_t>(word >> (2 * kBits)), quantum);
  }

  /// m: adding 3/2 · 2^23 quanta leaves the multiple nearest to v (ties to even) in the low bits.
  FEMCRUST_INLINE std::uint32_t mantissa(float v, float largest, std::uint32_t magic) {
    const float below = v < largest ? v : largest;
    const float within = below > -largest ? below : -largest;
    return (bits_of(within + float_of(magic)) - magic) & kMask;
  }

  /// A node that holds an infinity or a NaN becomes NaN in all three components.
  FEMCRUST_INLINE void store(Word* node, const Real v[3]) {
    std::int32_t top = 0;  // bits of the largest magnitude, which order like integers
    for (int i = 0; i < 3; ++i) {
      const auto magnitude = static_cast<std::int32_t>(bits_of(v[i]) & ~kSignBit);
      top = magnitude > top ? magnitude : top;
    }
    const std::int32_t exponent = top >> kFractionBits;
    // Large numbers are halved 16 times, so that the sum in `mantissa` stays finite.
    const bool large = exponent > kExponentBias;
    const std::int32_t floor = 1 + kLift;
    const std::int32_t lifted = exponent > floor ? exponent : floor;
    const std::int32_t lowered = large ? lifted - kLift : lifted;
    const float factor = large ? 0x1p-16f : 1.0f;
    const auto scaled = static_cast<std::uint32_t>(lowered) << kFractionBits;
    const float largest = float_of(scaled | kLargestFraction);
    const std::uint32_t magic =
        (scaled + (static_cast<std::uint32_t>(kFractionBits - kLift) << kFractionBits)) | kHalfway;
    const Word x = mantissa(v[0] * factor, largest, magic);
    const Word y = mantissa(v[1] * factor, largest, magic);
    const Word z = mantissa(v[2] * factor, largest, magic);
    const Word e = static_cast<Word>(static_cast<std::uint32_t>(lifted - kLift));
    const Word word = x | y << kBits | z << (2 * kBits) | e << (3 * kBits);
    *node = exponent < 255 ? word : kNotANumber;
  }
};

}  // namespace femcrust
