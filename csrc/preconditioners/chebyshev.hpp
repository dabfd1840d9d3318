/// Polynomial smoothing of D⁻¹A on the upper part of its spectrum [Saad03, alg. 12.1], and the
/// estimate of its largest eigenvalue by a few Lanczos steps.
#pragma once
#include <cmath>
#include <vector>

#include "backends/random_values.hpp"
#include "operators/together.hpp"
#include "preconditioners/cluster_solve.hpp"

namespace femcrust {

/// Largest eigenvalue of the symmetric tridiagonal matrix (diagonal, off), by bisection on the
/// number of negative pivots.
inline double largest_eigenvalue(const std::vector<double>& diagonal,
                                 const std::vector<double>& off) {
  double low = diagonal[0], high = 0;
  for (std::size_t i = 0; i < diagonal.size(); ++i) {
    const double radius =
        (i > 0 ? std::abs(off[i - 1]) : 0.0) + (i + 1 < diagonal.size() ? std::abs(off[i]) : 0.0);
    high = std::max(high, diagonal[i] + radius);
    low = std::max(low, diagonal[i]);
  }
  for (int step = 0; step < 60 && high - low > 1e-6 * high; ++step) {
    const double middle = (low + high) / 2;
    bool above = false;  // some eigenvalue exceeds `middle`
    double pivot = 1;
    for (std::size_t i = 0; i < diagonal.size() && !above; ++i) {
      pivot = middle - diagonal[i] - (i > 0 ? off[i - 1] * off[i - 1] / pivot : 0.0);
      above = !(pivot > 0);
    }
    (above ? low : high) = middle;
  }
  return high;
}

/// The largest Ritz value plus the length of its residual, of Lanczos steps whose last number in
/// `off` joins the step that was not made: an eigenvalue lies that near, and few steps leave the
/// Ritz value alone up to a quarter too low on bad cells.
inline double largest_eigenvalue_bound(const std::vector<double>& diagonal,
                                       const std::vector<double>& off) {
  const double value = largest_eigenvalue(diagonal, off);
  double before = 0, last = 1, square = 1;  // of the eigenvector
  for (std::size_t i = 0; i + 1 < diagonal.size(); ++i) {
    const double next =
        ((value - diagonal[i]) * last - (i > 0 ? off[i - 1] * before : 0.0)) / off[i];
    before = last;
    last = next;
    square += last * last;
  }
  const double beyond = off.size() == diagonal.size() ? off.back() : 0.0;
  return value + beyond * std::abs(last) / std::sqrt(square);
}

/// Vectors of one level: solution, residual, last correction, product. [n_nodes][3][width]
template <class B, class F>
struct LevelVectors {
  explicit LevelVectors(std::size_t words) : x(words), r(words), d(words), q(words) {}
  void resize(std::size_t words) {
    for (Words<B, F>* v : {&x, &r, &d, &q}) v->resize(words);
  }
  std::size_t bytes() const { return 4 * x.bytes(); }

  Words<B, F> x, r, d, q;
};

/// The smoother of one level: `degree` steps of Chebyshev's polynomial for D⁻¹A on
/// [lower, upper] · λ_max, with block-diagonal D.
template <class T, class B>
class Chebyshev {
 public:
  static constexpr double kLower = 0.05, kUpper = 1.1;
  // With six, λ_max of flat slivers that no cluster holds came out a sixth too low; where no cell
  // is hard to smooth six are enough.
  static constexpr int kLanczosSteps = 8, kLanczosStepsEasy = 6;

  Chebyshev() = default;
  /// lambda_max: of D⁻¹A where it is known; 0: `estimate` finds it
  Chebyshev(Array<T> inverse_diagonal, int block_size, int degree, double lambda_max = 0)
    requires(!B::kOnHost)
      : Chebyshev(B::placed(inverse_diagonal), block_size, degree, lambda_max) {}
  Chebyshev(ArrayOn<B, T> inverse_diagonal, int block_size, int degree, double lambda_max = 0)
      : inverse_(std::move(inverse_diagonal)),
        block_size_(block_size),
        degree_(degree),
        lambda_max_(lambda_max) {}

  /// D holds the stiffness of whole clusters in place of their nodes' blocks, which are zero in
  /// `inverse_diagonal`.  easy: no rank has any
  Chebyshev(ArrayOn<B, T> inverse_diagonal, const Clusters<T>& clusters, bool easy, int degree)
      : Chebyshev(std::move(inverse_diagonal), 3, degree) {
    clusters_ = ClusterSolve<T, B>(clusters);
    if (easy) steps_ = kLanczosStepsEasy;
  }

  std::size_t bytes() const { return inverse_.bytes() + clusters_.bytes(); }

