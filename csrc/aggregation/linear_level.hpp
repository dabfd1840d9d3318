/// The linear level of the multigrid, Q (K + S) Q + (I − Q) tr(D)/3 on the vertices: elements K,
/// surface rows S (infinite elements, springs), Q onto what boundaries leave free, D the diagonal
/// block. Held directions keep a positive diagonal and couple to nothing.
#pragma once
#include <string>
#include <vector>

#include "aggregation/block_csr.hpp"
#include "operators/assemble_p1.hpp"
#include "operators/constraints.hpp"
#include "operators/small_blocks.hpp"

namespace femcrust {

/// Rows of 3×3 blocks on the vertices.
struct SurfaceView {
  Index n_rows = 0;
  const Index* rows = nullptr;     // [n_rows]
  const Index* begin = nullptr;    // [n_rows + 1]
  const Index* columns = nullptr;  // [begin[n_rows]]
  const double* blocks = nullptr;  // [begin[n_rows]][3][3]
};

/// Adds S, in multiples of `unit`, to K. Its faces are faces of elements, so the pattern of K holds
/// it.
template <class T>
void add_surface(const SurfaceView& surface, double unit, AssembledP1<T>& k) {
  const auto n = static_cast<Index>(k.begin.size()) - 1;
  Index outside = 0;
#pragma omp parallel for schedule(static) reduction(+ : outside)
  for (Index r = 0; r < surface.n_rows; ++r) {
    const Index row = surface.rows[r];
    if (row < 0 || row >= n) {
      ++outside;
      continue;
    }
    const auto from = k.columns.begin() + k.begin[static_cast<std::size_t>(row)];
    const auto to = k.columns.begin() + k.begin[static_cast<std::size_t>(row) + 1];
    for (Index e = surface.begin[r]; e < surface.begin[r + 1]; ++e) {
      const auto found = std::lower_bound(from, to, surface.columns[e]);
      if (found == to || *found != surface.columns[e]) {
        ++outside;
        continue;
      }
      T* const sum = k.blocks.data() + 9 * (found - k.columns.begin());
      for (int c = 0; c < 9; ++c)
        sum[c] += static_cast<T>(surface.blocks[9 * static_cast<std::size_t>(e) + c] / unit);
    }
  }
  require(outside == 0,
          "surface: " + std::to_string(outside) + " blocks couple vertices that share no element");
}

/// Projector of each vertex, or nullptr where all directions are free.
inline std::vector<const double*> vertex_projectors(const Constraints& constraints, Index n) {
  std::vector<const double*> of(static_cast<std::size_t>(n), nullptr);
  constraints.for_each([&](Index node, const double* projector) {
    if (node < n) of[static_cast<std::size_t>(node)] = projector;
  });
  return of;
}

/// K ← Q K Q + (I − Q) tr(D)/3. `projectors`: [n_vertices], nullptr where Q = I.
template <class T>
void constrain(const std::vector<const double*>& projectors, AssembledP1<T>& k) {
  const auto n = static_cast<Index>(k.begin.size()) - 1;
#pragma omp parallel for schedule(static)
  for (Index i = 0; i < n; ++i) {
    const double* const own = projectors[static_cast<std::size_t>(i)];
    for (Index e = k.begin[static_cast<std::size_t>(i)];
         e < k.begin[static_cast<std::size_t>(i) + 1]; ++e) {
      const Index j = k.columns[static_cast<std::size_t>(e)];
      const double* const other = projectors[static_cast<std::size_t>(j)];
      if (own == nullptr && other == nullptr) continue;
      T* const block = k.blocks.data() + 9 * static_cast<std::size_t>(e);
      double from[9], to[9];
      std::copy(block, block + 9, from);
      held_block(own, other, i == j, from, to);
      for (int c = 0; c < 9; ++c) block[c] = static_cast<T>(to[c]);
    }
  }
}

/// The assembled level as the aggregation takes it.
template <class T>
BlockCsr<T> as_level(AssembledP1<T> k) {
  BlockCsr<T> out;
  out.n_columns = static_cast<Index>(k.begin.size()) - 1;
  out.begin = Array<Index>::unwritten(k.begin.size());
  out.columns = Array<Index>::unwritten(k.columns.size());
  std::copy(k.begin.begin(), k.begin.end(), out.begin.begin());
  std::copy(k.columns.begin(), k.columns.end(), out.columns.begin());
  out.blocks = std::move(k.blocks);
  return out;
}

/// Q B of modes B: what is held has no part in them. modes: [n_vertices][3][6]
inline std::vector<double> projected(std::vector<double> modes,
                                     const std::vector<const double*>& projectors) {
  const auto n = static_cast<std::ptrdiff_t>(projectors.size());
#pragma omp parallel for schedule(static)
  for (std::ptrdiff_t v = 0; v < n; ++v) {
    const double* const q = projectors[static_cast<std::size_t>(v)];
    if (q == nullptr) continue;
    double* const to = modes.data() + 3 * kModes * v;
    double old[3 * kModes];
    std::copy(to, to + 3 * kModes, old);
    for (int c = 0; c < 3; ++c)
      for (int m = 0; m < kModes; ++m)
        to[c * kModes + m] =
            q[3 * c] * old[m] + q[3 * c + 1] * old[kModes + m] + q[3 * c + 2] * old[2 * kModes + m];
  }
  return modes;
}

}  // namespace femcrust
