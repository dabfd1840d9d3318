/// diagonal_blocks.hpp on a device: sums over elements, surface rows, what boundaries hold,
/// inverse.
#pragma once
#include <string>
#include <vector>

#include "operators/constraints.hpp"
#include "operators/diagonal_kernels.hpp"
#include "operators/elastic_ebe_cuda.hpp"
#include "operators/element_sums.hpp"
#include "operators/surface_rows.hpp"

namespace femcrust {

/// A body with room for sums of its elements, for as long as they are made.
template <class T>
class BodyForSums {
 public:
  explicit BodyForSums(const ElasticEbe<T, Cuda>& elements) : body_(elements.body(1)) {
    parts_ = DeviceArray<T>(kMostSums * static_cast<std::size_t>(body_.blocks.n_parts));
    body_.parts = parts_.data();
  }
  const DeviceBody<T>& operator*() const { return body_; }

 private:
  DeviceBody<T> body_;
  DeviceArray<T> parts_;
};

/// Diagonal blocks of surface rows in multiples of `unit`, and their nodes.
struct SurfaceDiagonal {
  std::vector<Index> nodes;
  std::vector<double> blocks;  // [nodes][6]

  SurfaceDiagonal(const SurfaceRows& surface, double unit) {
    surface.for_each([&](Index row, Index column, const double* block) {
      if (row != column) return;
      nodes.push_back(row);
      constexpr int kFirst[6] = {0, 1, 2, 0, 0, 1}, kSecond[6] = {0, 1, 2, 1, 2, 2};
      for (int m = 0; m < 6; ++m)
        blocks.push_back((block[3 * kFirst[m] + kSecond[m]] + block[3 * kSecond[m] + kFirst[m]]) /
                         (2 * unit));
    });
  }
};

/// xx, yy, zz, xy, xz, yz. [n_nodes][6]
template <class T>
DeviceArray<T> inverse_diagonal(const BodyForSums<T>& body, double unit, const SurfaceRows& surface,
                                const Constraints& constraints) {
  const Index n = (*body).blocks.n_nodes;
  const auto& kernels = in_precision<T>(FEMCRUST_FOR_THIS_DEVICE(diagonal_kernels));
  DeviceArray<T> blocks(6 * static_cast<std::size_t>(n));
  in_precision<T>(FEMCRUST_FOR_THIS_DEVICE(element_sums)).diagonal(*body, blocks.data());
  const auto with_nodes = [&](const auto& kernel, const std::vector<Index>& nodes,
                              const std::vector<double>& values) {
    DeviceArray<Index> at;
    DeviceArray<double> given;
    Cuda::copy_in(nodes.data(), nodes.size(), at);
    Cuda::copy_in(values.data(), values.size(), given);
    kernel(static_cast<Index>(nodes.size()), at.data(), given.data(), blocks.data());
  };
  const SurfaceDiagonal added(surface, unit);
  with_nodes(kernels.add, added.nodes, added.blocks);
  with_nodes(kernels.hold, constraints.nodes(), constraints.projectors());
  const Index indefinite = kernels.invert(n, blocks.data());
  require(indefinite == 0,
          "the stiffness is not positive definite at " + std::to_string(indefinite) + " nodes");
  return blocks;
}

}  // namespace femcrust
