/// Edges of a tetrahedral mesh, numbered in the order in which the elements meet them: each
/// carries one node of the quadratic space.
///
/// Threads number the edges of each block of elements by themselves; what is left to do in order is
/// to give each block's edges, most of them new, their place among all.
#pragma once
#include <algorithm>
#include <utility>
#include <vector>

#include "core/meeting_table.hpp"
#include "core/types.hpp"
#include "mesh/chains.hpp"

namespace femcrust {

class Edges {
 public:
  static constexpr int kOfTet = 6;
  /// Local ends, in the order of mid-edge nodes 4 … 9.
  static constexpr int kEnds[kOfTet][2] = {{0, 1}, {1, 2}, {0, 2}, {0, 3}, {1, 3}, {2, 3}};

  /// tets: [n_tets][4]; quadratic: [n_tets][10], filled with vertices and mid-edge nodes
  Edges(const Index* tets, Index n_tets, Index n_vertices, Index* quadratic)
      : n_vertices_(n_vertices), chains_(n_vertices, expected(n_tets)) {
    const Index n_blocks = (n_tets + kBlock - 1) / kBlock;
    std::vector<std::vector<Edge>> of_block(static_cast<std::size_t>(n_blocks));
#pragma omp parallel
    {
      MeetingTable<Edge> table(kBlock * kOfTet);
#pragma omp for schedule(static)
      for (Index b = 0; b < n_blocks; ++b) {
        table.clear();
        for (Index e = b * kBlock; e < std::min(n_tets, (b + 1) * kBlock); ++e)
          number_in_block(tets + 4 * static_cast<std::size_t>(e), table,
                          quadratic + 10 * static_cast<std::size_t>(e));
        of_block[static_cast<std::size_t>(b)] = table.met();
      }
    }
    const std::vector<std::vector<Index>> numbers = number_all(of_block, expected(n_tets));
    require(static_cast<std::int64_t>(n_vertices) + size() <= INT32_MAX,
            "more than 2³¹ vertices and edges");
#pragma omp parallel for schedule(static)
    for (Index e = 0; e < n_tets; ++e) {
      Index* const mid = quadratic + 10 * static_cast<std::size_t>(e) + 4;
      const Index* const of = numbers[static_cast<std::size_t>(e / kBlock)].data();
      for (int k = 0; k < kOfTet; ++k) mid[k] = n_vertices + of[mid[k]];
    }
  }

  Index size() const { return chains_.size(); }
  Index n_vertices() const { return n_vertices_; }
  const std::vector<Index>& ends() const { return ends_; }  // [n_edges][2], ascending
  std::size_t bytes() const { return sizeof(Index) * ends_.size() + chains_.bytes(); }

  /// The edge between two vertices, or kNone.
  Index find(Index a, Index b) const {
    const auto [low, high] = std::minmax(a, b);
    return low < 0 || high >= n_vertices_ ? VertexChains::kNone : find(Edge{low, high});
  }

 private:
  static constexpr Index kBlock = 512;  // elements: their edges fit the cache

  struct Edge {
    Index low, high;
    bool operator==(const Edge&) const = default;
    std::uint64_t bits() const {
      return static_cast<std::uint64_t>(low) << 32 | static_cast<std::uint64_t>(high);
    }
  };

  /// Euler: about 7/6 edges a tetrahedron inside, more where there is much surface.
  static std::size_t expected(Index n_tets) {
    return static_cast<std::size_t>(n_tets) * 5 / 4 + 64;
  }

  static void number_in_block(const Index* tet, MeetingTable<Edge>& table, Index* quadratic) {
    std::copy(tet, tet + 4, quadratic);
    for (int k = 0; k < kOfTet; ++k) {
      const auto [low, high] = std::minmax(tet[kEnds[k][0]], tet[kEnds[k][1]]);
      quadratic[4 + k] = table.number({low, high});
    }
  }

  /// The number of each block's edges among all. An edge with an end that no earlier block has is
  /// new without a search.
  std::vector<std::vector<Index>> number_all(std::vector<std::vector<Edge>>& of_block,
                                             std::size_t expected) {
    std::vector<std::vector<Index>> numbers(of_block.size());
    std::vector<std::uint8_t> seen(static_cast<std::size_t>(n_vertices_), 0);
    ends_.reserve(2 * expected);
    for (std::size_t b = 0; b < of_block.size(); ++b) {
      numbers[b].reserve(of_block[b].size());
      for (const Edge& edge : of_block[b]) {
        Index number = VertexChains::kNone;
        if (seen[static_cast<std::size_t>(edge.low)] && seen[static_cast<std::size_t>(edge.high)])
          number = find(edge);
        if (number == VertexChains::kNone) {
          number = chains_.add(edge.low);
          ends_.push_back(edge.low);
          ends_.push_back(edge.high);
        }
        numbers[b].push_back(number);
      }
      for (const Edge& edge : of_block[b])
        seen[static_cast<std::size_t>(edge.low)] = seen[static_cast<std::size_t>(edge.high)] = 1;
      std::vector<Edge>().swap(of_block[b]);
    }
    ends_.shrink_to_fit();
    chains_.shrink();
    return numbers;
  }

  Index find(const Edge& edge) const {
    return chains_.find(
        edge.low, [&](Index k) { return ends_[2 * static_cast<std::size_t>(k) + 1] == edge.high; });
  }

  Index n_vertices_;
  std::vector<Index> ends_;
  VertexChains chains_;
};

/// Middles of the edges. points: [n_vertices][3], m; to: [n_edges][3]
inline void middles(const Edges& edges, const double* points, double* to) {
  const Index n = edges.size();
#pragma omp parallel for schedule(static)
  for (Index k = 0; k < n; ++k) {
    const Index* const ends = edges.ends().data() + 2 * static_cast<std::size_t>(k);
    const double* const a = points + 3 * static_cast<std::size_t>(ends[0]);
    const double* const b = points + 3 * static_cast<std::size_t>(ends[1]);
    for (std::size_t c = 0; c < 3; ++c) to[3 * static_cast<std::size_t>(k) + c] = (a[c] + b[c]) / 2;
  }
}

}  // namespace femcrust
