/// The whole operator of a solve: y = Q (K + S) x, with elements K, a small assembled part S on
/// the surface (infinite elements, springs), and Q, which removes what boundaries hold fixed.
#pragma once
#include <memory>
#include <utility>

#include "operators/block_matrix.hpp"
#include "operators/block_sums.hpp"
#include "operators/elastic_ebe.hpp"

namespace femcrust {

/// Directions that stay free at some nodes: v ← Q v with a symmetric 3×3 projector a node.
class Constraints {
 public:
  Constraints() = default;
  /// nodes: [n]; projectors: [n][3][3]
  Constraints(std::vector<Index> nodes, std::vector<double> projectors)
      : nodes_(std::move(nodes)), projectors_(std::move(projectors)) {
    require(projectors_.size() == 9 * nodes_.size(), "constraints: one 3×3 projector a node");
  }

  bool empty() const { return nodes_.empty(); }

  /// For every constrained node: f(node, projector [3][3]).
  template <class F>
  void for_each(const F& f) const {
    for (std::size_t k = 0; k < nodes_.size(); ++k) f(nodes_[k], projectors_.data() + 9 * k);
  }

  /// Those of nodes below n: of the vertices, when nodes are numbered vertices first.
  Constraints first(Index n) const {
    Constraints out;
    for (std::size_t k = 0; k < nodes_.size(); ++k) {
      if (nodes_[k] >= n) continue;
      out.nodes_.push_back(nodes_[k]);
      out.projectors_.insert(out.projectors_.end(), projectors_.begin() + 9 * static_cast<long>(k),
                             projectors_.begin() + 9 * static_cast<long>(k) + 9);
    }
    return out;
  }

  template <class F>
  void project(const Cpu& cpu, int width, Words<F>& v) const {
    if (empty()) return;
    const auto kernel = nodal_kernels<F>(width).project;
    cpu.for_ranges(static_cast<Index>(nodes_.size()), 1024, [&](Index first, Index last) {
      kernel(nodes_.data(), projectors_.data(), first, last, v.data());
    });
  }

  /// D ← Q D Q + (I − Q) tr(D)/3 on the blocks [n_nodes][6] of constrained nodes, so that D stays
  /// invertible and its inverse maps free directions to free directions.
  template <class T>
  void constrain_diagonal(T* blocks) const {
    for (std::size_t k = 0; k < nodes_.size(); ++k) {
      T* const at = blocks + 6 * static_cast<std::size_t>(nodes_[k]);
      double six[6];
      std::copy(at, at + 6, six);
      const double* const q = projectors_.data() + 9 * k;
      const double held = (six[0] + six[1] + six[2]) / 3;
      double dq[3][3] = {};
      for (int i = 0; i < 3; ++i)
        for (int j = 0; j < 3; ++j)
          for (int m = 0; m < 3; ++m) dq[i][j] += six[tet10::voigt(i, m)] * q[3 * m + j];
      for (int i = 0; i < 3; ++i)
        for (int j = i; j < 3; ++j) {
          double sum = held * ((i == j ? 1.0 : 0.0) - q[3 * i + j]);
          for (int m = 0; m < 3; ++m) sum += q[3 * i + m] * dq[m][j];
          at[tet10::voigt(i, j)] = static_cast<T>(sum);
        }
    }
  }

 private:
  std::vector<Index> nodes_;
  std::vector<double> projectors_;
};

/// Inverse of a symmetric positive definite 3×3 block given by six components, by cofactors; false
/// when the block is not positive definite.
inline bool invert_symmetric(const double a[6], double inverse[6]) {
  const double xx = a[1] * a[2] - a[5] * a[5], xy = a[4] * a[5] - a[3] * a[2];
  const double xz = a[3] * a[5] - a[4] * a[1], yy = a[0] * a[2] - a[4] * a[4];
  const double yz = a[3] * a[4] - a[0] * a[5], zz = a[0] * a[1] - a[3] * a[3];
  const double det = a[0] * xx + a[3] * xy + a[4] * xz;
  if (!(a[0] > 0 && zz > 0 && det > 0)) return false;
  const double adjugate[6] = {xx, yy, zz, xy, xz, yz};
  for (int m = 0; m < 6; ++m) inverse[m] = adjugate[m] / det;
  return true;
}

template <class T>
class Stiffness {
 public:
  Stiffness(const Body& body, std::shared_ptr<const ElementBlocks> blocks, BlockMatrix<T> surface,
            std::shared_ptr<const Constraints> constraints)
      : elements_(body, std::move(blocks)),
        surface_(std::move(surface)),
        constraints_(std::move(constraints)) {}

