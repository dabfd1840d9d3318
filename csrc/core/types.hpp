/// Integer types by role, and the qualifiers of functions that are inlined everywhere.
#pragma once
#include <cstddef>
#include <cstdint>

#include "core/hd.hpp"

namespace femcrust {

using Index = std::int32_t;        // local: nodes, elements, degrees of freedom of one rank
using GlobalIndex = std::int64_t;  // sums over ranks, and products of local sizes

/// Internal linkage and always inlined: kernels are compiled once for each instruction set, and the
/// linker must never take one set's copy of a function for another's.
#define FEMCRUST_INLINE FEMCRUST_HD static inline __attribute__((always_inline))
/// The same for members that read their object.
#define FEMCRUST_INLINE_MEMBER FEMCRUST_HD inline __attribute__((always_inline))

}  // namespace femcrust
