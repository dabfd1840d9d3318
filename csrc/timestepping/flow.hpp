/// Past flow of rock that relaxes: the state of its branches at the points of cells, taken through
/// the stages of a step (materials/branch.hpp), and the nodal forces ∫ Bᵀ 2 μ/(1+z) v* dV of it.
#pragma once
#include <utility>
#include <vector>

#include "core/array.hpp"
#include "materials/branch.hpp"
#include "timestepping/cells.hpp"

namespace femcrust {

/// Squares of norms of a step, J: of the error ∫ 2 μ |δv|² dV and of the stress that still flows,
/// ∫ 2 μ |e − v|² dV, summed over branches.
struct FlowNorms {
  double error = 0, stress = 0;
};

template <class Cells>
class Flow {
 public:
  static constexpr int kPoints = Cells::kPoints;
  using Tensors = double[kPoints][6];
  using Deviators = double[kPoints][kDeviator];

  /// moduli, times: [n_cells][n_branches]; rates 1/τ of unused branches are zero
  Flow(Cells cells, int n_branches, std::vector<double> moduli, std::vector<double> rates)
      : cells_(std::move(cells)),
        n_branches_(n_branches),
        moduli_(std::move(moduli)),
        rates_(std::move(rates)) {
    for (auto* state : {&v_, &rate_, &middle_, &next_}) {
      *state = Array<double>(moduli_.size() * kPoints * kDeviator);
      state->fill(0);
    }
  }

  Index size() const { return cells_.size(); }
  std::size_t bytes() const { return 4 * v_.bytes() + moduli_.size() * 2 * sizeof(double); }

  /// Eigenstrains that the strain of cells does not count: rows [·][kPoints][6] and their cells.
  void set_offsets(const std::vector<Index>& cells, std::vector<double> strains) {
    if (row_.empty()) row_.assign(static_cast<std::size_t>(cells_.size()), -1);
    std::fill(row_.begin(), row_.end(), Index(-1));
    for (std::size_t k = 0; k < cells.size(); ++k)
      row_[static_cast<std::size_t>(cells[k])] = static_cast<Index>(k);
    offsets_ = std::move(strains);
  }

  /// Rates of flow under u, which may have jumped.
  void restart(const double* u) {
    each_cell([&](Index k, FlowNorms&) {
      Deviators e;
      strain(k, u, e);
      each_number(k, e, [&](std::size_t i, double now, double rate, double) {
        rate_[i] = (now - v_[i]) * rate;
      });
    });
  }

  /// f: nodal forces of the first stage, [n_nodes][3]
  void first(double dt, double* f) const {
    cells_.sum(f, [&](Index k, auto& forces) {
      Tensors stress = {};
      each_branch(k, [&](std::size_t b, double mu, double rate) {
        const BranchStep step(dt, rate);
        each_point(
            [&](int p, std::size_t i) {
              double v[kDeviator];
              for (std::size_t m = 0; m < kDeviator; ++m)
                v[m] = step.first(v_[i + m], rate_[i + m]);
              add_deviator(2 * mu * step.damping, v, stress[p]);
            },
            b);
      });
      cells_[k].forces(stress, forces);
    });
  }

  /// Takes u of the first stage; f: forces of the second.
  void second(double dt, const double* u, double* f) {
    cells_.sum(f, [&](Index k, auto& forces) {
      Deviators e;
      strain(k, u, e);
      Tensors stress = {};
      each_branch(k, [&](std::size_t b, double mu, double rate) {
        const BranchStep step(dt, rate);
        each_point(
            [&](int p, std::size_t i) {
              double v[kDeviator];
              for (std::size_t m = 0; m < kDeviator; ++m) {
                const std::size_t j = i + m;
                middle_[j] = step.flow(e[p][m], step.first(v_[j], rate_[j]));
                v[m] = step.second(v_[j], rate_[j], middle_[j]);
              }
              add_deviator(2 * mu * step.damping, v, stress[p]);
            },
            b);
      });
      cells_[k].forces(stress, forces);
    });
  }

  /// Takes u of the second stage: the state at the end of the step, until `accept` is none.
  FlowNorms last(double dt, const double* u) {
    return each_cell([&](Index k, FlowNorms& norms) {
      const auto cell = cells_[k];
      Deviators e;
      strain(k, u, e);
      each_branch(k, [&](std::size_t b, double mu, double rate) {
        const BranchStep step(dt, rate);
        each_point(
            [&](int p, std::size_t i) {
              double error[kDeviator], left[kDeviator];
              for (std::size_t m = 0; m < kDeviator; ++m) {
                const std::size_t j = i + m;
                const double v_star = step.second(v_[j], rate_[j], middle_[j]);
                const double k2 = step.flow(e[p][m], v_star);
                error[m] = step.error(rate_[j], middle_[j], k2);
                next_[j] = step.last(v_star, k2);
                middle_[j] = k2;
                left[m] = e[p][m] - next_[j];
              }
              const double weight = 2 * mu * cell.weight(p);
              norms.error += weight * contraction(error, error);
              norms.stress += weight * contraction(left, left);
            },
            b);
      });
    });
  }

