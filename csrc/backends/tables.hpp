/// Which table of kernels serves a backend: on the host that of the best instruction set, on a
/// device that of its compiler.
#pragma once
#include <type_traits>

#include "backends/cpu.hpp"
#include "backends/cuda.hpp"

#define FEMCRUST_KERNELS(Backend, table)      \
  ([]() -> const auto& {                      \
    if constexpr (Backend::kOnHost)           \
      return FEMCRUST_FOR_THIS_CPU(table);    \
    else                                      \
      return FEMCRUST_FOR_THIS_DEVICE(table); \
  }())

namespace femcrust {

/// The entry of a table that serves T.
template <class T, class Tables>
const auto& in_precision(const Tables& tables) {
  if constexpr (sizeof(T) == sizeof(float))
    return tables.single;
  else
    return tables.twofold;
}

}  // namespace femcrust
