/// One V-cycle: quadratic → linear tetrahedra on the same vertices → aggregates → a dense solve.
///
/// Every level smooths with Chebyshev over its block diagonal, the same before and after, so the
/// cycle is symmetric. Vectors of the quadratic level are stored in format F, lower ones as plain
/// numbers; each column's residual is scaled to numbers of size one on the way in.
#pragma once
#include <memory>
#include <utility>
#include <vector>

#include "operators/stiffness.hpp"
#include "preconditioners/assembled_cycle.hpp"
#include "preconditioners/edge_transfer.hpp"

namespace femcrust {

template <class F>
class Multigrid {
 public:
  using T = typename F::Real;
  static constexpr int kMostColumns = kPlain<F> ? femcrust::kMostColumns : 1;

  Multigrid(std::shared_ptr<const Stiffness<T>> fine, Chebyshev<T> smoother, EdgeTransfer transfer,
            Constraints vertex_constraints, std::vector<AssembledLevel<T>> levels,
            std::vector<T> coarsest_inverse)
      : fine_(std::move(fine)),
        smoother_(std::move(smoother)),
        transfer_(std::move(transfer)),
        vertex_constraints_(std::move(vertex_constraints)),
        coarse_(std::move(levels), std::move(coarsest_inverse)),
        vectors_(words<F>(fine_->n_nodes(), 1)) {
    if constexpr (kPlain<F>) {
      smoother_.estimate(Cpu(), *fine_, vectors_);
    } else {
      LevelVectors<Plain<T>> plain(fine_->size());
      smoother_.estimate(Cpu(), *fine_, plain);
    }
  }

  /// z ≈ A⁻¹ r; `lengths` are those of r's columns, and a column of length 0 gives 0.
  void apply(const Cpu& cpu, int width, const PerColumn& lengths, const Array<double>& r,
             Array<double>& z) const {
    LevelVectors<F>& v = vectors_;
    v.resize(words<F>(fine_->n_nodes(), width));
    coarse_.resize(width);
    take(cpu, width, lengths, r, v.r);
    smoother_.template smooth<F>(cpu, *fine_, width, nullptr, true, v);
    fine_->template apply<F>(cpu, width, v.d, v.q);
    subtract(cpu, width, v.q, v.r);
    transfer_.template restrict_to<F>(cpu, width, v.r, coarse_.residual());
    vertex_constraints_.template project<Plain<T>>(cpu, width, coarse_.residual());
    coarse_.apply(cpu, width);
    transfer_.template prolong<F>(cpu, width, coarse_.solution(), v.d, v.x);
    fine_->template apply_linear<F>(cpu, width, coarse_.solution(), v.d, v.q);
    smoother_.template smooth<F>(cpu, *fine_, width, v.q.data(), false, v);
    give(cpu, width, lengths, v.x, z);
    // Rounding must not enter the held directions.
    fine_->constraints().template project<Fp64>(cpu, width, z);
  }

  std::size_t bytes() const {
    return fine_->bytes() + smoother_.bytes() + transfer_.bytes() + coarse_.bytes() +
           vectors_.bytes();
  }

 private:
  static constexpr Index kGrain = 1024;

  /// Factors that bring residuals of these lengths to a root mean square of one, or back.
  PerColumn scales(int width, const PerColumn& lengths, int power) const {
    const double root = std::sqrt(static_cast<double>(fine_->size()));
    PerColumn factor;
    for (int c = 0; c < width; ++c)
      factor[c] = lengths[c] > 0 ? std::pow(root / lengths[c], power) : 0.0;
    return factor;
  }

  void take(const Cpu& cpu, int width, const PerColumn& lengths, const Array<double>& r,
            Words<F>& out) const {
    const PerColumn factor = scales(width, lengths, 1);
    const auto kernel = nodal_kernels<F>(width).take;
    cpu.for_ranges(fine_->n_nodes(), kGrain, [&](Index first, Index last) {
      kernel(first, last, factor.of, r.data(), out.data());
    });
  }
  void give(const Cpu& cpu, int width, const PerColumn& lengths, const Words<F>& x,
            Array<double>& z) const {
    const PerColumn factor = scales(width, lengths, -1);
    const auto kernel = nodal_kernels<F>(width).give;
    cpu.for_ranges(fine_->n_nodes(), kGrain, [&](Index first, Index last) {
      kernel(first, last, factor.of, x.data(), z.data());
    });
  }
  void subtract(const Cpu& cpu, int width, const Words<F>& q, Words<F>& r) const {
    const auto kernel = nodal_kernels<F>(width).subtract;
    cpu.for_ranges(fine_->n_nodes(), kGrain,
                   [&](Index first, Index last) { kernel(first, last, q.data(), r.data()); });
  }

  std::shared_ptr<const Stiffness<T>> fine_;
  Chebyshev<T> smoother_;
  EdgeTransfer transfer_;
  Constraints vertex_constraints_;
  AssembledCycle<T> coarse_;
  mutable LevelVectors<F> vectors_;  // one solve at a time
};

}  // namespace femcrust
