/// The branches of cells that flow, as Python gives them.
#pragma once
#include <vector>

#include "core/types.hpp"

namespace femcrust {

/// Moduli μ and rates 1/τ, [n_cells][n_branches]; the rate of a branch that a cell does not have is
/// zero.
struct Branches {
  int number;
  std::vector<double> moduli, rates;

  double modulus(std::size_t i) const { return rates[i] > 0 ? moduli[i] : 0; }
};

}  // namespace femcrust
