/// Between the quadratic and the linear space on the same vertices.
#pragma once
#include <vector>

#include "backends/device_lists.hpp"
#include "operators/nodal_vectors.hpp"

namespace femcrust {

/// P2 ↔ P1: a vertex keeps its value, a mid-edge node takes the mean of its ends; restriction is
/// the transpose. Nodes are numbered vertices first, then edges.
template <class B>
class EdgeTransfer {
 public:
  /// edges: [n_edges][2] vertices; on the host they are borrowed
  EdgeTransfer(const Index* edges, Index n_edges, Index n_vertices)
      : n_vertices_(n_vertices), n_nodes_(n_vertices + n_edges), ends_(edges) {
    if constexpr (B::kOnHost)
      list_edges(n_edges);
    else
      list_edges_on_device(n_edges);
  }

  EdgeGraph graph() const { return {n_vertices_, ends_, begin_.data(), edges_of_.data()}; }
  std::size_t bytes() const { return begin_.bytes() + edges_of_.bytes() + own_ends_.bytes(); }

  template <class F>
  void restrict_to(const B& backend, int width, const Words<B, F>& fine,
                   ArrayOn<B, typename F::Real>& coarse) const {
    const auto kernel = nodal_kernels<B, F>(width).restrict_to;
    backend.for_ranges(n_vertices_, 512, [&](Index first, Index last) {
      kernel(graph(), first, last, fine.data(), coarse.data());
    });
  }

  /// d = P coarse and x += d.
  template <class F>
  void prolong(const B& backend, int width, const ArrayOn<B, typename F::Real>& coarse,
               Words<B, F>& d, Words<B, F>& x) const {
    const auto kernel = nodal_kernels<B, F>(width).prolong;
    backend.for_ranges(n_nodes_, 2048, [&](Index first, Index last) {
      kernel(graph(), first, last, coarse.data(), d.data(), x.data());
    });
  }

 private:
  void list_edges(Index n_edges) {
    begin_ = Array<Index>(static_cast<std::size_t>(n_vertices_) + 1);
    edges_of_ = Array<Index>(2 * static_cast<std::size_t>(n_edges));
    for (std::size_t k = 0; k < edges_of_.size(); ++k)
      ++begin_[static_cast<std::size_t>(ends_[k]) + 1];
    for (std::size_t v = 0; v < static_cast<std::size_t>(n_vertices_); ++v)
      begin_[v + 1] += begin_[v];
    std::vector<Index> next(begin_.begin(), begin_.end() - 1);
    for (std::size_t k = 0; k < edges_of_.size(); ++k)
      edges_of_[static_cast<std::size_t>(next[static_cast<std::size_t>(ends_[k])]++)] =
          static_cast<Index>(k / 2);
  }
  void list_edges_on_device(Index n_edges) {
    B::copy_in(ends_, 2 * static_cast<std::size_t>(n_edges), own_ends_);
    ends_ = own_ends_.data();
    DeviceLists of_vertices(2 * n_edges, ends_, n_vertices_);
    list_kernels().halve(of_vertices.items.size(), of_vertices.items.data());
    begin_ = std::move(of_vertices.begin);
    edges_of_ = std::move(of_vertices.items);
  }

  Index n_vertices_, n_nodes_;
  const Index* ends_;  // [n_edges][2]
  ArrayOn<B, Index> own_ends_;
  ArrayOn<B, Index> begin_, edges_of_;  // edges at each vertex
};

}  // namespace femcrust
