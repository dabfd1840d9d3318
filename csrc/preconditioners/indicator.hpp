/// Where point smoothing fails: the cells that are flat, stretched or slivers.
///
/// The gradients g of a tetrahedron's barycentric coordinates span an ellipsoid; the ratio
/// [(1/3) tr Σ g gᵀ]³ / det Σ g gᵀ is 1 on a regular cell and grows as the square of its flatness.
/// Strong coupling of few nodes, which 3×3 blocks do not see, follows it. This function is the seam
/// where another judge of cells, a learned one say, takes its place.
#pragma once
#include <cstdint>
#include <vector>

#include "operators/body.hpp"

namespace femcrust {

/// One flag for each element, 1 where it is hard to smooth. [n_elements]
inline std::vector<std::uint8_t> hard_elements(const Body& body) {
  constexpr double kFlat = 30;  // cubes split in six have 4, those of an octree's borders 5 to 12
  std::vector<std::uint8_t> hard(static_cast<std::size_t>(body.n_elements));
#pragma omp parallel for schedule(static)
  for (Index e = 0; e < body.n_elements; ++e) {
    const Index* const of = body.element(e);
    double x[3][3];  // edges from vertex 0
    for (int j = 0; j < 3; ++j)
      for (int k = 0; k < 3; ++k)
        x[j][k] =
            body.nodes[3 * static_cast<std::size_t>(of[j + 1]) + static_cast<std::size_t>(k)] -
            body.nodes[3 * static_cast<std::size_t>(of[0]) + static_cast<std::size_t>(k)];
    double trace = 0, total[3] = {}, det = 0;
    for (int j = 0; j < 3; ++j) {
      const double* const p = x[(j + 1) % 3];
      const double* const q = x[(j + 2) % 3];
      for (int k = 0; k < 3; ++k) {
        const double g = p[(k + 1) % 3] * q[(k + 2) % 3] - p[(k + 2) % 3] * q[(k + 1) % 3];
        trace += g * g;
        total[k] += g;
        if (j == 0) det += x[0][k] * g;
      }
    }
    for (const double g : total) trace += g * g;
    // Cofactors in place of gradients: both sides have been multiplied by det⁶.
    hard[static_cast<std::size_t>(e)] = trace * trace * trace > kFlat * 108 * det * det * det * det;
  }
  return hard;
}

}  // namespace femcrust
