/// Three 21-bit numbers in one 64-bit word: 1 sign, 8 exponent and 12 fraction bits each, which are
/// the upper 21 bits of a float [Ichimura18]. The range is that of a float; a node takes 8 bytes.
#pragma once
#include "core/float_bits.hpp"

namespace femcrust {

struct Fp21 {
  using Word = std::uint64_t;  // x | y << 21 | z << 42
  using Real = float;
  static constexpr int kWords = 1;
  static constexpr const char* kName = "fp21";
  static constexpr float kRoundoff = 0x1p-13f;
  static constexpr float kLargest = 0x1.fffp127f;
  static constexpr float kSmallestNormal = 0x1p-126f;

  static constexpr int kBits = 21, kDropped = 32 - kBits;
  static constexpr std::uint32_t kTop = ~0u << kDropped;

  FEMCRUST_INLINE void load(const Word* node, Real v[3]) {
    const Word word = *node;
    v[0] = float_of(static_cast<std::uint32_t>(word) << kDropped);
    v[1] = float_of(static_cast<std::uint32_t>(word >> (kBits - kDropped)) & kTop);
    v[2] = float_of(static_cast<std::uint32_t>(word >> (2 * kBits - kDropped)) & kTop);
  }

  FEMCRUST_INLINE void store(Word* node, const Real v[3]) {
    const Word x = rounded_off<kDropped>(bits_of(v[0]));
    const Word y = rounded_off<kDropped>(bits_of(v[1]));
    const Word z = rounded_off<kDropped>(bits_of(v[2]));
    *node = x | y << kBits | z << (2 * kBits);
  }
};

}  // namespace femcrust
