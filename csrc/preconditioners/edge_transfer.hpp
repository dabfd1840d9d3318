/// Between the quadratic and the linear space on the same vertices.
#pragma once
#include <vector>

#include "operators/nodal_vectors.hpp"

namespace femcrust {

/// P2 ↔ P1: a vertex keeps its value, a mid-edge node takes the mean of its ends; restriction is
/// the transpose. Nodes are numbered vertices first, then edges.
class EdgeTransfer {
 public:
  /// edges: [n_edges][2] vertices; borrowed
  EdgeTransfer(const Index* edges, Index n_edges, Index n_vertices)
      : n_vertices_(n_vertices),
        n_nodes_(n_vertices + n_edges),
        ends_(edges),
        begin_(static_cast<std::size_t>(n_vertices) + 1, 0),
        edges_of_(2 * static_cast<std::size_t>(n_edges)) {
    for (std::size_t k = 0; k < edges_of_.size(); ++k)
      ++begin_[static_cast<std::size_t>(ends_[k]) + 1];
    for (std::size_t v = 0; v < static_cast<std::size_t>(n_vertices); ++v)
      begin_[v + 1] += begin_[v];
    std::vector<Index> next(begin_.begin(), begin_.end() - 1);
    for (std::size_t k = 0; k < edges_of_.size(); ++k)
      edges_of_[static_cast<std::size_t>(next[static_cast<std::size_t>(ends_[k])]++)] =
          static_cast<Index>(k / 2);
  }

  std::size_t bytes() const { return sizeof(Index) * (begin_.size() + edges_of_.size()); }

  template <class F>
  void restrict_to(const Cpu& cpu, int width, const Words<F>& fine,
                   Array<typename F::Real>& coarse) const {
    const auto kernel = nodal_kernels<F>(width).restrict_to;
    cpu.for_ranges(n_vertices_, 512, [&](Index first, Index last) {
      kernel(graph(), first, last, fine.data(), coarse.data());
    });
  }

  /// d = P coarse and x += d.
  template <class F>
  void prolong(const Cpu& cpu, int width, const Array<typename F::Real>& coarse, Words<F>& d,
               Words<F>& x) const {
    const auto kernel = nodal_kernels<F>(width).prolong;
    cpu.for_ranges(n_nodes_, 2048, [&](Index first, Index last) {
      kernel(graph(), first, last, coarse.data(), d.data(), x.data());
    });
  }

 private:
  EdgeGraph graph() const { return {n_vertices_, ends_, begin_.data(), edges_of_.data()}; }

  Index n_vertices_, n_nodes_;
  const Index* ends_;                    // [n_edges][2]
  std::vector<Index> begin_, edges_of_;  // edges at each vertex
};

}  // namespace femcrust
