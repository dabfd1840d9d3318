/// The stiffness of linear tetrahedra on the vertices, assembled in 3×3 blocks:
///   K_ij = V [ λ g_i ⊗ g_j + μ g_j ⊗ g_i + μ (g_i · g_j) I ]     (row: component of i)
/// It is the coarse level of the quadratic operator and the start of the aggregation.
#pragma once
#include <algorithm>
#include <vector>

#include "operators/elastic_ebe.hpp"

namespace femcrust {

struct AssembledP1 {
  std::vector<Index> begin;    // [n_vertices + 1]
  std::vector<Index> columns;  // ascending in each row
  std::vector<double> blocks;  // [entries][3][3]
};

inline AssembledP1 assemble_p1(const Body& body, Index n_vertices) {
  const auto n = static_cast<std::size_t>(n_vertices);
  // Elements at each vertex, in order: row sums have one order whatever the number of threads.
  std::vector<Index> first(n + 1, 0);
  for (Index e = 0; e < body.n_elements; ++e)
    for (int i = 0; i < 4; ++i) ++first[static_cast<std::size_t>(body.element(e)[i]) + 1];
  for (std::size_t v = 0; v < n; ++v) first[v + 1] += first[v];
  std::vector<Index> around(static_cast<std::size_t>(first[n])),
      next(first.begin(), first.end() - 1);
  for (Index e = 0; e < body.n_elements; ++e)
    for (int i = 0; i < 4; ++i)
      around[static_cast<std::size_t>(next[static_cast<std::size_t>(body.element(e)[i])]++)] = e;

  const auto neighbours = [&](std::size_t v, std::vector<Index>& found) {
    found.clear();
    for (Index k = first[v]; k < first[v + 1]; ++k) {
      const Index* const of = body.element(around[static_cast<std::size_t>(k)]);
      found.insert(found.end(), of, of + 4);
    }
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
  };

  AssembledP1 out;
  out.begin.assign(n + 1, 0);
#pragma omp parallel
  {
    std::vector<Index> found;
#pragma omp for schedule(static)
    for (Index v = 0; v < n_vertices; ++v) {
      neighbours(static_cast<std::size_t>(v), found);
      out.begin[static_cast<std::size_t>(v) + 1] = static_cast<Index>(found.size());
    }
  }
  for (std::size_t v = 0; v < n; ++v) out.begin[v + 1] += out.begin[v];
  out.columns.resize(static_cast<std::size_t>(out.begin[n]));
  out.blocks.assign(9 * out.columns.size(), 0.0);
#pragma omp parallel
  {
    std::vector<Index> found;
#pragma omp for schedule(static)
    for (Index vertex = 0; vertex < n_vertices; ++vertex) {
      const auto v = static_cast<std::size_t>(vertex);
      neighbours(v, found);
      std::copy(found.begin(), found.end(), out.columns.begin() + out.begin[v]);
      for (Index k = first[v]; k < first[v + 1]; ++k) {
        const Index e = around[static_cast<std::size_t>(k)];
        const Index* const of = body.element(e);
        double tail[3][3], g[4][3];
        const double volume = body.gradients(e, tail);
        for (int c = 0; c < 3; ++c) {
          g[0][c] = -(tail[0][c] + tail[1][c] + tail[2][c]);
          for (int j = 0; j < 3; ++j) g[j + 1][c] = tail[j][c];
        }
        const int i = static_cast<int>(std::find(of, of + 4, vertex) - of);
        const double lam = volume * body.lam[e], mu = volume * body.mu[e];
        for (int j = 0; j < 4; ++j) {
          const auto place = static_cast<std::size_t>(
              std::lower_bound(found.begin(), found.end(), of[j]) - found.begin());
          double* const block =
              out.blocks.data() + 9 * (static_cast<std::size_t>(out.begin[v]) + place);
          const double dot = g[i][0] * g[j][0] + g[i][1] * g[j][1] + g[i][2] * g[j][2];
          for (int a = 0; a < 3; ++a)
            for (int b = 0; b < 3; ++b)
              block[3 * a + b] +=
                  lam * g[i][a] * g[j][b] + mu * g[j][a] * g[i][b] + (a == b ? mu * dot : 0.0);
        }
      }
    }
  }
  return out;
}

}  // namespace femcrust
