/// How many cells of a body are flat: those are what smoothing finds hard.
#pragma once
#include <cmath>

#include "elements/dihedral.hpp"
#include "operators/elastic_ebe.hpp"

namespace femcrust {

/// Share of the elements with a dihedral angle below `angle`, in radians.
inline double share_of_flat_cells(const Body& body, double angle) {
  const double cosine = std::cos(angle);
  Index flat = 0;
#pragma omp parallel for schedule(static) reduction(+ : flat)
  for (Index e = 0; e < body.n_elements; ++e) {
    double g[3][3];
    body.gradients(e, g);
    flat += is_flat(g, cosine * cosine);
  }
  return static_cast<double>(flat) / body.n_elements;
}

}  // namespace femcrust
