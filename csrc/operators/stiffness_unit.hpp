/// A power of two near the diagonal of a body's stiffness, N/m. Operators in multiples of it hold
/// numbers near one, which short storage formats need: FP16 reaches from 6e-8 to 65504.
#pragma once
#include <cmath>

#include "operators/elastic_ebe.hpp"

namespace femcrust {

/// 2^k nearest to the geometric mean of μ V^(1/3) over some thousand elements.
inline double stiffness_unit(const Body& body) {
  const Index step = std::max<Index>(1, body.n_elements / 4096);
  double sum = 0;
  int count = 0;
  for (Index e = 0; e < body.n_elements; e += step, ++count) {
    double g[3][3];
    const double volume = body.gradients(e, g);
    sum += std::log2(body.mu[e]) + std::log2(volume) / 3;
  }
  return std::exp2(std::round(sum / count));
}

}  // namespace femcrust
