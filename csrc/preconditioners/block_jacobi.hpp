/// z = D⁻¹ r with the 3×3 diagonal blocks: the plainest preconditioner, and the yardstick.
#pragma once
#include <utility>

#include "backends/cpu.hpp"
#include "core/array.hpp"

namespace femcrust {

class BlockJacobi {
 public:
  explicit BlockJacobi(Array<double> inverse) : inverse_(std::move(inverse)) {}

  void apply(const Cpu& cpu, const Array<double>& r, Array<double>& z) const {
    const auto kernel = Cpu::vectors<double>().scale[size_slot(3)];
    cpu.for_ranges(static_cast<Index>(r.size() / 3), 1024, [&](Index first, Index last) {
      kernel(first, last, inverse_.data(), r.data(), z.data());
    });
  }
  std::size_t bytes() const { return inverse_.bytes(); }

 private:
  Array<double> inverse_;  // [n_nodes][3][3]
};

}  // namespace femcrust