  Index n_nodes() const { return elements_.n_nodes(); }
  std::size_t size() const { return 3 * static_cast<std::size_t>(n_nodes()); }
  std::size_t bytes() const { return elements_.bytes() + surface_.bytes(); }
  const ElasticEbe<T>& elements() const { return elements_; }
  const BlockMatrix<T>& surface() const { return surface_; }
  const Constraints& constraints() const { return *constraints_; }

  template <class F = Plain<T>>
  void apply(const Cpu& cpu, int width, const Words<F>& x, Words<F>& y) const {
    apply_unconstrained<F>(cpu, width, x, y);
    constraints_->project<F>(cpu, width, y);
  }

  /// (K + S) x, for reactions and for lifting prescribed displacements.
  template <class F = Plain<T>>
  void apply_unconstrained(const Cpu& cpu, int width, const Words<F>& x, Words<F>& y) const {
    elements_.template apply<F>(width, x, y);
    surface_.template add<F>(cpu, width, x, y);
  }

  /// Q (K + S) P x of x on the vertices, [n_vertices][3][width]; `prolonged` is P x.
  template <class F>
  void apply_linear(const Cpu& cpu, int width, const Array<T>& x, const Words<F>& prolonged,
                    Words<F>& y) const {
    elements_.template apply_linear<F>(width, x, y);
    surface_.template add<F>(cpu, width, prolonged, y);
    constraints_->project<F>(cpu, width, y);
  }

  /// Inverses of the 3×3 diagonal blocks: xx, yy, zz, xy, xz, yz. [n_nodes][6]
  Array<T> inverse_diagonal(const Body& body) const {
    Array<T> blocks(6 * static_cast<std::size_t>(n_nodes()));
    sum_at_nodes<6>(*body.blocks, 0, blocks.data(), [&](Index e, const auto& at) {
      double g[3][3], of[tet10::kNodes][6];
      const double weight = body.gradients(e, g) / 20;
      tet10::diagonal_blocks(g, weight * body.lambda(e), weight * body.shear(e), of);
      for (int a = 0; a < tet10::kNodes; ++a) {
        double* const sum = at(a);
        for (int m = 0; m < 6; ++m) sum[m] += of[a][m];
      }
    });
    surface_.for_diagonal([&](Index row, const T* block) {
      T* const sum = blocks.data() + 6 * static_cast<std::size_t>(row);
      for (int c = 0; c < 3; ++c)
        for (int d = c; d < 3; ++d)
          sum[tet10::voigt(c, d)] += (block[3 * c + d] + block[3 * d + c]) / 2;
    });
    constraints_->constrain_diagonal(blocks.data());
    const Index n = n_nodes();
    Index indefinite = 0;
#pragma omp parallel for schedule(static) reduction(+ : indefinite)
    for (Index k = 0; k < n; ++k) {
      T* const block = blocks.data() + 6 * static_cast<std::size_t>(k);
      double of[6], inverse[6];
      std::copy(block, block + 6, of);
      if (!invert_symmetric(of, inverse)) {
        ++indefinite;
        continue;
      }
      for (int m = 0; m < 6; ++m) block[m] = static_cast<T>(inverse[m]);
    }
    require(indefinite == 0,
            "the stiffness is not positive definite at " + std::to_string(indefinite) + " nodes");
    return blocks;
  }

 private:
  ElasticEbe<T> elements_;
  BlockMatrix<T> surface_;
  std::shared_ptr<const Constraints> constraints_;
};

}  // namespace femcrust
