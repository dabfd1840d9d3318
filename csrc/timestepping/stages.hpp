/// The stages of a step at one point of one branch (materials/branch.hpp), on the state in memory:
/// the same for lanes of elements, for a thread of a device, for a face. V: a number, or a vector
/// of them side by side.
#pragma once
#include "materials/branch.hpp"

namespace femcrust {

/// Squares of norms of a step, J: of the error ∫ 2 μ |δv|² dV and of the stress that still flows,
/// ∫ 2 μ |e − v|² dV, summed over branches.
template <class V = double>
struct FlowNorms {
  V error, stress;
};

/// Added in their order.
template <class Parts>
FlowNorms<> total(const Parts& parts) {
  FlowNorms<> sum{};
  for (const FlowNorms<>& part : parts) {
    sum.error += part.error;
    sum.stress += part.stress;
  }
  return sum;
}

/// v, its rate, and of the step in hand the rate in the middle (then at the end) and v at the end;
/// components of the deviator lie `apart`.
struct FlowState {
  double *v, *rate, *middle, *next;
  std::size_t apart;

  FEMCRUST_INLINE_MEMBER FlowState operator+(std::size_t place) const {
    return {v + place, rate + place, middle + place, next + place, apart};
  }
};

template <class V>
FEMCRUST_INLINE V taken(const double* from) {
  if constexpr (sizeof(V) == sizeof(double)) {
    return *from;
  } else {
    V v;
    __builtin_memcpy(&v, from, sizeof(V));
    return v;
  }
}
template <class V>
FEMCRUST_INLINE void put(V v, double* to) {
  if constexpr (sizeof(V) == sizeof(double))
    *to = v;
  else
    __builtin_memcpy(to, &v, sizeof(V));
}

/// What a stage takes and gives at a point: the deviator of the strain; 2 μ of the branch; the
/// weight of the point in integrals.
template <class V, class Step = BranchStep<V>>
struct FlowPoint {
  const Step& step;
  V two_mu, weight;
  FlowState state;
};

struct Relaxes {
  template <class V>
  using Law = BranchStep<V>;
};

/// Rates of flow under a strain that may have jumped.
struct Restart : Relaxes {
  static constexpr bool kTakesStrain = true, kGivesForces = false;

  template <class V>
  FEMCRUST_INLINE void at(const FlowPoint<V>& point, const V e[kDeviator], V*, FlowNorms<V>&) {
    const FlowState& s = point.state;
    FEMCRUST_UNROLL(5)
    for (std::size_t m = 0; m < kDeviator; ++m) {
      const std::size_t j = m * s.apart;
      put((e[m] - taken<V>(s.v + j)) * point.step.rate, s.rate + j);
    }
  }
};

/// Stress of v* of the first stage.
struct FirstStage : Relaxes {
  static constexpr bool kTakesStrain = false, kGivesForces = true;

  template <class V>
  FEMCRUST_INLINE void at(const FlowPoint<V>& point, const V*, V stress[6], FlowNorms<V>&) {
    const FlowState& s = point.state;
    V v[kDeviator];
    FEMCRUST_UNROLL(5)
    for (std::size_t m = 0; m < kDeviator; ++m) {
      const std::size_t j = m * s.apart;
      v[m] = point.step.first(taken<V>(s.v + j), taken<V>(s.rate + j));
    }
    add_deviator(point.two_mu * point.step.damping, v, stress);
  }
};

/// Takes the strain of the first stage: rates in the middle, and stress of v* of the second.
struct SecondStage : Relaxes {
  static constexpr bool kTakesStrain = true, kGivesForces = true;

  template <class V>
  FEMCRUST_INLINE void at(const FlowPoint<V>& point, const V e[kDeviator], V stress[6],
                          FlowNorms<V>&) {
    const FlowState& s = point.state;
    V v[kDeviator];
    FEMCRUST_UNROLL(5)
    for (std::size_t m = 0; m < kDeviator; ++m) {
      const std::size_t j = m * s.apart;
      const V v0 = taken<V>(s.v + j), k0 = taken<V>(s.rate + j);
      const V k1 = point.step.flow(e[m], point.step.first(v0, k0));
      put(k1, s.middle + j);
      v[m] = point.step.second(v0, k0, k1);
    }
    add_deviator(point.two_mu * point.step.damping, v, stress);
  }
};

/// Takes the strain of the second stage: v and its rate at the end, and the norms of the step.
struct LastStage : Relaxes {
  static constexpr bool kTakesStrain = true, kGivesForces = false;

  template <class V>
  FEMCRUST_INLINE void at(const FlowPoint<V>& point, const V e[kDeviator], V*,
                          FlowNorms<V>& norms) {
    const FlowState& s = point.state;
    V error[kDeviator], left[kDeviator];
    FEMCRUST_UNROLL(5)
    for (std::size_t m = 0; m < kDeviator; ++m) {
      const std::size_t j = m * s.apart;
      const V k0 = taken<V>(s.rate + j), k1 = taken<V>(s.middle + j);
      const V v_star = point.step.second(taken<V>(s.v + j), k0, k1);
      const V k2 = point.step.flow(e[m], v_star), v = point.step.last(v_star, k2);
      put(k2, s.middle + j);
      put(v, s.next + j);
      error[m] = point.step.error(k0, k1, k2);
      left[m] = e[m] - v;
    }
    const V weight = point.two_mu * point.weight;
    norms.error += weight * contraction(error, error);
    norms.stress += weight * contraction(left, left);
  }
};

/// v at part θ of the step that was accepted last, `next` and `middle` being those of its start:
/// the cubic of its ends and their rates [HairerNorsettWanner93, II.6].
struct FlowBetween {
  double start, end, start_rate, end_rate;  // weights

  FEMCRUST_INLINE_MEMBER FlowBetween(double dt, double s)
      : start((1 - s) * (1 - s) * (1 + 2 * s)),
        end(s * s * (3 - 2 * s)),
        start_rate(s * (1 - s) * (1 - s) * dt),
        end_rate(-s * s * (1 - s) * dt) {}

  /// stress += 2 μ v
  template <class V>
  FEMCRUST_INLINE_MEMBER void at(V two_mu, const FlowState& s, V stress[6]) const {
    V v[kDeviator];
    FEMCRUST_UNROLL(5)
    for (std::size_t m = 0; m < kDeviator; ++m) {
      const std::size_t j = m * s.apart;
      v[m] = start * taken<V>(s.next + j) + end * taken<V>(s.v + j) +
             start_rate * taken<V>(s.middle + j) + end_rate * taken<V>(s.rate + j);
    }
    add_deviator(two_mu, v, stress);
  }
};

}  // namespace femcrust
