/// One branch of a rock that relaxes, q = 2 μ (e − v) with v̇ = (e − v)/τ, through one step of
/// TR-BDF2 [HoseaShampine96]: a trapezoidal stage to t + γ Δt, then one of backward differences to
/// t + Δt, with γ = 2 − √2. Both read v_i = v*_i + d Δt k_i, k_i = (e_i − v_i)/τ, d = γ/2, so that
///   q_i = 2 μ/(1 + z) (e_i − v*_i),   k_i = (e_i − v*_i)/(τ (1 + z)),   z = d Δt/τ
/// and one matrix, of moduli μ/(1 + z), serves both. The error is that of the companion of order 3,
/// damped by 1/(1 + z) where the step is long for the branch.
#pragma once
#include "core/types.hpp"

namespace femcrust {

/// What a step of length Δt is made of.
struct TrBdf2 {
  static constexpr double kRoot2 = 1.41421356237309504880;
  static constexpr double kGamma = 2 - kRoot2;     // of the first stage
  static constexpr double kDiagonal = kGamma / 2;  // d
  static constexpr double kWeight = kRoot2 / 4;    // of the rates at t and t + γ Δt in the second
};

/// Rates of branches in memory: 1/τ, zero where nothing flows; for rock that creeps
/// (materials/creep.hpp) also the other three.
struct FlowRates {
  const double *linear, *powers, *exponents, *held;

  FEMCRUST_INLINE_MEMBER FlowRates operator+(std::size_t place) const {
    if (powers == nullptr) return {linear + place, nullptr, nullptr, nullptr};
    return {linear + place, powers + place, exponents + place, held + place};
  }
};

/// A branch in a step. V: a number, or a vector of them side by side.
template <class V>
struct BranchStep {
  double dt;
  V rate, damping;  // damping: 1/(1 + z)

  explicit FEMCRUST_INLINE_MEMBER BranchStep(double dt_) : dt(dt_), rate(), damping() {}
  /// load(from): of a cell, or of several side by side
  template <class Load>
  FEMCRUST_INLINE_MEMBER BranchStep(double dt_, const FlowRates& rates, const Load& load)
      : dt(dt_), rate(load(rates.linear)), damping(1 / (1 + TrBdf2::kDiagonal * dt_ * rate)) {}

  /// v* of the first stage, from v and its rate at t.
  FEMCRUST_INLINE_MEMBER V first(V v, V k0) const { return v + TrBdf2::kDiagonal * dt * k0; }
  /// v* of the second, from v and the rates at t and t + γ Δt.
  FEMCRUST_INLINE_MEMBER V second(V v, V k0, V k1) const {
    return v + TrBdf2::kWeight * dt * (k0 + k1);
  }
  /// k of a stage.
  FEMCRUST_INLINE_MEMBER V flow(V e, V v_star) const { return (e - v_star) * (rate * damping); }
  /// v at t + Δt.
  FEMCRUST_INLINE_MEMBER V last(V v_star, V k2) const {
    return v_star + TrBdf2::kDiagonal * dt * k2;
  }
  FEMCRUST_INLINE_MEMBER V error(V k0, V k1, V k2) const {
    return dt / 3 * damping * ((1 - TrBdf2::kRoot2) * k0 + k1 - TrBdf2::kGamma * k2);
  }
};

/// Deviators are kept as xx, yy, xy, xz, yz; zz = −xx − yy.
constexpr int kDeviator = 5;

/// The deviator of a tensor xx, yy, zz, xy, xz, yz.
template <class V>
FEMCRUST_INLINE void deviator(const V t[6], V d[kDeviator]) {
  const V mean = (t[0] + t[1] + t[2]) / 3;
  d[0] = t[0] - mean;
  d[1] = t[1] - mean;
  d[2] = t[3];
  d[3] = t[4];
  d[4] = t[5];
}
/// tensor += factor · d
template <class V>
FEMCRUST_INLINE void add_deviator(V factor, const V d[kDeviator], V tensor[6]) {
  tensor[0] += factor * d[0];
  tensor[1] += factor * d[1];
  tensor[2] -= factor * (d[0] + d[1]);
  tensor[3] += factor * d[2];
  tensor[4] += factor * d[3];
  tensor[5] += factor * d[4];
}
/// a : b
template <class V>
FEMCRUST_INLINE V contraction(const V a[kDeviator], const V b[kDeviator]) {
  return 2 * (a[0] * b[0] + a[1] * b[1] + a[2] * b[2] + a[3] * b[3] + a[4] * b[4]) + a[0] * b[1] +
         a[1] * b[0];
}

}  // namespace femcrust
