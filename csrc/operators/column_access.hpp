/// One node's three components of one column out of W: what a thread of a device works on.
#pragma once
#include "core/formats.hpp"

namespace femcrust {

template <class F, int W>
FEMCRUST_INLINE void load_column(const typename F::Word* v, Index node, int column,
                                 typename F::Real out[3]) {
  if constexpr (W == 1) {
    F::load(v + static_cast<std::size_t>(node) * F::kWords, out);
  } else {
    const typename F::Word* const from = v + static_cast<std::size_t>(node) * 3 * W + column;
    for (int i = 0; i < 3; ++i) out[i] = from[i * W];
  }
}

template <class F, int W>
FEMCRUST_INLINE void store_column(typename F::Word* v, Index node, int column,
                                  const typename F::Real value[3]) {
  if constexpr (W == 1) {
    F::store(v + static_cast<std::size_t>(node) * F::kWords, value);
  } else {
    typename F::Word* const to = v + static_cast<std::size_t>(node) * 3 * W + column;
    for (int i = 0; i < 3; ++i) to[i * W] = value[i];
  }
}

}  // namespace femcrust
