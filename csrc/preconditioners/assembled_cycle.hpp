/// The lower part of multigrid: a V-cycle over assembled levels and a dense solve on the last.
#pragma once
#include <utility>
#include <vector>

#include "operators/block_matrix.hpp"
#include "preconditioners/chebyshev.hpp"

namespace femcrust {

/// An assembled level and the way down to the next one.
template <class T>
struct AssembledLevel {
  BlockMatrix<T> matrix;
  BlockMatrix<T> prolongation, restriction;  // to and from the next level; empty on the last
  Chebyshev<T> smoother;
  std::size_t size = 0;

  template <class F = Plain<T>>
  void apply(const Cpu& cpu, int width, const Array<T>& x, Array<T>& y) const {
    matrix.apply(cpu, width, x, Store::set, y);
  }
  std::size_t bytes() const {
    return matrix.bytes() + prolongation.bytes() + restriction.bytes() + smoother.bytes();
  }
};

template <class T>
class AssembledCycle {
 public:
  AssembledCycle(std::vector<AssembledLevel<T>> levels, std::vector<T> coarsest_inverse)
      : levels_(std::move(levels)), coarsest_inverse_(std::move(coarsest_inverse)) {
    for (const AssembledLevel<T>& level : levels_) vectors_.emplace_back(level.size);
    require(coarsest_inverse_.size() == levels_.back().size * levels_.back().size,
            "multigrid: the coarsest inverse has the wrong size");
  }

  /// Residual and solution of the finest assembled level.
  Array<T>& residual() const { return vectors_.front().r; }
  const Array<T>& solution() const { return vectors_.front().x; }

  void resize(int width) const {
    for (std::size_t l = 0; l < levels_.size(); ++l)
      vectors_[l].resize(levels_[l].size * static_cast<std::size_t>(width));
  }

  /// solution ≈ A⁻¹ residual
  void apply(const Cpu& cpu, int width) const { cycle(cpu, width, 0); }

  std::size_t bytes() const {
    std::size_t sum = sizeof(T) * coarsest_inverse_.size();
    for (const auto& level : levels_) sum += level.bytes();
    for (const auto& vectors : vectors_) sum += vectors.bytes();
    return sum;
  }

 private:
  void cycle(const Cpu& cpu, int width, std::size_t l) const {
    const AssembledLevel<T>& level = levels_[l];
    auto& v = vectors_[l];
    if (l + 1 == levels_.size()) {
      solve_coarsest(cpu, width, v);
      return;
    }
    auto& below = vectors_[l + 1];
    level.smoother.smooth(cpu, level, width, nullptr, true, v);
    level.apply(cpu, width, v.d, v.q);
    cpu.axpby(T(-1), v.q, T(1), v.r);
    level.restriction.apply(cpu, width, v.r, Store::set, below.r);
    cycle(cpu, width, l + 1);
    level.prolongation.apply(cpu, width, below.x, Store::set, v.d);
    cpu.axpby(T(1), v.d, T(1), v.x);
    level.apply(cpu, width, v.d, v.q);
    level.smoother.smooth(cpu, level, width, v.q.data(), false, v);
  }

  /// x = A⁻¹ r with the dense inverse.
  void solve_coarsest(const Cpu& cpu, int width, LevelVectors<Plain<T>>& v) const {
    const std::size_t n = levels_.back().size, w = static_cast<std::size_t>(width);
    cpu.for_ranges(static_cast<Index>(n), 64, [&](Index first, Index last) {
      for (auto i = static_cast<std::size_t>(first); i < static_cast<std::size_t>(last); ++i) {
        T sum[kMostColumns] = {};
        for (std::size_t j = 0; j < n; ++j)
          for (std::size_t c = 0; c < w; ++c)
            sum[c] += coarsest_inverse_[i * n + j] * v.r[j * w + c];
        std::copy(sum, sum + w, v.x.data() + i * w);
      }
    });
  }

  std::vector<AssembledLevel<T>> levels_;
  std::vector<T> coarsest_inverse_;                      // [n][n]
  mutable std::vector<LevelVectors<Plain<T>>> vectors_;  // one solve at a time
};

}  // namespace femcrust
