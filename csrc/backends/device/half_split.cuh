/// Floats as sums of FP16 numbers for Tensor Cores: scaled by a power of two that brings the
/// largest of them near the largest of FP16, then rounded, and what rounding left rounded again.
#pragma once
#include "backends/device/launch.cuh"
#include "core/float_bits.hpp"

namespace femcrust::FEMCRUST_DEVICE {

__device__ __forceinline__ unsigned magnitude_bits(float value) {
  return bits_of(value) & ~kSignBit;
}

__device__ __forceinline__ unsigned larger(unsigned a, unsigned b) {
  return a > b ? a : b;
}

/// For numbers up to `most`: to_half brings them below 2¹⁵, where what rounding leaves of numbers
/// down to 2⁻²⁸ of the largest is no subnormal; from_half takes them back. Both are exact.
struct HalfScale {
  float to_half, from_half;

  static __device__ __forceinline__ HalfScale of(unsigned most_bits) {
    constexpr unsigned kAbove = 14;  // log₂ of what becomes of numbers in [1, 2) times their power
    const unsigned exponent = larger(most_bits >> kFractionBits, kAbove + 1);
    return {float_of((2 * kExponentBias + kAbove - exponent) << kFractionBits),
            float_of((exponent - kAbove) << kFractionBits)};
  }
};

/// value ≈ high, or high + low; 11 and 22 bits.
struct HalfPair {
  half high, low;

  static __device__ __forceinline__ HalfPair of(float value) {
    const half high = __float2half_rn(value);
    return {high, __float2half_rn(value - __half2float(high))};
  }
};

}  // namespace femcrust::FEMCRUST_DEVICE
