/// One V-cycle: quadratic → linear tetrahedra on the same vertices → aggregates → a dense solve.
///
/// Every level smooths with Chebyshev over its block diagonal, the same before and after, so the
/// cycle is symmetric. It computes in T (float by default) on a residual scaled to length one.
#pragma once
#include <memory>
#include <utility>
#include <vector>

#include "backends/cpu.hpp"
#include "operators/block_matrix.hpp"
#include "operators/stiffness.hpp"
#include "preconditioners/chebyshev.hpp"

namespace femcrust {

/// P2 ↔ P1: a vertex keeps its value, a mid-edge node takes the mean of its ends; restriction is
/// the transpose. Nodes are numbered vertices first, then edges.
class EdgeTransfer {
 public:
  /// edges: [n_edges][2] vertices
  EdgeTransfer(const Index* edges, Index n_edges, Index n_vertices)
      : n_vertices_(n_vertices),
        ends_(edges, edges + 2 * static_cast<std::size_t>(n_edges)),
        begin_(static_cast<std::size_t>(n_vertices) + 1, 0),
        edges_of_(ends_.size()) {
    for (const Index v : ends_) ++begin_[static_cast<std::size_t>(v) + 1];
    for (std::size_t v = 0; v < static_cast<std::size_t>(n_vertices); ++v)
      begin_[v + 1] += begin_[v];
    std::vector<Index> next(begin_.begin(), begin_.end() - 1);
    for (std::size_t k = 0; k < ends_.size(); ++k)
      edges_of_[static_cast<std::size_t>(next[static_cast<std::size_t>(ends_[k])]++)] =
          static_cast<Index>(k / 2);
  }

  Index n_vertices() const { return n_vertices_; }

  template <class T>
  void restrict_to(const Cpu& cpu, const Array<T>& fine, Array<T>& coarse) const {
    cpu.for_ranges(n_vertices_, 512, [&](Index first, Index last) {
      for (Index v = first; v < last; ++v) {
        const auto at = 3 * static_cast<std::size_t>(v);
        T sum[3] = {};
        for (Index k = begin_[static_cast<std::size_t>(v)];
             k < begin_[static_cast<std::size_t>(v) + 1]; ++k) {
          const T* const edge = fine.data() + mid(edges_of_[static_cast<std::size_t>(k)]);
          for (int c = 0; c < 3; ++c) sum[c] += edge[c];
        }
        for (std::size_t c = 0; c < 3; ++c) coarse[at + c] = fine[at + c] + T(0.5) * sum[c];
      }
    });
  }

  template <class T>
  void prolong_add(const Cpu& cpu, const Array<T>& coarse, Array<T>& fine) const {
    cpu.for_ranges(n_vertices_, 4096, [&](Index first, Index last) {
      for (auto i = 3 * static_cast<std::size_t>(first); i < 3 * static_cast<std::size_t>(last);
           ++i)
        fine[i] += coarse[i];
    });
    cpu.for_ranges(static_cast<Index>(ends_.size() / 2), 4096, [&](Index first, Index last) {
      for (Index e = first; e < last; ++e) {
        const auto k = 2 * static_cast<std::size_t>(e);
        const T* const a = coarse.data() + 3 * static_cast<std::size_t>(ends_[k]);
        const T* const b = coarse.data() + 3 * static_cast<std::size_t>(ends_[k + 1]);
        T* const to = fine.data() + mid(e);
        for (int c = 0; c < 3; ++c) to[c] += T(0.5) * (a[c] + b[c]);
      }
    });
  }

 private:
  std::size_t mid(Index edge) const {
    return 3 * (static_cast<std::size_t>(n_vertices_) + static_cast<std::size_t>(edge));
  }
  Index n_vertices_;
  std::vector<Index> ends_;              // [n_edges][2]
  std::vector<Index> begin_, edges_of_;  // edges at each vertex
};

/// An assembled level and the way down to the next one.
template <class T>
struct AssembledLevel {
  BlockMatrix<T> matrix;
  BlockMatrix<T> prolongation, restriction;  // to and from the next level; empty on the last
  Chebyshev<T> smoother;
  std::size_t size = 0;

