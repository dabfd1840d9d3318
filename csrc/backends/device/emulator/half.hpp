/// binary16 numbers by their bits, with the rounding of cuda_fp16.h: to nearest, ties to even, and
/// to infinity beyond the largest.
#pragma once
#include <cstdint>

#include "backends/device/emulator/vectors.hpp"
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
    const bool infinite = value >= kFirstInfinite || value <= -kFirstInfinite;
    return infinite ? static_cast<std::uint16_t>((kept & 0x8000u) | Fp16::kInfinity) : kept;
  }
};
using half = __half;

struct alignas(4) __half2 {
  __half x, y;
};
using half2 = __half2;

/// A float has more than twice the digits: rounded twice, results are those of one rounding.
#define FEMCRUST_HALF_OPERATION(symbol, name)                \
  static inline __half operator symbol(__half a, __half b) { \
    return float(a) symbol float(b);                         \
  }                                                          \
  static inline __half name(__half a, __half b) {            \
    return a symbol b;                                       \
  }                                                          \
  static inline __half2 name##2(__half2 a, __half2 b) {      \
    return {a.x symbol b.x, a.y symbol b.y};                 \
  }
FEMCRUST_HALF_OPERATION(+, __hadd)
FEMCRUST_HALF_OPERATION(-, __hsub)
FEMCRUST_HALF_OPERATION(*, __hmul)
#undef FEMCRUST_HALF_OPERATION

static inline __half __hfma(__half a, __half b, __half c) {
  return static_cast<double>(float(a)) * float(b) + float(c);  // the product is exact
}
static inline __half2 __hfma2(__half2 a, __half2 b, __half2 c) {
  return {__hfma(a.x, b.x, c.x), __hfma(a.y, b.y, c.y)};
}

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
static inline __half2 __float22half2_rn(float2 v) {
  return {v.x, v.y};
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
