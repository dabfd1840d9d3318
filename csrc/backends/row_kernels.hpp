/// Listed rows of a vector on a device, to and from a table of them alone. Rows are copied as they
/// are, in units of two bytes, the least that a format has.
#pragma once
#include <cstdint>

#include "core/types.hpp"

namespace femcrust {

struct RowKernels {
  using Unit = std::uint16_t;
  /// table[k] = from[rows[k]], rows of `units`
  void (*gather)(Index n, const Index* rows, std::size_t units, const Unit* from, Unit* table);
  /// to[rows[k]] = table[k];  a null table: zero
  void (*scatter)(Index n, const Index* rows, std::size_t units, const Unit* table, Unit* to);
};

namespace cuda {
extern const RowKernels row_kernels;
}
namespace emulated {
extern const RowKernels row_kernels;
}

}  // namespace femcrust