  void apply(const Cpu& cpu, const Array<T>& x, Array<T>& y) const {
    matrix.apply(cpu, x, Store::set, y);
  }
};

template <class T>
class Multigrid {
 public:
  Multigrid(std::shared_ptr<const Stiffness<T>> fine, Chebyshev<T> smoother, EdgeTransfer transfer,
            Constraints vertex_constraints, std::vector<AssembledLevel<T>> levels,
            std::vector<T> coarsest_inverse)
      : fine_(std::move(fine)),
        smoother_(std::move(smoother)),
        transfer_(std::move(transfer)),
        vertex_constraints_(std::move(vertex_constraints)),
        levels_(std::move(levels)),
        coarsest_inverse_(std::move(coarsest_inverse)) {
    const Cpu cpu;
    smoother_.estimate(cpu, *fine_, fine_->size());
    work_.emplace_back(fine_->size());
    for (std::size_t l = 0; l < levels_.size(); ++l) {
      if (l + 1 < levels_.size()) levels_[l].smoother.estimate(cpu, levels_[l], levels_[l].size);
      work_.emplace_back(levels_[l].size);
    }
    require(coarsest_inverse_.size() == levels_.back().size * levels_.back().size,
            "multigrid: the coarsest inverse has the wrong size");
  }

  /// z ≈ A⁻¹ r
  void apply(const Cpu& cpu, const Array<double>& r, Array<double>& z) const {
    const double length = cpu.norm(r);
    if (!(length > 0)) {
      z.fill(0);
      return;
    }
    Work& w = work_[0];
    cpu.convert(1 / length, r, w.r);
    w.x.fill(T(0));
    smoother_.smooth(cpu, *fine_, w.x, w.r, w.d, w.q);
    subtract_last(cpu, *fine_, w);
    transfer_.restrict_to(cpu, w.r, work_[1].r);
    vertex_constraints_.project(work_[1].r);
    cycle(cpu, 0);
    w.d.fill(T(0));
    transfer_.prolong_add(cpu, work_[1].x, w.d);
    fine_->constraints().project(w.d);
    cpu.axpby(T(1), w.d, T(1), w.x);
    subtract_last(cpu, *fine_, w);
    smoother_.smooth(cpu, *fine_, w.x, w.r, w.d, w.q);
    cpu.convert(length, w.x, z);
    fine_->constraints().project(z);  // float rounding must not enter the held directions
  }

  std::vector<double> lambda_max() const {
    std::vector<double> all{smoother_.lambda_max()};
    for (const auto& level : levels_) all.push_back(level.smoother.lambda_max());
    return all;
  }
  std::size_t bytes() const {
    std::size_t sum = fine_->bytes() + smoother_.bytes() + sizeof(T) * coarsest_inverse_.size();
    for (const auto& level : levels_)
      sum += level.matrix.bytes() + 2 * level.prolongation.bytes() + level.smoother.bytes();
    for (const Work& w : work_) sum += 4 * w.x.bytes();
    return sum;
  }

 private:
  struct Work {
    explicit Work(std::size_t n) : x(n), r(n), d(n), q(n) {}
    Array<T> x, r, d, q;  // solution, residual, last correction, product
  };

  /// r −= A d: what the last correction changed.
  template <class Operator>
  static void subtract_last(const Cpu& cpu, const Operator& A, Work& w) {
    A.apply(cpu, w.d, w.q);
    cpu.axpby(T(-1), w.q, T(1), w.r);
  }

  /// x of assembled level l from its residual r.
  void cycle(const Cpu& cpu, std::size_t l) const {
    const AssembledLevel<T>& level = levels_[l];
    Work& w = work_[l + 1];
    if (l + 1 == levels_.size()) {
      solve_coarsest(cpu, w);
      return;
    }
    w.x.fill(T(0));
    level.smoother.smooth(cpu, level, w.x, w.r, w.d, w.q);
    subtract_last(cpu, level, w);
    level.restriction.apply(cpu, w.r, Store::set, work_[l + 2].r);
    cycle(cpu, l + 1);
    level.prolongation.apply(cpu, work_[l + 2].x, Store::set, w.d);
    cpu.axpby(T(1), w.d, T(1), w.x);
    subtract_last(cpu, level, w);
    level.smoother.smooth(cpu, level, w.x, w.r, w.d, w.q);
  }

  void solve_coarsest(const Cpu& cpu, Work& w) const {
    const std::size_t n = w.x.size();
    cpu.for_ranges(static_cast<Index>(n), 64, [&](Index first, Index last) {
      for (auto i = static_cast<std::size_t>(first); i < static_cast<std::size_t>(last); ++i)
        w.x[i] =
            static_cast<T>(Cpu::vectors<T>().dot(n, coarsest_inverse_.data() + i * n, w.r.data()));
    });
  }

  std::shared_ptr<const Stiffness<T>> fine_;
  Chebyshev<T> smoother_;
  EdgeTransfer transfer_;
  Constraints vertex_constraints_;
  std::vector<AssembledLevel<T>> levels_;
  std::vector<T> coarsest_inverse_;  // [n][n]
  mutable std::vector<Work> work_;   // one solve at a time
};

}  // namespace femcrust
