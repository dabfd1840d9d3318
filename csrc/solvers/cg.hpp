/// Preconditioned conjugate gradients [Saad03, alg. 9.1] in double, in the flexible form
/// [GolubYe99]: β = z·(r − r_old) / ρ_old stands a preconditioner that is not quite linear or
/// symmetric, such as one that computes in float.
///
/// The solver knows apply, dot and axpby, nothing of meshes.
#pragma once
#include <cmath>
#include <functional>
#include <vector>

#include "backends/cpu.hpp"
#include "core/array.hpp"

namespace femcrust {

struct SolveResult {
  bool converged = false;
  bool broken_down = false;  // a curvature or norm was not a positive number
  int iterations = 0;
  std::vector<double> residuals;  // ‖r‖/‖b‖ from the start on; the last one is recomputed, b − A x
};

struct CgOptions {
  double tolerance = 1e-8;  // on ‖b − A x‖ / ‖b‖
  int max_iterations = 500;
  bool flexible = true;
};

/// Solves A x = b from the guess in x. `watch(iteration, relative residual)` returns false to stop.
template <class Operator, class Preconditioner>
SolveResult cg(const Cpu& cpu, const Operator& A, const Preconditioner& M, const Array<double>& b,
               Array<double>& x, const CgOptions& options,
               const std::function<bool(int, double)>& watch) {
  const std::size_t n = b.size();
  SolveResult result;
  const double norm_b = cpu.norm(b);
  if (norm_b == 0) {
    x.fill(0);
    result.converged = true;
    result.residuals = {0.0};
    return result;
  }
  Array<double> r(n), z(n), p(n), q(n), r_old(options.flexible ? n : 0);
  const auto true_residual = [&] {
    A.apply(cpu, x, q);
    cpu.axpby(1.0, b, 0.0, r);
    cpu.axpby(-1.0, q, 1.0, r);  // 1
    return cpu.norm(r) / norm_b;
  };
  double residual = true_residual();
  result.residuals.push_back(residual);
  double rho = 0;
  bool fresh = true;  // the next direction is the preconditioned residual itself
  while (std::isfinite(residual)) {
    if (residual <= options.tolerance) {
      residual = true_residual();  // the recurrence drifts: believe only b − A x
      result.residuals.back() = residual;
      if (residual <= options.tolerance) {
        result.converged = true;
        return result;
      }
      fresh = true;
    }
    if (result.iterations >= options.max_iterations) break;
    M.apply(cpu, r, z);  // 6
    const double rho_next = cpu.dot(r, z);
    double beta = 0;
    if (!fresh) {
      beta = options.flexible ? (rho_next - cpu.dot(r_old, z)) / rho : rho_next / rho;  // 7
    }
    rho = rho_next;
    fresh = false;
    cpu.axpby(1.0, z, beta, p);  // 8
    A.apply(cpu, p, q);
    const double curvature = cpu.dot(p, q);
    if (!(curvature > 0) || !(rho > 0)) {
      result.broken_down = true;
      break;
    }
    const double alpha = rho / curvature;  // 3
    if (options.flexible) cpu.axpby(1.0, r, 0.0, r_old);
    cpu.axpby(alpha, p, 1.0, x);   // 4
    cpu.axpby(-alpha, q, 1.0, r);  // 5
    residual = cpu.norm(r) / norm_b;
    ++result.iterations;
    result.residuals.push_back(residual);
    if (watch && !watch(result.iterations, residual)) break;
  }
  if (!std::isfinite(residual)) result.broken_down = true;
  result.residuals.back() = true_residual();
  return result;
}

}  // namespace femcrust
