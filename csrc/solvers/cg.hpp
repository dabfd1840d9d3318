/// Preconditioned conjugate gradients [Saad03, alg. 9.1] in double for one or many right-hand
/// sides, in the flexible form [GolubYe99]: β = z·(r − r_old) / ρ_old stands a preconditioner that
/// is not quite linear or symmetric, such as one that computes in float. As r − r_old = −α q, with
/// q of the step before, β = −α q·z / ρ_old needs no old residual.
///
/// The columns of a batch share every product and nothing else: each has its own α, β and residual,
/// stops on its own, and leaves once half of the columns are done. The solver knows apply, dot and
/// axpby, nothing of meshes; where a backend is one of many ranks, its dot products are those of
/// all.
#pragma once
#include <algorithm>
#include <cmath>
#include <functional>
#include <tuple>
#include <utility>
#include <vector>

#include "core/array.hpp"
#include "core/columns.hpp"
#include "solvers/columns_left.hpp"

namespace femcrust {

/// How one column was solved.
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

/// Memory of a solve, [rows][width] each; a solver that is called again finds it ready.
template <class Backend>
struct CgVectors {
  typename Backend::template Array<double> b, x, r, z, p, q;
  typename Backend::template Array<double> solved;  // of a batch: those of the columns that left
};

/// A single solve works in the caller's load and solution where they lie on its backend; both are
/// let go of at its end, also when it is interrupted.
template <class Backend>
class BorrowedVectors {
 public:
  BorrowedVectors(CgVectors<Backend>& vectors, double* load, double* solution, std::size_t size)
      : vectors_(vectors) {
    using Vector = typename Backend::template Array<double>;
    vectors.b = Vector::borrowed(load, size);
    vectors.x = Vector::borrowed(solution, size);
  }
  BorrowedVectors(const BorrowedVectors&) = delete;
  BorrowedVectors& operator=(const BorrowedVectors&) = delete;
  ~BorrowedVectors() {
    vectors_.b = {};
    vectors_.x = {};
  }

 private:
  CgVectors<Backend>& vectors_;
};

/// `watch(iteration, largest relative residual)` returns false to stop.
using Watch = std::function<bool(int, double)>;

template <class Backend, class Vectors, class Operator, class Preconditioner>
class ConjugateGradients {
 public:
  using Vector = typename Backend::template Array<double>;

  /// The load and the guess are in b and x of `vectors`.
  ConjugateGradients(const Backend& backend, const Operator& A, const Preconditioner& M,
                     Vectors& vectors, int width, const CgOptions& options)
      : backend_(backend),
        A_(A),
        M_(M),
        options_(options),
        left_(width),
        results_(static_cast<std::size_t>(width)),
        b_(vectors.b),
        x_(vectors.x),
        r_(vectors.r),
        z_(vectors.z),
        p_(vectors.p),
        q_(vectors.q),
        solved_(vectors.solved) {
    for (Vector* v : {&r_, &z_, &p_, &q_}) v->resize(b_.size());
    p_.set_zero();  // whatever a solve before left there
    if (width > 1) solved_.resize(b_.size());
  }

  /// Returns the solutions, [rows][width]; `results` tells about each column.
  const Vector& solve(const Watch& watch) {
    start();
    finish_converged();
    for (int k = 0; left_.count() > 0 && k < options_.max_iterations;) {
      if (watch && !watch(k, largest_residual())) break;
      iterate();
      ++k;
      finish_converged();
    }
    if (left_.count() > 0) finish_rest();
    return solutions();
  }

  const std::vector<SolveResult>& results() const { return results_; }

 private:
  SolveResult& result(int slot) { return results_[static_cast<std::size_t>(left_.column(slot))]; }

  /// f(slot) of each column that still iterates.
  template <class F>
  void for_active(const F& f) {
    for (int slot = 0; slot < left_.width(); ++slot)
      if (left_.active(slot)) f(slot);
  }

  void start() {
    const PerColumn squares = backend_.dot(left_.width(), b_, b_);
    for (int slot = 0; slot < left_.width(); ++slot) norm_b_[slot] = std::sqrt(squares[slot]);
    PerColumn keep;  // a column without load has no solution but zero
    for (int slot = 0; slot < left_.width(); ++slot) keep[slot] = norm_b_[slot] == 0 ? 0.0 : 1.0;
    backend_.axpby(left_.width(), {}, b_, keep, x_);
    const PerColumn residual = true_residual();
    std::swap(r_, z_);
    for_active([&](int slot) {
      length_[slot] = residual[slot];
      fresh_[slot] = true;
      result(slot).residuals.push_back(relative(slot));
      if (norm_b_[slot] == 0) {
        result(slot).converged = true;
        left_.finish(slot);
      }
    });
  }

  double relative(int slot) const {
    return norm_b_[slot] == 0 ? 0.0 : length_[slot] / norm_b_[slot];
  }
  double largest_residual() {
    double largest = 0;
    for_active([&](int slot) { largest = std::max(largest, relative(slot)); });
    return largest;
  }

  /// z = b − A x; returns its lengths.
  PerColumn true_residual() {
    const int width = left_.width();
    A_.apply(backend_, width, x_, z_);
    backend_.axpby(1.0, b_, -1.0, z_);
    PerColumn lengths = backend_.dot(width, z_, z_);
    for (double& length : lengths.of) length = std::sqrt(length);
    return lengths;
  }