  /// The state at the end of the step is the present one. Keeps the old one for `stress`.
  void accept() {
    std::swap(v_, next_);
    std::swap(rate_, middle_);
  }

  /// Σ 2 μ v at the points, at part θ of the step that was accepted last; [n_cells][kPoints][6].
  /// v between is the cubic of its ends and their rates [HairerNorsettWanner93, II.6].
  void stress(double dt, double theta, double* out) const {
    const double s = theta, one = 1 - s;
    const double a = one * one * (1 + 2 * s), b = s * s * (3 - 2 * s);
    const double c = s * one * one * dt, d = -s * s * one * dt;
    each_cell([&](Index k, FlowNorms&) {
      auto* const tensors = reinterpret_cast<Tensors*>(out + static_cast<std::size_t>(k) *
                                                                 sizeof(Tensors) / sizeof(double));
      for (int p = 0; p < kPoints; ++p) std::fill_n((*tensors)[p], 6, 0.0);
      each_branch(k, [&](std::size_t branch, double mu, double) {
        each_point(
            [&](int p, std::size_t i) {
              double v[kDeviator];
              for (std::size_t m = 0; m < kDeviator; ++m)
                v[m] = a * next_[i + m] + b * v_[i + m] + c * middle_[i + m] + d * rate_[i + m];
              add_deviator(2 * mu, v, (*tensors)[p]);
            },
            branch);
      });
    });
  }

 private:
  /// Deviators of the elastic and viscous strain of a cell.
  void strain(Index k, const double* u, Deviators& e) const {
    Tensors whole;
    cells_[k].strain(u, whole);
    const Index row = row_.empty() ? -1 : row_[static_cast<std::size_t>(k)];
    if (row >= 0)
      for (int p = 0; p < kPoints; ++p)
        for (int m = 0; m < 6; ++m)
          whole[p][m] -=
              offsets_[(static_cast<std::size_t>(row) * kPoints + static_cast<std::size_t>(p)) * 6 +
                       static_cast<std::size_t>(m)];
    for (int p = 0; p < kPoints; ++p) deviator(whole[p], e[p]);
  }

  /// work(branch of all, μ, 1/τ)
  template <class Work>
  void each_branch(Index k, const Work& work) const {
    for (int n = 0; n < n_branches_; ++n) {
      const std::size_t b = static_cast<std::size_t>(k) * static_cast<std::size_t>(n_branches_) +
                            static_cast<std::size_t>(n);
      if (rates_[b] > 0) work(b, moduli_[b], rates_[b]);
    }
  }
  /// work(point, place of its deviator in the state)
  template <class Work>
  static void each_point(const Work& work, std::size_t branch) {
    for (int p = 0; p < kPoints; ++p)
      work(p, (branch * kPoints + static_cast<std::size_t>(p)) * kDeviator);
  }
  template <class Work>
  void each_number(Index k, const Deviators& e, const Work& work) const {
    each_branch(k, [&](std::size_t b, double mu, double rate) {
      each_point(
          [&](int p, std::size_t i) {
            for (std::size_t m = 0; m < kDeviator; ++m) work(i + m, e[p][m], rate, mu);
          },
          b);
    });
  }
  /// work(cell, norms) by all threads; norms are added in order.
  template <class Work>
  FlowNorms each_cell(const Work& work) const {
    constexpr Index kCells = 256;
    std::vector<FlowNorms> parts(static_cast<std::size_t>((cells_.size() + kCells - 1) / kCells));
    Cpu().for_ranges(cells_.size(), kCells, [&](Index from, Index to) {
      FlowNorms& part = parts[static_cast<std::size_t>(from / kCells)];
      for (Index k = from; k < to; ++k) work(k, part);
    });
    FlowNorms total;
    for (const FlowNorms& part : parts) {
      total.error += part.error;
      total.stress += part.stress;
    }
    return total;
  }

  Cells cells_;
  int n_branches_;
  std::vector<double> moduli_, rates_;
  // [n_cells][n_branches][kPoints][kDeviator]: v, its rate, and of the step in hand the rate in the
  // middle (then at the end) and v at the end
  Array<double> v_, rate_, middle_, next_;
  std::vector<Index> row_;
  std::vector<double> offsets_;
};

}  // namespace femcrust
