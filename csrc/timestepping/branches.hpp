/// The branches of cells that flow, as Python gives them.
#pragma once
#include <vector>

#include "core/types.hpp"

namespace femcrust {

/// Moduli μ and rates 1/τ, [n_cells][n_branches]; the rate of a branch that a cell does not have is
/// zero. Where rock creeps (materials/creep.hpp), one branch, with powers [1/s] and exponents.
struct Branches {
  int number;
  std::vector<double> moduli, rates;
  std::vector<double> powers, exponents;  // of the same size, or none

  bool creep() const { return !powers.empty(); }
  double modulus(std::size_t i) const {
    return rates[i] > 0 || (creep() && powers[i] > 0) ? moduli[i] : 0;
  }
};

/// What a flow carries from step to step.
enum class FlowPart { strain, rate };  // v, and dv/dt

}  // namespace femcrust
