/// One node's three components of W columns, between a stored vector and numbers to compute with.
#pragma once
#include "core/formats.hpp"

namespace femcrust {

template <class F, int W>
FEMCRUST_INLINE void load_node(const typename F::Word* v, Index node, typename F::Real out[3 * W]) {
  if constexpr (W == 1) {
    F::load(v + static_cast<std::size_t>(node) * F::kWords, out);
  } else {
    const typename F::Word* const from = v + static_cast<std::size_t>(node) * 3 * W;
    for (int i = 0; i < 3 * W; ++i) out[i] = from[i];
  }
}

template <class F, int W>
FEMCRUST_INLINE void store_node(typename F::Word* v, Index node,
                                const typename F::Real value[3 * W]) {
  if constexpr (W == 1) {
    F::store(v + static_cast<std::size_t>(node) * F::kWords, value);
  } else {
    typename F::Word* const to = v + static_cast<std::size_t>(node) * 3 * W;
    for (int i = 0; i < 3 * W; ++i) to[i] = value[i];
  }
}

}  // namespace femcrust