  /// Columns that claim to have converged are believed only on b − A x: the recurrence drifts.
  void finish_converged() {
    bool claimed[kMostColumns] = {}, any = false;
    for_active([&](int slot) {
      if (!std::isfinite(length_[slot])) {
        result(slot).broken_down = true;
        left_.finish(slot);
      } else {
        claimed[slot] = relative(slot) <= options_.tolerance;
        any = any || claimed[slot];
      }
    });
    if (!any) return;
    const PerColumn lengths = true_residual();
    PerColumn take, keep;
    for (int slot = 0; slot < left_.width(); ++slot) {
      keep[slot] = 1;
      if (!claimed[slot]) continue;
      length_[slot] = lengths[slot];
      result(slot).residuals.back() = relative(slot);
      result(slot).converged = relative(slot) <= options_.tolerance;
      if (result(slot).converged) {
        left_.finish(slot);
      } else {
        std::swap(take[slot], keep[slot]);
        fresh_[slot] = true;
      }
    }
    backend_.axpby(left_.width(), take, z_, keep, r_);
    if (left_.count() > 0 && left_.wanted_width() < left_.width()) narrow();
  }

  void iterate() {
    const int width = left_.width();
    PerColumn lengths;  // zero for finished columns: their z is zero
    for_active([&](int slot) { lengths[slot] = length_[slot]; });
    M_.apply(backend_, width, lengths, r_, z_);  // 6
    PerColumn rho, drift;
    if (options_.flexible)
      std::tie(rho, drift) = backend_.dots(width, r_, q_, z_);
    else
      rho = backend_.dot(width, r_, z_);
    PerColumn one, beta, alpha;
    for_active([&](int slot) {
      one[slot] = 1;
      if (!fresh_[slot])  // 7
        beta[slot] =
            options_.flexible ? -alpha_[slot] * drift[slot] / rho_[slot] : rho[slot] / rho_[slot];
      fresh_[slot] = false;
    });
    backend_.axpby(width, one, z_, beta, p_);  // 8
    A_.apply(backend_, width, p_, q_);
    const PerColumn curvature = backend_.dot(width, p_, q_);
    for_active([&](int slot) {
      if (!(curvature[slot] > 0) || !(rho[slot] > 0)) {
        result(slot).broken_down = true;
        left_.finish(slot);
      } else {
        alpha[slot] = rho[slot] / curvature[slot];  // 3
      }
    });
    const PerColumn squares = backend_.advance(width, alpha, p_, q_, x_, r_);  // 4, 5
    rho_ = rho;
    alpha_ = alpha;
    for_active([&](int slot) {
      length_[slot] = std::sqrt(squares[slot]);
      ++result(slot).iterations;
      result(slot).residuals.push_back(relative(slot));
    });
  }

  /// Stopped before convergence: what was reached is measured.
  void finish_rest() {
    const PerColumn lengths = true_residual();
    for_active([&](int slot) {
      length_[slot] = lengths[slot];
      result(slot).residuals.back() = relative(slot);
      left_.finish(slot);
    });
  }

  void save_solutions() {
    int from[kMostColumns];
    std::fill(from, from + kMostColumns, kKeptColumn);
    for (int slot = 0; slot < left_.width(); ++slot)
      if (left_.column(slot) >= 0) from[left_.column(slot)] = slot;
    backend_.move_columns(x_, left_.width(), from, solved_, static_cast<int>(results_.size()));
  }

  void narrow() {
    save_solutions();
    const int old = left_.width();
    const std::vector<int> from = left_.narrow(left_.wanted_width());
    const int width = left_.width();
    const std::size_t size =
        b_.size() / static_cast<std::size_t>(old) * static_cast<std::size_t>(width);
    for (Vector* v : {&b_, &x_, &r_, &p_, &q_}) {  // through z, which holds nothing between steps
      z_.resize(size);
      backend_.move_columns(*v, old, from.data(), z_, width);
      std::swap(*v, z_);
    }
    z_.resize(size);
    for (PerColumn* values : {&norm_b_, &length_, &rho_, &alpha_}) {
      const PerColumn before = *values;
      for (std::size_t k = 0; k < from.size(); ++k)
        values->of[k] = from[k] < 0 ? 0.0 : before[from[k]];
    }
    bool fresh[kMostColumns] = {};
    for (std::size_t k = 0; k < from.size(); ++k) fresh[k] = from[k] >= 0 && fresh_[from[k]];
    std::copy(fresh, fresh + kMostColumns, fresh_);
  }

  const Vector& solutions() {
    if (left_.width() == static_cast<int>(results_.size())) return x_;
    save_solutions();
    return solved_;
  }

  const Backend& backend_;
  const Operator& A_;
  const Preconditioner& M_;
  const CgOptions options_;
  ColumnsLeft left_;
  std::vector<SolveResult> results_;
  Vector &b_, &x_, &r_, &z_, &p_, &q_, &solved_;
  PerColumn norm_b_, length_, rho_, alpha_;
  bool fresh_[kMostColumns] = {};  // the next direction is the preconditioned residual itself
};

}  // namespace femcrust
