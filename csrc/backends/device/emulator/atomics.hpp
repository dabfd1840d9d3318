/// Atomic operations and hints of CUDA; threads take turns here, so that plain ones do.
#pragma once
#include <cstring>

namespace femcrust::emulator {

template <class T, class Update>
static inline T replaced(T* address, Update update) {
  const T old = *address;
  *address = update(old);
  return old;
}

#define FEMCRUST_ATOMIC(T, name, expression)                     \
  static inline T name(T* address, T value) {                    \
    return replaced(address, [=](T old) { return expression; }); \
  }
#define FEMCRUST_ATOMICS_OF_INTEGERS(T)                                            \
  FEMCRUST_ATOMIC(T, atomicAdd, static_cast<T>(old + value))                       \
  FEMCRUST_ATOMIC(T, atomicExch, (static_cast<void>(old), value))                  \
  FEMCRUST_ATOMIC(T, atomicMax, old < value ? value : old)                         \
  FEMCRUST_ATOMIC(T, atomicMin, value < old ? value : old)                         \
  FEMCRUST_ATOMIC(T, atomicAnd, old& value)                                        \
  FEMCRUST_ATOMIC(T, atomicOr, old | value)                                        \
  static inline T atomicCAS(T* address, T compare, T value) {                      \
    return replaced(address, [=](T old) { return old == compare ? value : old; }); \
  }
FEMCRUST_ATOMICS_OF_INTEGERS(int)
FEMCRUST_ATOMICS_OF_INTEGERS(unsigned)
FEMCRUST_ATOMICS_OF_INTEGERS(unsigned long long)
FEMCRUST_ATOMIC(int, atomicSub, old - value)
FEMCRUST_ATOMIC(unsigned, atomicSub, old - value)
FEMCRUST_ATOMIC(float, atomicAdd, old + value)
FEMCRUST_ATOMIC(double, atomicAdd, old + value)
FEMCRUST_ATOMIC(float, atomicExch, (static_cast<void>(old), value))
#undef FEMCRUST_ATOMICS_OF_INTEGERS
#undef FEMCRUST_ATOMIC

static inline void __threadfence() {}
static inline void __threadfence_block() {}

template <class T>
static inline T __ldg(const T* address) {
  return *address;
}
template <class T>
static inline T __ldcs(const T* address) {
  return *address;
}
template <class T>
static inline T __ldcg(const T* address) {
  return *address;
}
template <class T>
static inline void __stcs(T* address, T value) {
  *address = value;
}

template <class To, class From>
static inline To same_bits(From value) {
  static_assert(sizeof(To) == sizeof(From));
  To result;
  std::memcpy(&result, &value, sizeof result);
  return result;
}
static inline int __float_as_int(float v) {
  return same_bits<int>(v);
}
static inline unsigned __float_as_uint(float v) {
  return same_bits<unsigned>(v);
}
static inline float __int_as_float(int v) {
  return same_bits<float>(v);
}
static inline float __uint_as_float(unsigned v) {
  return same_bits<float>(v);
}
static inline long long __double_as_longlong(double v) {
  return same_bits<long long>(v);
}
static inline double __longlong_as_double(long long v) {
  return same_bits<double>(v);
}
static inline int __popc(unsigned v) {
  return __builtin_popcount(v);
}
static inline int __ffs(int v) {
  return __builtin_ffs(v);
}
static inline int __clz(int v) {
  return v == 0 ? 32 : __builtin_clz(static_cast<unsigned>(v));
}

}  // namespace femcrust::emulator
