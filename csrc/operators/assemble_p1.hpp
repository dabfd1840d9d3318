/// The stiffness of linear tetrahedra on the vertices, assembled in 3×3 blocks:
///   K_ij = V [ λ g_i ⊗ g_j + μ g_j ⊗ g_i + μ (g_i · g_j) I ]     (row: component of i)
/// It is the coarse level of the quadratic operator and the start of the aggregation.
///
/// Neighbours are joined by an edge, which has a quadratic node: so the blocks off the diagonal are
/// sums at edges, each for both ends (K_ji = K_ijᵀ), and K_ii = −Σ_j K_ij, for translations are
/// free of force.
#pragma once
#include <algorithm>
#include <atomic>
#include <vector>

#include "operators/block_sums.hpp"
#include "operators/body.hpp"

namespace femcrust {

template <class T>
struct AssembledP1 {
  std::vector<Index> begin;    // [n_vertices + 1]
  std::vector<Index> columns;  // ascending in each row
  Array<T> blocks;             // [entries][3][3], and kBeyondBlocks more
};

/// Values that a kernel of sparse products may read past the last block.
constexpr std::size_t kBeyondBlocks = 2;

namespace p1 {

/// Blocks K_ij of the edges, row: component of the lower end. [n_edges][9]; and their ends.
template <class T>
struct EdgeBlocks {
  Array<T> blocks;
  Array<Index> ends;  // [n_edges][2], ascending
};

/// K_ij, row: component of i.
inline void add_pair(const double* gi, const double* gj, double lam, double mu, double* block) {
  double p[3][3];
  for (int a = 0; a < 3; ++a)
    for (int b = 0; b < 3; ++b) p[a][b] = gi[a] * gj[b];
  const double trace = mu * (p[0][0] + p[1][1] + p[2][2]);
  for (int a = 0; a < 3; ++a)
    for (int b = 0; b < 3; ++b)
      block[3 * a + b] += lam * p[a][b] + mu * p[b][a] + (a == b ? trace : 0.0);
}

template <class T>
EdgeBlocks<T> edge_blocks(const Body& body, Index n_vertices) {
  const auto n_edges = static_cast<std::size_t>(body.n_nodes - n_vertices);
  EdgeBlocks<T> out{Array<T>(9 * n_edges), Array<Index>(2 * n_edges)};
  Index odd = 0;  // ends that are no vertices or nodes of edges that are no edges
#pragma omp parallel for schedule(static) reduction(+ : odd)
  for (Index e = 0; e < body.n_elements; ++e) {
    const Index* const of = body.element(e);
    for (int a = 0; a < tet10::kNodes; ++a) odd += (of[a] < n_vertices) != (a < tet10::kVertices);
  }
  require(odd == 0, "assemble_p1: nodes are not numbered vertices first, then edges");
  sum_at_nodes<9>(*body.blocks, n_vertices, out.blocks.data(), [&](Index e, const auto& at) {
    const Index* const of = body.element(e);
    double tail[3][3], g[4][3];
    const double volume = body.gradients(e, tail);
    for (int c = 0; c < 3; ++c) {
      g[0][c] = -(tail[0][c] + tail[1][c] + tail[2][c]);
      for (int j = 0; j < 3; ++j) g[j + 1][c] = tail[j][c];
    }
    const double lam = volume * body.lambda(e), mu = volume * body.shear(e);
    for (int k = 0; k < tet10::kEdges; ++k) {
      int i = tet10::edge_end(k, 0), j = tet10::edge_end(k, 1);
      if (of[i] > of[j]) std::swap(i, j);
      add_pair(g[i], g[j], lam, mu, at(tet10::kVertices + k));
    }
  });
#pragma omp parallel for schedule(static)
  for (Index e = 0; e < body.n_elements; ++e) {
    const Index* const of = body.element(e);
    for (int k = 0; k < tet10::kEdges; ++k) {
      const auto [low, high] = std::minmax(of[tet10::edge_end(k, 0)], of[tet10::edge_end(k, 1)]);
      Index* const ends =
          out.ends.data() + 2 * static_cast<std::size_t>(of[tet10::kVertices + k] - n_vertices);
      std::atomic_ref(ends[0]).store(low, std::memory_order_relaxed);  // all write the same
      std::atomic_ref(ends[1]).store(high, std::memory_order_relaxed);
    }
  }
  return out;
}

}  // namespace p1

template <class T = double>
AssembledP1<T> assemble_p1(const Body& body, Index n_vertices) {
  const p1::EdgeBlocks<T> edges = p1::edge_blocks<T>(body, n_vertices);
  const auto n = static_cast<std::size_t>(n_vertices);
  const std::size_t n_edges = edges.ends.size() / 2;
  require(n + 2 * n_edges <= INT32_MAX, "assemble_p1: more than 2³¹ blocks");

  AssembledP1<T> out;
  out.begin.assign(n + 1, 0);
  for (const Index end : edges.ends) ++out.begin[static_cast<std::size_t>(end) + 1];
  for (std::size_t v = 0; v < n; ++v) out.begin[v + 1] += out.begin[v] + 1;
  // The edge of each entry first, in any order; a row's own entry comes first, as edge -1.
  out.columns.resize(static_cast<std::size_t>(out.begin[n]));
  {
    std::vector<Index> next(out.begin.begin(), out.begin.end() - 1);
    for (std::size_t v = 0; v < n; ++v) out.columns[static_cast<std::size_t>(next[v]++)] = -1;
    for (std::size_t k = 0; k < edges.ends.size(); ++k) {
      auto& place = next[static_cast<std::size_t>(edges.ends[k])];
      out.columns[static_cast<std::size_t>(place++)] = static_cast<Index>(k / 2);
    }
  }
  out.blocks = Array<T>(9 * out.columns.size() + kBeyondBlocks);
  Index twice = 0;
#pragma omp parallel reduction(+ : twice)
  {
    std::vector<std::uint64_t> row;  // column, edge + 1
#pragma omp for schedule(static)
    for (Index v = 0; v < n_vertices; ++v) {
      const auto begin = static_cast<std::size_t>(out.begin[static_cast<std::size_t>(v)]);
      const auto end = static_cast<std::size_t>(out.begin[static_cast<std::size_t>(v) + 1]);
      row.assign(1, static_cast<std::uint64_t>(v) << 32);
      for (std::size_t k = begin + 1; k < end; ++k) {
        const auto edge = static_cast<std::size_t>(out.columns[k]);
        const Index other = edges.ends[2 * edge] + edges.ends[2 * edge + 1] - v;
        row.push_back(static_cast<std::uint64_t>(other) << 32 | (edge + 1));
      }
      std::sort(row.begin(), row.end());
      double own[9] = {};
      std::size_t diagonal = begin;
      for (std::size_t k = begin; k < end; ++k) {
        const std::uint64_t key = row[k - begin];
        out.columns[k] = static_cast<Index>(key >> 32);
        twice += k > begin && out.columns[k] == out.columns[k - 1];
        if (out.columns[k] == v) {
          diagonal = k;
          continue;
        }
        const T* const block = edges.blocks.data() + 9 * ((key & 0xffffffff) - 1);
        const bool turned = out.columns[k] < v;
        for (int i = 0; i < 9; ++i) {
          const T value = turned ? block[3 * (i % 3) + i / 3] : block[i];
          own[i] -= static_cast<double>(value);
          out.blocks[9 * k + static_cast<std::size_t>(i)] = value;
        }
      }
      for (std::size_t i = 0; i < 9; ++i) out.blocks[9 * diagonal + i] = static_cast<T>(own[i]);
    }
  }
  require(twice == 0, "assemble_p1: two nodes on one edge");
  return out;
}

}  // namespace femcrust
