/// Stages of a step where rock creeps by a power of its stress (materials/creep.hpp), as stages.hpp
/// has them for linear rock. The displacement of a stage is found by iteration: a trial of it gives
/// the forces of what its matrix, of moduli μ · held, has too much,
///   ∫ Bᵀ 2 μ (held · e − w) dV,  w of e − v*.
#pragma once
#include "materials/creep.hpp"
#include "timestepping/stages.hpp"

namespace femcrust {

struct Creeps {
  template <class V>
  using Law = CreepStep<V>;
};

/// Which v* a stage starts from.
enum class CreepStage { first, second };

template <CreepStage kStage, class V>
FEMCRUST_INLINE void strain_past(const FlowPoint<V, CreepStep<V>>& point, const V e[kDeviator],
                                 V w_star[kDeviator]) {
  const FlowState& s = point.state;
  const BranchStep<V> step{point.step.dt};
  FEMCRUST_UNROLL(5)
  for (std::size_t m = 0; m < kDeviator; ++m) {
    const std::size_t j = m * s.apart;
    const V v0 = taken<V>(s.v + j), k0 = taken<V>(s.rate + j);
    if constexpr (kStage == CreepStage::first)
      w_star[m] = e[m] - step.first(v0, k0);
    else
      w_star[m] = e[m] - step.second(v0, k0, taken<V>(s.middle + j));
  }
}

struct CreepRestart : Creeps {
  static constexpr bool kTakesStrain = true, kGivesForces = false;

  template <class V>
  FEMCRUST_INLINE void at(const FlowPoint<V, CreepStep<V>>& point, const V e[kDeviator], V*,
                          FlowNorms<V>&) {
    const FlowState& s = point.state;
    V w[kDeviator];
    for (std::size_t m = 0; m < kDeviator; ++m) w[m] = e[m] - taken<V>(s.v + m * s.apart);
    const V rate = point.step.rate_of(w);
    for (std::size_t m = 0; m < kDeviator; ++m) put(rate * w[m], s.rate + m * s.apart);
  }
};

/// Takes a trial of the strain of a stage.
template <CreepStage kStage>
struct CreepTrial : Creeps {
  static constexpr bool kTakesStrain = true, kGivesForces = true;

  template <class V>
  FEMCRUST_INLINE void at(const FlowPoint<V, CreepStep<V>>& point, const V e[kDeviator],
                          V stress[6], FlowNorms<V>&) {
    V w_star[kDeviator];
    strain_past<kStage>(point, e, w_star);
    const V part = point.step.flow(w_star).part;
    for (int m = 0; m < kDeviator; ++m) w_star[m] = point.step.held * e[m] - part * w_star[m];
    add_deviator(point.two_mu, w_star, stress);
  }
};

/// Takes the strain of the first stage: rates in the middle.
struct CreepMiddle : Creeps {
  static constexpr bool kTakesStrain = true, kGivesForces = false;

  template <class V>
  FEMCRUST_INLINE void at(const FlowPoint<V, CreepStep<V>>& point, const V e[kDeviator], V*,
                          FlowNorms<V>&) {
    const FlowState& s = point.state;
    V w_star[kDeviator];
    strain_past<CreepStage::first>(point, e, w_star);
    const Creeping<V> flow = point.step.flow(w_star);
    for (std::size_t m = 0; m < kDeviator; ++m)
      put(flow.rate * flow.part * w_star[m], s.middle + m * s.apart);
  }
};

/// Takes the strain of the second stage: as LastStage.
struct CreepLast : Creeps {
  static constexpr bool kTakesStrain = true, kGivesForces = false;

  template <class V>
  FEMCRUST_INLINE void at(const FlowPoint<V, CreepStep<V>>& point, const V e[kDeviator], V*,
                          FlowNorms<V>& norms) {
    const FlowState& s = point.state;
    V w_star[kDeviator], error[kDeviator], left[kDeviator];
    strain_past<CreepStage::second>(point, e, w_star);
    const Creeping<V> flow = point.step.flow(w_star);
    BranchStep<V> step{point.step.dt};
    step.damping = point.step.held;
    for (std::size_t m = 0; m < kDeviator; ++m) {
      const std::size_t j = m * s.apart;
      const V k0 = taken<V>(s.rate + j), k1 = taken<V>(s.middle + j);
      left[m] = flow.part * w_star[m];
      const V k2 = flow.rate * left[m];
      put(k2, s.middle + j);
      put(e[m] - left[m], s.next + j);
      error[m] = step.error(k0, k1, k2);
    }
    const V weight = point.two_mu * point.weight;
    norms.error += weight * contraction(error, error);
    norms.stress += weight * contraction(left, left);
  }
};

/// What the matrix of a step takes of the modulus at a point.
template <class V>
FEMCRUST_INLINE V softness(const CreepStep<V>& step, const FlowState& s) {
  V k[kDeviator];
  for (std::size_t m = 0; m < kDeviator; ++m) k[m] = taken<V>(s.rate + m * s.apart);
  return step.softness(k);
}

}  // namespace femcrust
