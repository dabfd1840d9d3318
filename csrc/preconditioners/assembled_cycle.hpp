/// The lower part of multigrid: a V-cycle over assembled levels and a dense solve on the last.
#pragma once
#include <utility>
#include <vector>

#include "operators/block_matrix.hpp"
#include "preconditioners/chebyshev.hpp"

namespace femcrust {

/// An assembled level and the way down to the next one.
template <class T, class B>
struct AssembledLevel {
  BlockMatrix<T, B> matrix;
  BlockMatrix<T, B> prolongation, restriction;  // to and from the next level; empty on the last
  Chebyshev<T, B> smoother;
  std::size_t size = 0;

  template <class F = Plain<T>>
  void apply(const B& backend, int width, const ArrayOn<B, T>& x, ArrayOn<B, T>& y) const {
    matrix.apply(backend, width, x, Store::set, y);
  }
  std::size_t bytes() const {
    return matrix.bytes() + prolongation.bytes() + restriction.bytes() + smoother.bytes();
  }
};

template <class T, class B>
class AssembledCycle {
 public:
  AssembledCycle(std::vector<AssembledLevel<T, B>> levels, const std::vector<T>& coarsest_inverse)
      : levels_(std::move(levels)) {
    B::copy_in(coarsest_inverse.data(), coarsest_inverse.size(), coarsest_inverse_);
    for (const AssembledLevel<T, B>& level : levels_) vectors_.emplace_back(level.size);
    require(coarsest_inverse_.size() == levels_.back().size * levels_.back().size,
            "multigrid: the coarsest inverse has the wrong size");
  }

  /// Residual and solution of the finest assembled level.
  ArrayOn<B, T>& residual() const { return vectors_.front().r; }
  const ArrayOn<B, T>& solution() const { return vectors_.front().x; }

  void resize(int width) const {
    for (std::size_t l = 0; l < levels_.size(); ++l)
      vectors_[l].resize(levels_[l].size * static_cast<std::size_t>(width));
  }

  /// solution ≈ A⁻¹ residual
  void apply(const B& backend, int width) const { cycle(backend, width, 0); }

  std::size_t bytes() const {
    std::size_t sum = coarsest_inverse_.bytes();
    for (const auto& level : levels_) sum += level.bytes();
    for (const auto& vectors : vectors_) sum += vectors.bytes();
    return sum;
  }

 private:
  void cycle(const B& backend, int width, std::size_t l) const {
    const AssembledLevel<T, B>& level = levels_[l];
    auto& v = vectors_[l];
    if (l + 1 == levels_.size()) {
      backend.dense_product(width, coarsest_inverse_, v.r, v.x);
      return;
    }
    auto& below = vectors_[l + 1];
    level.smoother.smooth(backend, level, width, nullptr, true, v);
    level.apply(backend, width, v.d, v.q);
    backend.axpby(T(-1), v.q, T(1), v.r);
    level.restriction.apply(backend, width, v.r, Store::set, below.r);
    cycle(backend, width, l + 1);
    level.prolongation.apply(backend, width, below.x, Store::set, v.d);
    backend.axpby(T(1), v.d, T(1), v.x);
    level.apply(backend, width, v.d, v.q);
    level.smoother.smooth(backend, level, width, v.q.data(), false, v);
  }

  std::vector<AssembledLevel<T, B>> levels_;
  ArrayOn<B, T> coarsest_inverse_;                          // [n][n]
  mutable std::vector<LevelVectors<B, Plain<T>>> vectors_;  // one solve at a time
};

}  // namespace femcrust
