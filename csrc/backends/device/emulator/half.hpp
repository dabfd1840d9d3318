/// binary16 numbers by their bits, with the rounding of cuda_fp16.h: to nearest, ties to even, and
/// to infinity beyond the largest.
#pragma once
#include <cstdint>

#include "backends/device/emulator/vectors.hpp"
#include "core/float_bits.hpp"
#include "core/half.hpp"

namespace femcrust::emulator {

struct __half {
  std::uint16_t bits;

  __half() = default;
  __half(float value) : bits(rounded(value)) {}
  __half(double value) : __half(static_cast<float>(value)) {}
  __half(int value) : __half(static_cast<float>(value)) {}
  operator float() const { return Fp16::widened(bits); }

 private:
  static constexpr float kFirstInfinite = 65520;  // half way beyond the largest, a tie to even
  static std::uint16_t rounded(float value) {
    const std::uint16_t kept = Fp16::narrowed(value);
    const bool infinite = !(-kFirstInfinite < value && value < kFirstInfinite) && value == value;
    return infinite ? static_cast<std::uint16_t>((kept & 0x8000u) | Fp16::kInfinity) : kept;
  }
};
using half = __half;

struct alignas(4) __half2 {
  __half x, y;
};
using half2 = __half2;

static inline __half __float2half(float value) {
  return value;
}
static inline __half __float2half_rn(float value) {
  return value;
}
static inline __half __double2half(double value) {
  return value;
}
static inline float __half2float(__half value) {
  return value;
}
static inline __half2 __floats2half2_rn(float x, float y) {
  return {x, y};
}
static inline __half2 __halves2half2(__half x, __half y) {
  return {x, y};
}
static inline __half2 __half2half2(__half x) {
  return {x, x};
}
static inline float2 __half22float2(__half2 v) {
  return {v.x, v.y};
}
static inline __half __low2half(__half2 v) {
  return v.x;
}
static inline __half __high2half(__half2 v) {
  return v.y;
}
static inline __half __ushort_as_half(std::uint16_t bits) {
  __half value;
  value.bits = bits;
  return value;
}
static inline std::uint16_t __half_as_ushort(__half value) {
  return value.bits;
}

}  // namespace femcrust::emulator
