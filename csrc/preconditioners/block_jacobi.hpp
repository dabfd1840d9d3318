/// z = D⁻¹ r with the 3×3 diagonal blocks: the plainest preconditioner, and the yardstick.
#pragma once
#include <utility>

#include "operators/nodal_vectors.hpp"

namespace femcrust {

template <class B>
class BlockJacobi {
 public:
  static constexpr int kMostColumns = femcrust::kMostColumns;

  explicit BlockJacobi(ArrayOn<B, double> inverse) : inverse_(std::move(inverse)) {}

  void apply(const B& backend, int width, const PerColumn&, const ArrayOn<B, double>& r,
             ArrayOn<B, double>& z) const {
    const auto kernel = nodal_kernels<B, Fp64>(width).scale;
    backend.for_ranges(static_cast<Index>(inverse_.size() / 6), 1024, [&](Index first, Index last) {
      kernel(first, last, inverse_.data(), r.data(), z.data());
    });
  }
  std::size_t bytes() const { return inverse_.bytes(); }

 private:
  ArrayOn<B, double> inverse_;  // [n_nodes][6]
};

}  // namespace femcrust
