/// The bits of a float [IEEE19], and rounding to nearest, ties to even, by integers only.
///
/// Kernels are compiled with fast-math, which may reorder sums and products of floats; what stands
/// on integers keeps its meaning under any flags.
#pragma once
#include "core/types.hpp"

namespace femcrust {

constexpr std::uint32_t kSignBit = 0x80000000u;
constexpr std::uint32_t kInfinityBits = 0x7f800000u;
constexpr std::uint32_t kNanBits = 0x7fc00000u;  // a quiet one
constexpr int kFractionBits = 23;
constexpr int kExponentBias = 127;

FEMCRUST_INLINE std::uint32_t bits_of(float value) {
  return __builtin_bit_cast(std::uint32_t, value);
}
FEMCRUST_INLINE float float_of(std::uint32_t bits) {
  return __builtin_bit_cast(float, bits);
}

/// A float without its lowest D bits. A finite number stays finite: what would round up to infinity
/// is the largest number with those bits zero. Infinity stays; every NaN is a quiet one.
template <int D>
FEMCRUST_INLINE std::uint32_t rounded_off(std::uint32_t bits) {
  constexpr std::uint32_t kHalf = (1u << (D - 1)) - 1, kLargest = kInfinityBits - (1u << D);
  const std::uint32_t magnitude = bits & ~kSignBit;
  const std::uint32_t nearest = magnitude + kHalf + (magnitude >> D & 1u);
  const std::uint32_t finite = nearest < kLargest ? nearest : kLargest;
  const std::uint32_t special = kInfinityBits < magnitude ? kNanBits : kInfinityBits;
  const std::uint32_t kept = magnitude < kInfinityBits ? finite : special;
  return (kept | (bits & kSignBit)) >> D;
}

}  // namespace femcrust
