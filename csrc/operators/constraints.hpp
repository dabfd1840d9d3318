/// What boundaries hold fixed: v ← Q v with a projector for each node that is not free.
#pragma once
#include <vector>

#include "operators/nodal_vectors.hpp"
#include "operators/small_blocks.hpp"

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
  const std::vector<Index>& nodes() const { return nodes_; }
  const std::vector<double>& projectors() const { return projectors_; }

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

  /// D ← Q D Q + (I − Q) tr(D)/3 on the blocks [n_nodes][6] of constrained nodes, so that D stays
  /// invertible and its inverse maps free directions to free directions.
  template <class T>
  void constrain_diagonal(T* blocks) const {
    for (std::size_t k = 0; k < nodes_.size(); ++k) {
      T* const at = blocks + 6 * static_cast<std::size_t>(nodes_[k]);
      double six[6];
      std::copy(at, at + 6, six);
      double held[6];
      held_diagonal(projectors_.data() + 9 * k, six, held);
      for (int m = 0; m < 6; ++m) at[m] = static_cast<T>(held[m]);
    }
  }

 private:
  std::vector<Index> nodes_;
  std::vector<double> projectors_;
};

/// The same where a backend works.
template <class B>
class HeldDirections {
 public:
  HeldDirections() = default;
  explicit HeldDirections(const Constraints& held) {
    B::copy_in(held.nodes().data(), held.nodes().size(), nodes_);
    B::copy_in(held.projectors().data(), held.projectors().size(), projectors_);
  }

  template <class F>
  void project(const B& backend, int width, Words<B, F>& v) const {
    if (nodes_.empty()) return;
    const auto kernel = nodal_kernels<B, F>(width).project;
    backend.for_ranges(static_cast<Index>(nodes_.size()), 1024, [&](Index first, Index last) {
      kernel(nodes_.data(), projectors_.data(), first, last, v.data());
    });
  }

 private:
  ArrayOn<B, Index> nodes_;
  ArrayOn<B, double> projectors_;  // [nodes][3][3]
};

}  // namespace femcrust
