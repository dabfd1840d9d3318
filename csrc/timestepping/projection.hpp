/// Past solutions made orthonormal in the norm of a matrix A, x_i · A x_j = δ_ij, and the part of
/// an answer in their span, Σ (x_i · b) x_i [Fischer98]. Each call reads every x_i twice, piece by
/// piece; sums of pieces are added in their order, whatever the number of threads.
#pragma once
#include <vector>

#include "backends/cpu.hpp"
#include "core/array.hpp"

namespace femcrust {

class Projection {
 public:
  explicit Projection(std::size_t n_values)
      : n_(n_values), pieces_((n_values + kPiece - 1) / kPiece) {}

  std::size_t n_values() const { return n_; }
  std::size_t size() const { return basis_.size(); }
  std::size_t bytes() const { return basis_.size() * n_ * sizeof(double); }
  void forget() { basis_.clear(); }

  /// out = Σ (x_i · b) x_i
  void project(const double* b, double* out) const {
    const std::vector<double> parts = products(b);
    each_piece([&](std::size_t, std::size_t first, std::size_t n) {
      std::fill(out + first, out + first + n, 0.0);
      combine(parts, 1, first, n, out);
    });
  }

  /// What is new of u, whose forces A u are given, joins the basis, if it is more than the part
  /// `least` of the square of u's norm.
  bool add(const double* u, const double* forces, double least) {
    const std::vector<double> parts = products(forces);
    const double whole = product(u, forces);
    double rest = whole;
    for (const double part : parts) rest -= part * part;
    if (!(rest > least * whole)) return false;
    const double scale = 1 / std::sqrt(rest);
    auto x = Array<double>::unwritten(n_);
    each_piece([&](std::size_t, std::size_t first, std::size_t n) {
      for (std::size_t i = first; i < first + n; ++i) x[i] = scale * u[i];
      combine(parts, -scale, first, n, x.data());
    });
    basis_.push_back(std::move(x));
    return true;
  }

 private:
  static constexpr std::size_t kPiece = 2048;

  /// x_i · b
  std::vector<double> products(const double* b) const {
    std::vector<double> sums(basis_.size(), 0.0), parts(pieces_ * basis_.size());
    each_piece([&](std::size_t p, std::size_t first, std::size_t n) {
      for (std::size_t i = 0; i < basis_.size(); ++i)
        parts[p * basis_.size() + i] = dot(n, basis_[i].data() + first, b + first);
    });
    for (std::size_t k = 0; k < parts.size(); ++k) sums[k % basis_.size()] += parts[k];
    return sums;
  }
  double product(const double* a, const double* b) const {
    std::vector<double> parts(pieces_);
    each_piece([&](std::size_t p, std::size_t first, std::size_t n) {
      parts[p] = dot(n, a + first, b + first);
    });
    double sum = 0;
    for (const double part : parts) sum += part;
    return sum;
  }
  /// out += factor Σ parts_i x_i
  void combine(const std::vector<double>& parts, double factor, std::size_t first, std::size_t n,
               double* out) const {
    for (std::size_t i = 0; i < parts.size(); ++i)
      Cpu::vectors<double>().axpby(n, LaneValues<double>(factor * parts[i]).lane,
                                   basis_[i].data() + first, LaneValues<double>(1).lane,
                                   out + first);
  }
  static double dot(std::size_t n, const double* x, const double* y) {
    double lanes[kMostColumns], sum = 0;
    Cpu::vectors<double>().dot(n, x, y, lanes);
    for (const double lane : lanes) sum += lane;
    return sum;
  }
  template <class F>
  void each_piece(const F& work) const {
    const auto pieces = static_cast<std::ptrdiff_t>(pieces_);
#pragma omp parallel for schedule(static)
    for (std::ptrdiff_t p = 0; p < pieces; ++p) {
      const std::size_t first = static_cast<std::size_t>(p) * kPiece;
      work(static_cast<std::size_t>(p), first, std::min(kPiece, n_ - first));
    }
  }

  std::size_t n_, pieces_;
  std::vector<Array<double>> basis_;
};

}  // namespace femcrust
