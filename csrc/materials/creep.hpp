/// A spring μ behind a dashpot that gives way with stress: q = 2 μ w, w = e − v, and
///   v̇ = R(|w|) w,  R(x) = r + p x^(n−1),  |w|² = ½ w : w,
/// diffusion creep r beside dislocation creep p. In a stage of TR-BDF2 (materials/branch.hpp)
///   w + d Δt R(|w|) w = w* = e − v*,
/// so w has the direction of w*, and its length x solves (1 + d Δt r) x + d Δt p xⁿ = |w*|.
#pragma once
#include <cmath>

#include "materials/branch.hpp"

namespace femcrust {

/// w in parts of w*, and the rate R there.
template <class V>
struct Creeping {
  V part, rate;
};

/// ln x of x > 0 with a x + b xⁿ = y, y > 0, n ≥ 1, by Newton's method. In logarithms the left side
/// is convex and as steep as 1 to n, and both bounds lie above the root: it comes down to it,
/// within some four steps.
FEMCRUST_INLINE double log_of_root(double a, double b, double n, double y) {
  const double right = log(y);
  double x = right - log(a);
  if (b > 0) x = fmin(x, (right - log(b)) / n);
  for (int step = 0; step < 12; ++step) {
    const double power = b * exp((n - 1) * x), left = a + power;
    const double change = (log(left) + x - right) / (1 + (n - 1) * power / left);
    x -= change;
    if (!(fabs(change) > 1e-14 * (1 + fabs(x)))) break;
  }
  return x;
}

/// A branch in a step; `held` is the part of its modulus that the matrix has.
template <class V>
struct CreepStep {
  double dt;
  V rate, power, exponent, held;

  /// load(from): of a cell, or of several side by side
  template <class Load>
  FEMCRUST_INLINE_MEMBER CreepStep(double dt_, const FlowRates& rates, const Load& load)
      : dt(dt_),
        rate(load(rates.linear)),
        power(load(rates.powers)),
        exponent(load(rates.exponents)),
        held(load(rates.held)) {}

  /// R(|w|)
  FEMCRUST_INLINE_MEMBER V rate_of(const V w[kDeviator]) const {
    return each(contraction(w, w) / 2, [](double r, double p, double n, double square) {
      return p > 0 && square > 0 ? r + p * exp((n - 1) / 2 * log(square)) : r;
    });
  }
  /// Of w*.
  FEMCRUST_INLINE_MEMBER Creeping<V> flow(const V w_star[kDeviator]) const {
    const double d_dt = TrBdf2::kDiagonal * dt;
    const auto part_of = [d_dt](double r, double p, double n, double square) {
      if (!(square > 0)) return 1 / (1 + d_dt * r);
      const double y = sqrt(square);
      return exp(log_of_root(1 + d_dt * r, d_dt * p, n, y)) / y;
    };
    const V part = each(contraction(w_star, w_star) / 2, part_of);
    V w[kDeviator];
    for (int m = 0; m < kDeviator; ++m) w[m] = part * w_star[m];
    return {part, rate_of(w)};
  }
  /// What a matrix takes of the modulus where v flows at rate k: the mean of what stress keeps
  /// along w and across it, once w has flowed through a stage with e as it is.
  FEMCRUST_INLINE_MEMBER V softness(const V k[kDeviator]) const {
    const double d_dt = TrBdf2::kDiagonal * dt;
    return each(contraction(k, k) / 2, [d_dt](double r, double p, double n, double square) {
      const double across = 1 / (1 + d_dt * r);
      if (!(square > 0 && p > 0)) return across;
      const double x0 = log_of_root(r, p, n, sqrt(square));  // ln |w| now, then after the stage
      const double x = log_of_root(1 + d_dt * r, d_dt * p, n, exp(x0));
      const double linear = 1 + d_dt * r, power = d_dt * p * exp((n - 1) * x);
      return (1 / (linear + power) + 1 / (linear + n * power)) / 2;
    });
  }

 private:
  /// f(r, p, n, square) of each cell.
  template <class F>
  FEMCRUST_INLINE_MEMBER V each(V square, const F& f) const {
    if constexpr (sizeof(V) == sizeof(double)) {
      return f(rate, power, exponent, square);
    } else {
      V all;
      for (std::size_t i = 0; i < sizeof(V) / sizeof(double); ++i)
        all[i] = f(rate[i], power[i], exponent[i], square[i]);
      return all;
    }
  }
};

}  // namespace femcrust
