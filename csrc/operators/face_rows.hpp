/// Sums the stiffness of boundary faces into rows of 3×3 blocks, of the touched nodes only.
#pragma once
#include <algorithm>
#include <vector>

#include "core/array.hpp"
#include "core/error.hpp"
#include "core/types.hpp"

namespace femcrust {

struct FaceRows {
  std::vector<Index> rows;     // touched nodes, ascending
  std::vector<Index> begin;    // [rows + 1]
  std::vector<Index> columns;  // ascending in each row
  Array<double> blocks;        // [entries][3][3]
};

/// nodes: [n_faces][corners]; blocks: [n_faces][corners][corners][3][3]
inline FaceRows sum_faces(const Index* nodes, const double* blocks, Index n_faces, int corners) {
  FaceRows out;
  const auto per_face = static_cast<std::size_t>(corners);
  const std::size_t n = static_cast<std::size_t>(n_faces) * per_face;
  require(n * per_face <= INT32_MAX, "more than 2³¹ blocks on boundary faces");
  // (node, place among all corners), so that a row's faces come in order
  std::vector<std::uint64_t> touch(n);
  for (std::size_t k = 0; k < n; ++k) touch[k] = static_cast<std::uint64_t>(nodes[k]) << 32 | k;
  std::sort(touch.begin(), touch.end());
  std::vector<std::size_t> first;  // of each row, in `touch`
  for (std::size_t k = 0; k < n; ++k) {
    const auto node = static_cast<Index>(touch[k] >> 32);
    if (!out.rows.empty() && out.rows.back() == node) continue;
    out.rows.push_back(node);
    first.push_back(k);
  }
  first.push_back(n);

  const auto n_rows = static_cast<Index>(out.rows.size());
  std::vector<std::vector<Index>> found(out.rows.size());
#pragma omp parallel for schedule(static)
  for (Index r = 0; r < n_rows; ++r) {
    auto& columns = found[static_cast<std::size_t>(r)];
    for (std::size_t k = first[static_cast<std::size_t>(r)];
         k < first[static_cast<std::size_t>(r) + 1]; ++k) {
      const std::size_t face = (touch[k] & 0xffffffff) / per_face;
      columns.insert(columns.end(), nodes + face * per_face, nodes + (face + 1) * per_face);
    }
    std::sort(columns.begin(), columns.end());
    columns.erase(std::unique(columns.begin(), columns.end()), columns.end());
  }
  out.begin.push_back(0);
  for (const auto& columns : found) {
    out.columns.insert(out.columns.end(), columns.begin(), columns.end());
    out.begin.push_back(static_cast<Index>(out.columns.size()));
  }
  out.blocks = Array<double>(9 * out.columns.size());
#pragma omp parallel for schedule(static)
  for (Index r = 0; r < n_rows; ++r) {
    const auto& columns = found[static_cast<std::size_t>(r)];
    double* const row =
        out.blocks.data() + 9 * static_cast<std::size_t>(out.begin[static_cast<std::size_t>(r)]);
    for (std::size_t k = first[static_cast<std::size_t>(r)];
         k < first[static_cast<std::size_t>(r) + 1]; ++k) {
      const std::size_t corner = touch[k] & 0xffffffff, face = corner / per_face;
      for (std::size_t b = 0; b < per_face; ++b) {
        const auto place = static_cast<std::size_t>(
            std::lower_bound(columns.begin(), columns.end(), nodes[face * per_face + b]) -
            columns.begin());
        const double* const from = blocks + 9 * (corner * per_face + b);
        for (std::size_t i = 0; i < 9; ++i) row[9 * place + i] += from[i];
      }
    }
  }
  return out;
}

}  // namespace femcrust