  /// Lanczos in the inner product of D, written as conjugate gradients on a fixed random load:
  /// α and β of the recurrence are the entries of the tridiagonal matrix [Saad03, §6.7.3].
  template <class Operator>
  void estimate(const Together<B>& backend, const Operator& A, LevelVectors<B, Plain<T>>& work) {
    require(block_size_ == 3, "λ_max is estimated where blocks are of nodes");
    ArrayOn<B, T>&r = work.r, &z = work.x, &p = work.d, &q = work.q;
    p.set_zero();
    fill_random(backend, r);
    backend.agree(r);
    // A maps into the free directions; parts of r outside them would make A look unsymmetric.
    A.apply(backend, 1, r, q);
    backend.axpby(static_cast<T>(1 / backend.norm(q)), q, T(0), r);
    std::vector<double> diagonal, off;
    double rho = 0, alpha = 1;
    for (int step = 0;; ++step) {
      scale(backend, r, z);
      const double rho_next = backend.dot(r, z);
      if (!(rho_next > 0)) break;
      const double beta = step == 0 ? 0.0 : rho_next / rho;
      if (step > 0) off.push_back(std::sqrt(beta) / alpha);
      if (step == steps_) break;
      rho = rho_next;
      backend.axpby(T(1), z, static_cast<T>(beta), p);
      A.apply(backend, 1, p, q);
      const double curvature = backend.dot(p, q);
      if (!(curvature > 0)) break;
      diagonal.push_back(curvature / rho + (step > 0 ? beta / alpha : 0.0));
      alpha = rho / curvature;
      backend.axpby(static_cast<T>(-alpha), q, T(1), r);
    }
    require(!diagonal.empty(), "the largest eigenvalue of a level could not be estimated");
    lambda_max_ = largest_eigenvalue_bound(diagonal, off);
  }

  /// x += p(D⁻¹A) D⁻¹ (r − product), where `product` (nullptr: zero) is what r still lacks. At the
  /// start x is not read but taken as zero. On return r is one product short of the residual of x:
  /// the last step's correction is in d.
  template <class F, class Operator>
  void smooth(const B& backend, const Operator& A, int width, const typename F::Word* product,
              bool start, LevelVectors<B, F>& v) const {
    const double low = kLower * lambda_max_, high = kUpper * lambda_max_;
    const double theta = (high + low) / 2, delta = (high - low) / 2, sigma = theta / delta;
    double rho = 1 / sigma;
    step<F>(backend, width, product, 0.0, 1 / theta, start, v);
    for (int k = 1; k < degree_; ++k) {
      A.template apply<F>(backend, width, v.d, v.q);
      const double rho_next = 1 / (2 * sigma - rho);
      step<F>(backend, width, v.q.data(), rho_next * rho, 2 * rho_next / delta, false, v);
      rho = rho_next;
    }
    clusters_.template spread<F>(width, v.x.data());
  }

 private:
  static constexpr Index kGrain = 1024;

  Index rows() const {
    const std::size_t per_block = block_size_ == 3 ? 6 : 36;
    return static_cast<Index>(inverse_.size() / per_block);
  }
  /// z = D⁻¹ r of nodes; levels with larger blocks come with their λ_max.
  void scale(const B& backend, const ArrayOn<B, T>& r, ArrayOn<B, T>& z) const {
    const auto kernel = nodal_kernels<B, Plain<T>>(1).scale;
    backend.for_ranges(rows(), kGrain, [&](Index first, Index last) {
      kernel(first, last, inverse_.data(), r.data(), z.data());
    });
    clusters_.template add<Plain<T>>(backend, 1, r.data(), T(1), z.data(), nullptr);
    clusters_.template spread<Plain<T>>(1, z.data());
  }
  /// r −= q;  d = keep d + gain D⁻¹ r;  x += d, or x = d at the start
  template <class F>
  void step(const B& backend, int width, const typename F::Word* q, double keep, double gain,
            bool start, LevelVectors<B, F>& v) const {
    auto kernel = nodal_kernels<B, F>(width).smooth;
    if constexpr (kPlain<F>) {
      if (block_size_ == 6) kernel = B::template vectors<T>().smooth[width_slot(width)];
    }
    backend.for_ranges(rows(), kGrain, [&](Index first, Index last) {
      kernel(first, last, inverse_.data(), q, v.r.data(), static_cast<T>(keep),
             static_cast<T>(gain), start, v.d.data(), v.x.data());
    });
    clusters_.template add<F>(backend, width, v.r.data(), static_cast<T>(gain), v.d.data(),
                              v.x.data());
    clusters_.template spread<F>(width, v.d.data());
  }

  ArrayOn<B, T> inverse_;  // [rows][6] of symmetric 3×3 blocks, or [rows][6][6]
  ClusterSolve<T, B> clusters_;
  int block_size_ = 3, degree_ = 3, steps_ = kLanczosSteps;
  double lambda_max_ = 0;
};

}  // namespace femcrust
