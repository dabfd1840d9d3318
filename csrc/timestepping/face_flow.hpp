/// Past flow of infinite elements, as that of tetrahedra (tet_flow.hpp). Strain keeps its direction
/// along a ray, so points on the face are enough. Faces are few: one thread takes them in order.
#pragma once
#include <algorithm>
#include <utility>
#include <vector>

#include "core/array.hpp"
#include "elements/tet10.hpp"
#include "timestepping/branches.hpp"
#include "timestepping/creep_stages.hpp"

namespace femcrust {

class FaceFlow {
 public:
  /// nodes: [n][6]; gradients: [n][6 points][6 nodes][3] of the shape functions on the face;
  /// weights: [n][6 points] of the integral over the face and along the ray
  FaceFlow(std::vector<Index> nodes, std::vector<double> gradients, std::vector<double> weights,
           Branches branches)
      : nodes_(std::move(nodes)),
        gradients_(std::move(gradients)),
        weights_(std::move(weights)),
        branches_(std::move(branches)),
        held_(branches_.powers.size(), 1.0) {
    for (auto* state : {&v_, &rate_, &middle_, &next_})
      *state = Array<double>(branches_.rates.size() * (kPoints * kDeviator));
  }

  Index size() const { return static_cast<Index>(nodes_.size() / kNodes); }
  std::size_t bytes() const { return 4 * v_.bytes(); }

  void restart(const double* u) {
    branches_.creep() ? flow<CreepRestart>(0, u, nullptr) : flow<Restart>(0, u, nullptr);
  }
  /// f += nodal forces, [n_nodes][3]
  void first(double dt, double* f) { flow<FirstStage>(dt, nullptr, f); }
  void second(double dt, const double* u, double* f) { flow<SecondStage>(dt, u, f); }
  FlowNorms<> last(double dt, const double* u) {
    return branches_.creep() ? flow<CreepLast>(dt, u, nullptr) : flow<LastStage>(dt, u, nullptr);
  }
  /// As for tetrahedra; parts: [n]
  void hold(const double* parts) { std::copy_n(parts, held_.size(), held_.begin()); }
  void trial(bool second, double dt, const double* u, double* f) {
    second ? flow<CreepTrial<CreepStage::second>>(dt, u, f)
           : flow<CreepTrial<CreepStage::first>>(dt, u, f);
  }
  void middle(double dt, const double* u) { flow<CreepMiddle>(dt, u, nullptr); }
  void accept() {
    std::swap(v_, next_);
    std::swap(rate_, middle_);
  }
  /// [n][n_branches][6 points][kDeviator], also to be written
  Array<double>& state(FlowPart part) { return part == FlowPart::strain ? v_ : rate_; }
  int n_branches() const { return branches_.number; }

 private:
  static constexpr std::size_t kPoints = 6, kNodes = 6;

  template <class Stage>
  FlowNorms<> flow(double dt, const double* u, double* f) {
    using Step = typename Stage::template Law<double>;
    FlowNorms<> norms{};
    const FlowRates rates{branches_.rates.data(), branches_.powers.data(),
                          branches_.exponents.data(), held_.data()};
    const auto n = static_cast<std::size_t>(branches_.number);
    for (std::size_t k = 0; k < nodes_.size() / kNodes; ++k)
      for (std::size_t p = 0; p < kPoints; ++p) {
        double e[kDeviator] = {}, stress[6] = {};
        if constexpr (Stage::kTakesStrain) strain(k, p, u, e);
        for (std::size_t b = k * n; b < (k + 1) * n; ++b) {
          const Step step(dt, rates, [b](const double* from) { return from[b]; });
          const FlowState state{v_.data(), rate_.data(), middle_.data(), next_.data(), 1};
          Stage::at(
              FlowPoint<double, Step>{step, 2 * branches_.modulus(b), weights_[k * kPoints + p],
                                      state + (b * kPoints + p) * kDeviator},
              e, stress, norms);
        }
        if constexpr (Stage::kGivesForces) add_forces(k, p, stress, f);
      }
    return norms;
  }

  /// ∇N of node a at a point.
  const double* gradient(std::size_t k, std::size_t p, std::size_t a) const {
    return gradients_.data() + ((k * kPoints + p) * kNodes + a) * 3;
  }
  std::size_t node(std::size_t k, std::size_t a) const {
    return static_cast<std::size_t>(nodes_[k * kNodes + a]);
  }

  void strain(std::size_t k, std::size_t p, const double* u, double e[kDeviator]) const {
    double both[6] = {};  // ½ (u ⊗ ∇N + ∇N ⊗ u)
    for (std::size_t a = 0; a < kNodes; ++a)
      for (int c = 0; c < 3; ++c)
        for (int d = 0; d < 3; ++d)
          both[tet10::voigt(c, d)] += u[3 * node(k, a) + static_cast<std::size_t>(c)] *
                                      gradient(k, p, a)[d] / (c == d ? 1 : 2);
    deviator(both, e);
  }

  void add_forces(std::size_t k, std::size_t p, const double stress[6], double* f) const {
    for (std::size_t a = 0; a < kNodes; ++a)
      for (int c = 0; c < 3; ++c)
        for (int d = 0; d < 3; ++d)
          f[3 * node(k, a) + static_cast<std::size_t>(c)] +=
              weights_[k * kPoints + p] * stress[tet10::voigt(c, d)] * gradient(k, p, a)[d];
  }

  std::vector<Index> nodes_;
  std::vector<double> gradients_, weights_;
  Branches branches_;
  std::vector<double> held_;
  Array<double> v_, rate_, middle_, next_;  // [n][n_branches][6 points][kDeviator]
};

}  // namespace femcrust
