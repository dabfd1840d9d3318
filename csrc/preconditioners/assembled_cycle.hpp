/// The lower part of multigrid: a V-cycle over assembled levels and a dense solve on the last.
///
/// Over ranks a level's matrix is the sum of what each has, and so is a residual that was
/// restricted to it; below some level all ranks have the whole and work alike.
#pragma once
#include <utility>
#include <vector>

#include "operators/level_matrix.hpp"
#include "preconditioners/chebyshev.hpp"
#include "preconditioners/gathering.hpp"

namespace femcrust {

/// An assembled level and the way down to the next one.
template <class T, class B>
struct AssembledLevel {
  LevelMatrix<T, B> matrix;
  LevelMatrix<T, B> prolongation, restriction;  // to and from the next level; empty on the last
  Chebyshev<T, B> smoother;
  std::size_t size = 0;
  int block = 3;                                 // unknowns of a row
  std::shared_ptr<const SharedNodes<B>> shared;  // rows that other ranks have too; null: none

  template <class F = Plain<T>>
  void apply(const B& backend, int width, const ArrayOn<B, T>& x, ArrayOn<B, T>& y) const {
    matrix.apply(backend, width, x, y);
    sum(width, y);
  }
  /// y's parts → whole sums
  void sum(int width, ArrayOn<B, T>& y) const {
    if (shared) shared->sum(static_cast<std::size_t>(block * width), y.data());
  }
  std::size_t bytes() const {
    return matrix.bytes() + prolongation.bytes() + restriction.bytes() + smoother.bytes();
  }
};

template <class T, class B>
class AssembledCycle {
 public:
  /// gathered: the first level that each rank has whole, by `gathering`; 0 and null for one rank
  AssembledCycle(std::vector<AssembledLevel<T, B>> levels, const std::vector<T>& coarsest_inverse,
                 std::size_t gathered = 0, std::unique_ptr<Gathering<T, B>> gathering = nullptr)
      : levels_(std::move(levels)), gathered_(gathered), gathering_(std::move(gathering)) {
    B::copy_in(coarsest_inverse.data(), coarsest_inverse.size(), coarsest_inverse_);
    for (const AssembledLevel<T, B>& level : levels_) vectors_.emplace_back(level.size);
    require(coarsest_inverse_.size() == levels_.back().size * levels_.back().size,
            "multigrid: the coarsest inverse has the wrong size");
  }

  /// Residual of the finest assembled level, where a rank puts its part of it, and solution.
  ArrayOn<B, T>& residual() const { return part_of_residual(0); }
  const ArrayOn<B, T>& solution() const { return known_solution(0); }

  void resize(int width) const {
    for (std::size_t l = 0; l < levels_.size(); ++l)
      vectors_[l].resize(levels_[l].size * static_cast<std::size_t>(width));
    if (gathering_) gathering_->resize(width);
  }

  /// solution ≈ A⁻¹ residual
  void apply(const B& backend, int width) const { descend(backend, width, 0); }

  std::size_t bytes() const {
    std::size_t sum = coarsest_inverse_.bytes();
    for (const auto& level : levels_) sum += level.bytes();
    for (const auto& vectors : vectors_) sum += vectors.bytes();
    return gathering_ ? sum + gathering_->bytes() : sum;
  }

 private:
  bool gathers(std::size_t l) const { return gathering_ && l == gathered_; }
  ArrayOn<B, T>& part_of_residual(std::size_t l) const {
    return gathers(l) ? gathering_->part() : vectors_[l].r;
  }
  const ArrayOn<B, T>& known_solution(std::size_t l) const {
    return gathers(l) ? gathering_->mine() : vectors_[l].x;
  }

  /// A cycle from level l on, whose residual has come as the parts of the ranks.
  void descend(const B& backend, int width, std::size_t l) const {
    if (gathers(l)) {
      gathering_->collect(width, vectors_[l].r);
      cycle(backend, width, l);
      gathering_->spread(width, vectors_[l].x);
      return;
    }
    levels_[l].sum(width, vectors_[l].r);
    cycle(backend, width, l);
  }

  void cycle(const B& backend, int width, std::size_t l) const {
    const AssembledLevel<T, B>& level = levels_[l];
    auto& v = vectors_[l];
    if (l + 1 == levels_.size()) {
      backend.dense_product(width, coarsest_inverse_, v.r, v.x);
      return;
    }
    level.smoother.smooth(backend, level, width, nullptr, true, v);
    level.apply(backend, width, v.d, v.q);
    backend.axpby(T(-1), v.q, T(1), v.r);
    level.restriction.apply(backend, width, v.r, part_of_residual(l + 1));
    descend(backend, width, l + 1);
    level.prolongation.apply(backend, width, known_solution(l + 1), v.d);
    backend.axpby(T(1), v.d, T(1), v.x);
    level.apply(backend, width, v.d, v.q);
    level.smoother.smooth(backend, level, width, v.q.data(), false, v);
  }

  std::vector<AssembledLevel<T, B>> levels_;
  std::size_t gathered_;
  std::unique_ptr<Gathering<T, B>> gathering_;
  ArrayOn<B, T> coarsest_inverse_;                          // [n][n]
  mutable std::vector<LevelVectors<B, Plain<T>>> vectors_;  // one solve at a time
};

}  // namespace femcrust
