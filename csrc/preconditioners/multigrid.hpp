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

template <class F, class B>
class Multigrid {
 public:
  using T = typename F::Real;
  static constexpr int kMostColumns = kPlain<F> ? femcrust::kMostColumns : 1;

  Multigrid(std::shared_ptr<const Stiffness<T, B>> fine, Chebyshev<T, B> smoother,
            EdgeTransfer<B> transfer, const Constraints& vertex_constraints,
            std::vector<AssembledLevel<T, B>> levels, const std::vector<T>& coarsest_inverse,
            std::size_t gathered = 0, std::unique_ptr<Gathering<T, B>> gathering = nullptr)
      : fine_(std::move(fine)),
        smoother_(std::move(smoother)),
        transfer_(std::move(transfer)),
        vertices_held_(vertex_constraints),
        coarse_(std::move(levels), coarsest_inverse, gathered, std::move(gathering)),
        vectors_(words<F>(fine_->n_nodes(), 1)) {
    const Together<B> backend(fine_->shared());
    if constexpr (kPlain<F>) {
      smoother_.estimate(backend, *fine_, vectors_);
    } else {
      LevelVectors<B, Plain<T>> plain(fine_->size());
      smoother_.estimate(backend, *fine_, plain);
    }
  }

  /// z ≈ A⁻¹ r; `lengths` are those of r's columns, and a column of length 0 gives 0.
  void apply(const B& backend, int width, const PerColumn& lengths, const ArrayOn<B, double>& r,
             ArrayOn<B, double>& z) const {
    LevelVectors<B, F>& v = vectors_;
    v.resize(words<F>(fine_->n_nodes(), width));
    coarse_.resize(width);
    take(backend, width, lengths, r, v.r);
    if (fine_->shared() == nullptr)
      recordings_[width_slot(width)].run([&] { cycle(backend, width); });
    else  // messages cannot be recorded
      cycle(backend, width);
    give(backend, width, lengths, v.x, z);
    // Rounding must not enter the held directions.
    fine_->held().template project<Fp64>(backend, width, z);
  }

  std::size_t bytes() const {
    return fine_->bytes() + smoother_.bytes() + transfer_.bytes() + coarse_.bytes() +
           vectors_.bytes();
  }

 private:
  static constexpr Index kGrain = 1024;

  /// x ≈ A⁻¹ r on the vectors of the quadratic level.
  void cycle(const B& backend, int width) const {
    LevelVectors<B, F>& v = vectors_;
    smoother_.template smooth<F>(backend, *fine_, width, nullptr, true, v);
    fine_->template apply<F>(backend, width, v.d, v.q);
    subtract(backend, width, v.q, v.r);
    const auto restrict_residual = [&] {
      transfer_.template restrict_to<F>(backend, width, v.r, coarse_.residual());
    };
    if (fine_->shared() != nullptr)
      fine_->shared()->without_ghosts(F::kWords * static_cast<std::size_t>(width), v.r.data(),
                                      restrict_residual);
    else
      restrict_residual();
    vertices_held_.template project<Plain<T>>(backend, width, coarse_.residual());
    coarse_.apply(backend, width);
    transfer_.template prolong<F>(backend, width, coarse_.solution(), v.d, v.x);
    fine_->template apply_linear<F>(backend, width, coarse_.solution(), v.d, v.q);
    smoother_.template smooth<F>(backend, *fine_, width, v.q.data(), false, v);
  }

  /// Factors that bring residuals of these lengths to a root mean square of one, or back.
  PerColumn scales(int width, const PerColumn& lengths, int power) const {
    const double root = std::sqrt(fine_->whole_size());
    PerColumn factor;
    for (int c = 0; c < width; ++c)
      factor[c] = lengths[c] > 0 ? std::pow(root / lengths[c], power) : 0.0;
    return factor;
  }

  void take(const B& backend, int width, const PerColumn& lengths, const ArrayOn<B, double>& r,
            Words<B, F>& out) const {
    const PerColumn factor = scales(width, lengths, 1);
    const auto kernel = nodal_kernels<B, F>(width).take;
    backend.for_ranges(fine_->n_nodes(), kGrain, [&](Index first, Index last) {
      kernel(first, last, factor.of, r.data(), out.data());
    });
  }
  void give(const B& backend, int width, const PerColumn& lengths, const Words<B, F>& x,
            ArrayOn<B, double>& z) const {
    const PerColumn factor = scales(width, lengths, -1);
    const auto kernel = nodal_kernels<B, F>(width).give;
    backend.for_ranges(fine_->n_nodes(), kGrain, [&](Index first, Index last) {
      kernel(first, last, factor.of, x.data(), z.data());
    });
  }
  void subtract(const B& backend, int width, const Words<B, F>& q, Words<B, F>& r) const {
    const auto kernel = nodal_kernels<B, F>(width).subtract;
    backend.for_ranges(fine_->n_nodes(), kGrain,
                       [&](Index first, Index last) { kernel(first, last, q.data(), r.data()); });
  }

  std::shared_ptr<const Stiffness<T, B>> fine_;
  Chebyshev<T, B> smoother_;
  EdgeTransfer<B> transfer_;
  HeldDirections<B> vertices_held_;
  AssembledCycle<T, B> coarse_;
  mutable LevelVectors<B, F> vectors_;           // one solve at a time
  mutable typename B::Recording recordings_[4];  // of a cycle, by width
};

}  // namespace femcrust
