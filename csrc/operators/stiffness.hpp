/// The whole operator of a solve: y = Q (K + S) x, with elements K, a small assembled part S on
/// the surface (infinite elements, springs), and Q, which removes what boundaries hold fixed.
#pragma once
#include <memory>
#include <utility>

#include "operators/block_matrix.hpp"
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

  template <class T>
  void project(Array<T>& v) const {
    const auto n = static_cast<std::ptrdiff_t>(nodes_.size());
#pragma omp parallel for schedule(static)
    for (std::ptrdiff_t k = 0; k < n; ++k) {
      T* const at = v.data() + 3 * static_cast<std::size_t>(nodes_[static_cast<std::size_t>(k)]);
      const double* const q = projectors_.data() + 9 * k;
      const double old[3] = {static_cast<double>(at[0]), static_cast<double>(at[1]),
                             static_cast<double>(at[2])};
      for (int i = 0; i < 3; ++i)
        at[i] = static_cast<T>(q[3 * i] * old[0] + q[3 * i + 1] * old[1] + q[3 * i + 2] * old[2]);
    }
  }

  /// D ← Q D Q + (I − Q) tr(D)/3 on the blocks of constrained nodes, so that D stays invertible
  /// and its inverse maps free directions to free directions.
  void constrain_blocks(double* blocks) const {
    for (std::size_t k = 0; k < nodes_.size(); ++k) {
      double* const d = blocks + 9 * static_cast<std::size_t>(nodes_[k]);
      const double* const q = projectors_.data() + 9 * k;
      const double held = (d[0] + d[4] + d[8]) / 3;
      double qd[9] = {}, out[9] = {};
      for (int i = 0; i < 9; ++i)
        for (int j = 0; j < 3; ++j) qd[i] += q[3 * (i / 3) + j] * d[3 * j + i % 3];
      for (int i = 0; i < 9; ++i) {
        for (int j = 0; j < 3; ++j) out[i] += qd[3 * (i / 3) + j] * q[3 * j + i % 3];
        out[i] += held * ((i % 4 == 0 ? 1.0 : 0.0) - q[i]);
      }
      std::copy(out, out + 9, d);
    }
  }

 private:
  std::vector<Index> nodes_;
  std::vector<double> projectors_;
};

/// Inverse of a dense symmetric positive definite block, in place, by Gauss–Jordan; false when the
/// block is not positive definite.
template <int B>
inline bool invert_block(double* a) {
  for (int k = 0; k < B; ++k) {
    const double pivot = a[k * B + k];
    if (!(pivot > 0)) return false;
    for (int j = 0; j < B; ++j) a[k * B + j] = j == k ? 1 / pivot : a[k * B + j] / pivot;
    for (int i = 0; i < B; ++i) {
      if (i == k) continue;
      const double factor = a[i * B + k];
      for (int j = 0; j < B; ++j)
        a[i * B + j] = (j == k ? 0.0 : a[i * B + j]) - factor * a[k * B + j];
    }
  }
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

  void apply(const Cpu& cpu, const Array<T>& x, Array<T>& y) const {
    apply_unconstrained(cpu, x, y);
    constraints_->project(y);
  }

  /// (K + S) x, for reactions and for lifting prescribed displacements.
  void apply_unconstrained(const Cpu& cpu, const Array<T>& x, Array<T>& y) const {
    elements_.apply(x, y);
    surface_.apply(cpu, x, Store::add, y);
  }

  /// Inverses of the 3×3 diagonal blocks. [n_nodes][3][3]
  Array<T> inverse_diagonal(const Body& body) const {
    std::vector<double> blocks(9 * static_cast<std::size_t>(n_nodes()), 0.0);
    for (Index e = 0; e < body.n_elements; ++e) {
      double g[3][3];
      const double weight = body.gradients(e, g) / 20;
      for (int a = 0; a < tet10::kNodes; ++a) {
        double block[3][3];
        tet10::diagonal_block(a, g, weight * body.lam[e], weight * body.mu[e], block);
        double* const sum = blocks.data() + 9 * static_cast<std::size_t>(body.element(e)[a]);
        for (int k = 0; k < 9; ++k) sum[k] += block[k / 3][k % 3];
      }
    }
    surface_.for_diagonal([&](Index row, const T* block) {
      for (int k = 0; k < 9; ++k)
        blocks[9 * static_cast<std::size_t>(row) + static_cast<std::size_t>(k)] +=
            static_cast<double>(block[k]);
    });
    constraints_->constrain_blocks(blocks.data());
    Array<T> inverse(blocks.size());
    const Index n = n_nodes();
    Index indefinite = 0;
#pragma omp parallel for schedule(static) reduction(+ : indefinite)
    for (Index k = 0; k < n; ++k) {
      double* const block = blocks.data() + 9 * static_cast<std::size_t>(k);
      if (!invert_block<3>(block)) ++indefinite;
      for (int i = 0; i < 9; ++i)
        inverse[9 * static_cast<std::size_t>(k) + static_cast<std::size_t>(i)] =
            static_cast<T>(block[i]);
    }
    require(indefinite == 0,
            "the stiffness is not positive definite at " + std::to_string(indefinite) + " nodes");
    return inverse;
  }

 private:
  ElasticEbe<T> elements_;
  BlockMatrix<T> surface_;
  std::shared_ptr<const Constraints> constraints_;
};

}  // namespace femcrust
