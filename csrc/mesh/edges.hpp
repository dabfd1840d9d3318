/// Edges of a tetrahedral mesh, numbered in the order in which the elements meet them: each
/// carries one node of the quadratic space.
///
/// Threads number the edges of each block of elements by themselves. Blocks have an edge in common
/// only where both ends lie in several blocks: those edges meet again in a chain at their lower
/// end, where the earliest stands for all. The outcome does not depend on the order of the chains.
#pragma once
#include <algorithm>
#include <atomic>
#include <utility>
#include <vector>

#include "core/array.hpp"
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
      : n_vertices_(n_vertices) {
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
    const Met met(std::move(of_block));
    const Array<Index> numbers = number_all(met);
#pragma omp parallel for schedule(static)
    for (Index e = 0; e < n_tets; ++e) {
      Index* const mid = quadratic + 10 * static_cast<std::size_t>(e) + 4;
      const Index* const of = numbers.data() + met.begin[static_cast<std::size_t>(e / kBlock)];
      for (int k = 0; k < kOfTet; ++k) mid[k] = n_vertices + of[mid[k]];
    }
    chains_ = ConcurrentChains(n_vertices, size());
    const Index n_edges = size();
#pragma omp parallel for schedule(static)
    for (Index k = 0; k < n_edges; ++k) chains_.hang(k, ends_[2 * static_cast<std::size_t>(k)]);
  }

  Index size() const { return static_cast<Index>(ends_.size() / 2); }
  Index n_vertices() const { return n_vertices_; }
  const Array<Index>& ends() const { return ends_; }  // [n_edges][2], ascending
  std::size_t bytes() const { return ends_.bytes() + chains_.bytes(); }

  /// The edge between two vertices, or kNone.
  Index find(Index a, Index b) const {
    const auto [low, high] = std::minmax(a, b);
    return low < 0 || high >= n_vertices_ ? ConcurrentChains::kNone : find(Edge{low, high});
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

  /// Edges of all blocks, each block's in the order of its meeting.
  struct Met {
    std::vector<Index> begin{0};  // [n_blocks + 1]
    Array<Edge> edges;

    explicit Met(std::vector<std::vector<Edge>> of_block) {
      std::int64_t total = 0;
      for (const auto& mine : of_block) {
        total += static_cast<std::int64_t>(mine.size());
        require(total <= INT32_MAX, "more than 2³¹ edges, counted once a block");
        begin.push_back(static_cast<Index>(total));
      }
      edges = Array<Edge>::unwritten(static_cast<std::size_t>(total));
#pragma omp parallel for schedule(static)
      for (std::size_t b = 0; b < of_block.size(); ++b) {
        std::copy(of_block[b].begin(), of_block[b].end(), edges.data() + begin[b]);
        std::vector<Edge>().swap(of_block[b]);
      }
    }
    std::size_t n_blocks() const { return begin.size() - 1; }
    const Edge& operator[](Index g) const { return edges[static_cast<std::size_t>(g)]; }
  };

  static void number_in_block(const Index* tet, MeetingTable<Edge>& table, Index* quadratic) {
    std::copy(tet, tet + 4, quadratic);
    for (int k = 0; k < kOfTet; ++k) {
      const auto [low, high] = std::minmax(tet[kEnds[k][0]], tet[kEnds[k][1]]);
      quadratic[4 + k] = table.number({low, high});
    }
  }

  /// The number of each block's edges among all; sets ends_.
  Array<Index> number_all(const Met& met) {
    const Array<Index> first = first_meetings(met);
    std::vector<Index> before(met.n_blocks() + 1, 0);  // edges that are new in blocks before
#pragma omp parallel for schedule(static)
    for (std::size_t b = 0; b < met.n_blocks(); ++b)
      for (Index g = met.begin[b]; g < met.begin[b + 1]; ++g)
        before[b + 1] += first[static_cast<std::size_t>(g)] == g;
    for (std::size_t b = 0; b < met.n_blocks(); ++b) before[b + 1] += before[b];
    require(static_cast<std::int64_t>(n_vertices_) + before.back() <= INT32_MAX,
            "more than 2³¹ vertices and edges");
    ends_ = Array<Index>::unwritten(2 * static_cast<std::size_t>(before.back()));
    auto numbers = Array<Index>::unwritten(first.size());
#pragma omp parallel
    {
#pragma omp for schedule(static)
      for (std::size_t b = 0; b < met.n_blocks(); ++b) {
        Index next = before[b];
        for (Index g = met.begin[b]; g < met.begin[b + 1]; ++g) {
          if (first[static_cast<std::size_t>(g)] != g) continue;
          ends_[2 * static_cast<std::size_t>(next)] = met[g].low;
          ends_[2 * static_cast<std::size_t>(next) + 1] = met[g].high;
          numbers[static_cast<std::size_t>(g)] = next++;
        }
      }
#pragma omp for schedule(static)
      for (std::size_t g = 0; g < first.size(); ++g)
        if (first[g] != static_cast<Index>(g))
          numbers[g] = numbers[static_cast<std::size_t>(first[g])];
    }
    return numbers;
  }

  /// For each edge of a block the place in `met` of its first meeting, which may be its own.
  Array<Index> first_meetings(const Met& met) const {
    const auto n_met = static_cast<Index>(met.edges.size());
    const Array<std::uint8_t> shared = vertices_of_several(met);
    auto first = Array<Index>::unwritten(met.edges.size());
    ConcurrentChains chains(n_vertices_, n_met);
#pragma omp parallel for schedule(static)
    for (Index g = 0; g < n_met; ++g) {
      first[static_cast<std::size_t>(g)] = g;
      if (shared[static_cast<std::size_t>(met[g].low)] &&
          shared[static_cast<std::size_t>(met[g].high)])
        chains.hang(g, met[g].low);
    }
#pragma omp parallel
    {
      std::vector<std::uint64_t> chain;  // upper end, meeting
#pragma omp for schedule(static)
      for (Index v = 0; v < n_vertices_; ++v) {
        chain.clear();
        chains.for_each(v, [&](Index g) { chain.push_back(Edge{met[g].high, g}.bits()); });
        std::sort(chain.begin(), chain.end());
        for (std::size_t k = 1; k < chain.size(); ++k)
          if (chain[k] >> 32 == chain[k - 1] >> 32)
            first[chain[k] & 0xffffffff] = first[chain[k - 1] & 0xffffffff];
      }
    }
    return first;
  }

  /// Whether a vertex lies in more than one block.
  Array<std::uint8_t> vertices_of_several(const Met& met) const {
    Array<Index> block_of(static_cast<std::size_t>(n_vertices_), ConcurrentChains::kNone);
    Array<std::uint8_t> several(static_cast<std::size_t>(n_vertices_), 0);
#pragma omp parallel for schedule(static)
    for (std::size_t b = 0; b < met.n_blocks(); ++b)
      for (Index g = met.begin[b]; g < met.begin[b + 1]; ++g)
        for (const Index v : {met[g].low, met[g].high}) {
          const auto at = static_cast<std::size_t>(v);
          const std::atomic_ref<Index> owner(block_of[at]);
          Index seen = owner.load(std::memory_order_relaxed);
          if (seen == ConcurrentChains::kNone)
            owner.compare_exchange_strong(seen, static_cast<Index>(b), std::memory_order_relaxed);
          if (seen != ConcurrentChains::kNone && seen != static_cast<Index>(b))
            std::atomic_ref<std::uint8_t>(several[at]).store(1, std::memory_order_relaxed);
        }
    return several;
  }

  Index find(const Edge& edge) const {
    return chains_.find(
        edge.low, [&](Index k) { return ends_[2 * static_cast<std::size_t>(k) + 1] == edge.high; });
  }

  Index n_vertices_;
  Array<Index> ends_;
  ConcurrentChains chains_;
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
