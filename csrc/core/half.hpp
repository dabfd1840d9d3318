/// Three 16-bit floats a node, 6 bytes: Bf16, the upper half of a float, and Fp16, binary16 of
/// [IEEE19]. By integers, so that every instruction set and device gives the same bits.
#pragma once
#include "core/float_bits.hpp"

namespace femcrust {

struct Bf16 {
  using Word = std::uint16_t;
  using Real = float;
  static constexpr int kWords = 3;
  static constexpr const char* kName = "bf16";
  static constexpr float kRoundoff = 0x1p-8f;
  static constexpr float kLargest = 0x1.fep127f;
  static constexpr float kSmallestNormal = 0x1p-126f;

  FEMCRUST_INLINE void load(const Word* node, Real v[3]) {
    for (int i = 0; i < 3; ++i) v[i] = float_of(static_cast<std::uint32_t>(node[i]) << 16);
  }
  FEMCRUST_INLINE void store(Word* node, const Real v[3]) {
    for (int i = 0; i < 3; ++i) node[i] = static_cast<Word>(rounded_off<16>(bits_of(v[i])));
  }
};

struct Fp16 {
  using Word = std::uint16_t;
  using Real = float;
  static constexpr int kWords = 3;
  static constexpr const char* kName = "fp16";
  static constexpr float kRoundoff = 0x1p-11f;
  static constexpr float kLargest = 65504;
  static constexpr float kSmallestNormal = 0x1p-14f;

  static constexpr int kDropped = 13;                 // fraction bits of a float less ours
  static constexpr std::uint32_t kRebias = 127 - 15;  // of exponents
  static constexpr std::uint32_t kHidden = 0x400, kInfinity = 0x7c00, kNan = 0x7e00;
  static constexpr std::uint32_t kNormalBits = (kRebias + 1) << kFractionBits;  // of 2^-14
  static constexpr std::uint32_t kHalfBits = 126u << kFractionBits;             // of 1/2

  FEMCRUST_INLINE Real widened(Word half) {
    const std::uint32_t magnitude = half & 0x7fffu;
    const std::uint32_t shifted = (magnitude << kDropped) + (kRebias << kFractionBits);
    const std::uint32_t special = shifted + (kRebias << kFractionBits);
    const std::uint32_t small =
        bits_of(static_cast<float>(static_cast<std::int32_t>(magnitude)) * 0x1p-24f);
    const std::uint32_t normal = magnitude < kInfinity ? shifted : special;
    const std::uint32_t sign = (half & 0x8000u) << 16;
    return float_of((magnitude < kHidden ? small : normal) | sign);
  }

  FEMCRUST_INLINE Word narrowed(Real value) {
    const std::uint32_t bits = bits_of(value), magnitude = bits & ~kSignBit;
    const std::uint32_t odd = magnitude >> kDropped & 1u;
    const std::uint32_t nearest = magnitude + (1u << (kDropped - 1)) - 1 + odd;
    const std::uint32_t normal = (nearest >> kDropped) - (kRebias << (kFractionBits - kDropped));
    // Multiples of 2^-24 are the low bits of 1/2 + |v|.
    const std::uint32_t small = bits_of(float_of(magnitude) + 0.5f) - kHalfBits;
    const std::uint32_t finite = normal < kInfinity ? normal : kInfinity - 1;
    const std::uint32_t special = kInfinityBits < magnitude ? kNan : kInfinity;
    const std::uint32_t large = magnitude < kInfinityBits ? finite : special;
    const std::uint32_t kept = magnitude < kNormalBits ? small : large;
    return static_cast<Word>(kept | (bits >> 16 & 0x8000u));
  }

  FEMCRUST_INLINE void load(const Word* node, Real v[3]) {
    for (int i = 0; i < 3; ++i) v[i] = widened(node[i]);
  }
  FEMCRUST_INLINE void store(Word* node, const Real v[3]) {
    for (int i = 0; i < 3; ++i) node[i] = narrowed(v[i]);
  }
};

}  // namespace femcrust
