/// z = D⁻¹ r with the 3×3 diagonal blocks: the plainest preconditioner, and the yardstick.
#pragma once
#include <utility>

#include "operators/nodal_vectors.hpp"

namespace femcrust {

class BlockJacobi {
 public:
  static constexpr int kMostColumns = femcrust::kMostColumns;

  explicit BlockJacobi(Array<double> inverse) : inverse_(std::move(inverse)) {}

  void apply(const Cpu& cpu, int width, const PerColumn&, const Array<double>& r,
             Array<double>& z) const {
    const auto kernel = nodal_kernels<Fp64>(width).scale;
    cpu.for_ranges(static_cast<Index>(inverse_.size() / 6), 1024, [&](Index first, Index last) {
      kernel(first, last, inverse_.data(), r.data(), z.data());
    });
  }
  std::size_t bytes() const { return inverse_.bytes(); }

 private:
  Array<double> inverse_;  // [n_nodes][6]
};

}  // namespace femcrust
