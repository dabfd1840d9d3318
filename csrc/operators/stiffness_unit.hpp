/// A power of two near the diagonal of a body's stiffness, N/m. Operators in multiples of it hold
/// numbers near one, which short storage formats need: FP16 reaches from 6e-8 to 65504.
#pragma once
#include <cmath>

#include "operators/elastic_ebe.hpp"

namespace femcrust {

/// 2^k nearest to the geometric mean of μ V^(1/3) over some thousand elements.
inline double stiffness_unit(const Body& body) {
  const Index step = std::max<Index>(1, body.n_elements / 4096);
  double sums[2] = {};  // of log2, and of ones
  for (Index e = 0; e < body.n_elements; e += step) {
    double g[3][3];
    const double volume = body.gradients(e, g);
    sums[0] += std::log2(body.mu[e]) + std::log2(volume) / 3;
    sums[1] += 1;
  }
  if (body.halo != nullptr) body.halo->comm().sum(sums, 2);
  return std::exp2(std::round(sums[0] / sums[1]));
}

}  // namespace femcrust
