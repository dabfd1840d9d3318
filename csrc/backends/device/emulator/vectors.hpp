/// CUDA's small vectors, with the alignment that makes their loads one instruction there.
#pragma once
#include <cstdint>

namespace femcrust::emulator {

struct dim3 {
  unsigned x, y, z;
  constexpr dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
};

#define FEMCRUST_VECTORS(T, name)                              \
  struct alignas(2 * sizeof(T)) name##2 {                      \
    T x, y;                                                    \
  };                                                           \
  struct name##3 {                                             \
    T x, y, z;                                                 \
  };                                                           \
  struct alignas(sizeof(T) < 4 ? 4 * sizeof(T) : 16) name##4 { \
    T x, y, z, w;                                              \
  };                                                           \
  static inline name##2 make_##name##2(T x, T y) {             \
    return {x, y};                                             \
  }                                                            \
  static inline name##3 make_##name##3(T x, T y, T z) {        \
    return {x, y, z};                                          \
  }                                                            \
  static inline name##4 make_##name##4(T x, T y, T z, T w) {   \
    return {x, y, z, w};                                       \
  }

FEMCRUST_VECTORS(float, float)
FEMCRUST_VECTORS(double, double)
FEMCRUST_VECTORS(int, int)
FEMCRUST_VECTORS(unsigned, uint)
FEMCRUST_VECTORS(std::int16_t, short)
FEMCRUST_VECTORS(std::uint16_t, ushort)
FEMCRUST_VECTORS(long long, longlong)
FEMCRUST_VECTORS(unsigned long long, ulonglong)
#undef FEMCRUST_VECTORS

}  // namespace femcrust::emulator
