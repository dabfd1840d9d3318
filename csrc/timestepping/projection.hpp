/// The combination of past solutions that is nearest to the answer of A x = b in the norm of A
/// [Fischer98]: of all c the one with G c = (x_i · b), G_ij = x_i · A x_j. Solutions stay as they
/// are, none is made orthogonal to the others: of two that are almost alike nothing but rounding
/// would be left, and all that follow would take it on. Instead the factors of G pass over a
/// solution of whose square less than kLeast is new.
///
/// Sums of pieces are added in their order, whatever the number of threads.
#pragma once
#include <memory>
#include <vector>

#include "operators/shared_nodes.hpp"
#include "timestepping/histories.hpp"

namespace femcrust {

class Projection {
 public:
  /// n_values: three a node.  halo: of the nodes, or null where there is one rank
  Projection(std::size_t n_values, const std::shared_ptr<const Halo>& halo)
      : pieces_{n_values, kPiece},
        shared_(halo ? std::make_unique<const SharedNodes<Cpu>>(halo) : nullptr) {}

  std::size_t n_values() const { return pieces_.n; }
  std::size_t size() const { return basis_.size(); }
  std::size_t bytes() const { return basis_.size() * n_values() * sizeof(double); }
  void forget() {
    basis_.clear();
    gram_.clear();
  }

  /// What it has, x_i and the rows of G, to be given to another of the same size in the same order.
  const std::vector<Array<double>>& basis() const { return basis_; }
  const std::vector<std::vector<double>>& gram() const { return gram_; }
  void give(Array<double> x, std::vector<double> row) {
    require(x.size() == n_values() && row.size() == size() + 1, "basis: wrong size");
    require(size() < kMostHistory, "basis: too many solutions");
    basis_.push_back(std::move(x));
    gram_.push_back(std::move(row));
  }

  /// out = Σ c_i x_i
  void project(const double* b, double* out) const {
    const std::vector<double> right = products(b);
    double factors[kMostHistory];
    combination(
        static_cast<int>(size()),
        [&](int i, int j) {
          return gram_[static_cast<std::size_t>(i)][static_cast<std::size_t>(j)];
        },
        [&](int i) { return right[static_cast<std::size_t>(i)]; }, kLeast, factors);
    pieces_.each([&](std::size_t, std::size_t first, std::size_t n) {
      std::fill(out + first, out + first + n, 0.0);
      for (std::size_t i = 0; i < size(); ++i)
        if (factors[i] != 0) add_multiple(n, factors[i], basis_[i].data() + first, out + first);
    });
  }

  /// One more solution u, of forces A u; false if its square is no positive number.
  bool add(const double* u, const double* forces) {
    require(size() < kMostHistory, "basis: too many solutions");
    std::vector<double> row = products(forces);
    const double square = product(u, forces);
    if (!(square > 0 && std::isfinite(square))) return false;
    const double scale = 1 / std::sqrt(square);
    for (double& entry : row) entry *= scale;
    row.push_back(1);
    auto x = Array<double>::unwritten(n_values());
    pieces_.each([&](std::size_t, std::size_t first, std::size_t n) {
      for (std::size_t i = first; i < first + n; ++i) x[i] = scale * u[i];
    });
    basis_.push_back(std::move(x));
    gram_.push_back(std::move(row));
    return true;
  }

 private:
  static constexpr std::size_t kPiece = 2048;
  static constexpr double kLeast = 1e-12;

  /// x_i · b
  std::vector<double> products(const double* b) const {
    std::vector<double> sums(basis_.size(), 0.0), parts(pieces_.number() * basis_.size());
    pieces_.each([&](std::size_t p, std::size_t first, std::size_t n) {
      for (std::size_t i = 0; i < basis_.size(); ++i)
        parts[p * basis_.size() + i] = dot_of(n, basis_[i].data() + first, b + first);
    });
    for (std::size_t k = 0; k < parts.size(); ++k) sums[k % basis_.size()] += parts[k];
    if (shared_) {
      for (std::size_t i = 0; i < basis_.size(); ++i)
        sums[i] -= shared_->ghosts_part(1, 3, basis_[i].data(), b)[0];
      shared_->halo().comm().sum(sums.data(), sums.size());
    }
    return sums;
  }
  double product(const double* a, const double* b) const {
    std::vector<double> parts(pieces_.number());
    pieces_.each([&](std::size_t p, std::size_t first, std::size_t n) {
      parts[p] = dot_of(n, a + first, b + first);
    });
    double sum = 0;
    for (const double part : parts) sum += part;
    if (shared_) {
      sum -= shared_->ghosts_part(1, 3, a, b)[0];
      shared_->halo().comm().sum(&sum, 1);
    }
    return sum;
  }

  Pieces pieces_;
  std::unique_ptr<const SharedNodes<Cpu>> shared_;
  std::vector<Array<double>> basis_;       // x_i, of square 1 in the norm of A
  std::vector<std::vector<double>> gram_;  // G, up to its diagonal
};

}  // namespace femcrust
