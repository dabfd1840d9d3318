/// Operations of a warp: every lane gives a value, and takes another lane's or all lanes'.
///
/// A lane that does not take part, or has returned, gives NaN bytes: its value is undefined.
#pragma once
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "backends/device/emulator/block.hpp"

namespace femcrust::emulator {

inline void meet(Lane*, unsigned) {}

inline void exchange_values(Lane* warp, unsigned mask) {
  constexpr std::uint64_t kUndefined = ~std::uint64_t{0};
  for (int k = 0; k < kLanes; ++k) {
    const Lane& from = warp[warp[k].source];
    const bool given = (mask >> warp[k].source & 1u) && from.waits == Waits::for_warp;
    if (warp[k].waits == Waits::for_warp && (mask >> k & 1u)) {
      warp[k].result = given ? from.value : kUndefined;
    }
  }
}

inline void gather_votes(Lane* warp, unsigned mask) {
  std::uint64_t votes = 0;
  for (int k = 0; k < kLanes; ++k) {
    const bool counts = (mask >> k & 1u) && warp[k].waits == Waits::for_warp;
    if (counts && warp[k].value != 0) votes |= std::uint64_t{1} << k;
  }
  for (int k = 0; k < kLanes; ++k) {
    if (mask >> k & 1u) warp[k].result = votes;
  }
}

template <class T>
static inline T taken_from(unsigned mask, T value, int source) {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= sizeof(std::uint64_t));
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof value);
  bits = exchanged(mask, exchange_values, bits, source);
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

/// Types and bounds of CUDA: `width` divides a warp in groups; a source outside is the lane itself.
static inline int own_lane() {
  return running.number % kLanes;
}

static inline void __syncwarp(unsigned mask = 0xffffffffu) {
  exchanged(mask, meet);
}

template <class T>
static inline T __shfl_sync(unsigned mask, T value, int source, int width = kLanes) {
  const int group = own_lane() & ~(width - 1);
  return taken_from(mask, value, group + (source & (width - 1)));
}
template <class T>
static inline T __shfl_xor_sync(unsigned mask, T value, int bits, int width = kLanes) {
  const int own = own_lane(), source = own ^ bits;
  return taken_from(mask, value, source < (own & ~(width - 1)) + width ? source : own);
}
template <class T>
static inline T __shfl_down_sync(unsigned mask, T value, unsigned distance, int width = kLanes) {
  const int own = own_lane(), source = own + static_cast<int>(distance);
  return taken_from(mask, value, source < (own & ~(width - 1)) + width ? source : own);
}
template <class T>
static inline T __shfl_up_sync(unsigned mask, T value, unsigned distance, int width = kLanes) {
  const int own = own_lane(), source = own - static_cast<int>(distance);
  return taken_from(mask, value, source >= (own & ~(width - 1)) ? source : own);
}

static inline unsigned __ballot_sync(unsigned mask, int holds) {
  return static_cast<unsigned>(exchanged(mask, gather_votes, holds != 0));
}
static inline int __any_sync(unsigned mask, int holds) {
  return __ballot_sync(mask, holds) != 0;
}
static inline int __all_sync(unsigned mask, int holds) {
  return __ballot_sync(mask, !holds) == 0;
}

}  // namespace femcrust::emulator
