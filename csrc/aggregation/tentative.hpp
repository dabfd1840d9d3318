/// The tentative prolongation T: on each aggregate an orthonormal basis of the modes there, by
/// B = T B_c with Gram–Schmidt [VanekMandelBrezina96, alg. 1]. T reproduces the modes exactly.
#pragma once
#include <vector>

#include "aggregation/aggregates.hpp"
#include "aggregation/product_kernels.hpp"
#include "comm/comm.hpp"

namespace femcrust {

/// Three translations and three rotations of points about their middle, scaled to order one.
/// points: [n][3]; returns [n][3][6].  comm: of the ranks that have the other points, or null
inline std::vector<double> rigid_modes(const double* points, Index n, const Comm* comm = nullptr) {
  double middle[3] = {}, low[3], high[3], extent = 0;
  for (int c = 0; c < 3; ++c) {
    low[c] = high[c] = n > 0 ? points[c] : 0.0;
    for (Index v = 0; v < n; ++v) {
      const double x = points[3 * static_cast<std::size_t>(v) + static_cast<std::size_t>(c)];
      low[c] = std::min(low[c], x);
      high[c] = std::max(high[c], x);
    }
    if (comm != nullptr) {
      double ends[2] = {-low[c], high[c]};
      comm->largest(ends, 2);
      low[c] = -ends[0];
      high[c] = ends[1];
    }
    middle[c] = (low[c] + high[c]) / 2;
    extent = std::max(extent, high[c] - low[c]);
  }
  const double scale = extent > 0 ? 1 / extent : 1.0;
  std::vector<double> modes(static_cast<std::size_t>(n) * 18, 0.0);
#pragma omp parallel for schedule(static)
  for (Index v = 0; v < n; ++v) {
    const double* const p = points + 3 * static_cast<std::size_t>(v);
    const double x = scale * (p[0] - middle[0]), y = scale * (p[1] - middle[1]),
                 z = scale * (p[2] - middle[2]);
    const double rows[18] = {1, 0, 0, -y, 0, z, 0, 1, 0, x, -z, 0, 0, 0, 1, 0, y, -x};
    std::copy(rows, rows + 18, modes.data() + 18 * static_cast<std::size_t>(v));
  }
  return modes;
}

/// Modes in place → orthonormal columns, the dependent ones zero; factor: [6][6], upper.
/// modes: [n][6] of one aggregate
inline void orthonormalise(std::vector<double>& modes, double* factor) {
  // A mode that the earlier ones explain leaves rounding of 1e-16 relative to its length; a
  // rotation of an aggregate leaves the ratio of its size to the body's.
  constexpr double kDependent = 1e-10;
  const std::size_t n = modes.size() / kModes;
  const auto dot = [&](int k, int m) {
    double sum = 0;
    for (std::size_t r = 0; r < n; ++r)
      sum += modes[r * kModes + static_cast<std::size_t>(k)] *
             modes[r * kModes + static_cast<std::size_t>(m)];
    return sum;
  };
  std::fill(factor, factor + kModes * kModes, 0.0);
  for (int m = 0; m < kModes; ++m) {
    const double before = std::sqrt(dot(m, m));
    for (int sweep = 0; sweep < 2; ++sweep)  // twice is enough for orthogonality to rounding
      for (int k = 0; k < m; ++k) {
        const double along = dot(k, m);
        factor[k * kModes + m] += along;
        for (std::size_t r = 0; r < n; ++r)
          modes[r * kModes + static_cast<std::size_t>(m)] -=
              along * modes[r * kModes + static_cast<std::size_t>(k)];
      }
    const double after = std::sqrt(dot(m, m));
    const bool dependent = !(after > kDependent * before);
    factor[m * kModes + m] = dependent ? 0.0 : after;
    for (std::size_t r = 0; r < n; ++r) {
      double& value = modes[r * kModes + static_cast<std::size_t>(m)];
      value = dependent ? 0.0 : value / after;
    }
  }
}

template <class T>
struct Tentative {
  BlockCsr<T> prolongation;   // one block a row, none for a row without an aggregate
  std::vector<double> modes;  // [n_aggregates][6][6] of the next level
};

/// modes: [n_rows][block_rows][6]
template <class T>
Tentative<T> tentative(const Aggregates& aggregates, const std::vector<double>& modes,
                       int block_rows) {
  const std::size_t n = aggregates.of.size(), count = static_cast<std::size_t>(aggregates.count);
  const std::size_t per_row = static_cast<std::size_t>(block_rows) * kModes;
  std::vector<Index> first(count + 1, 0), members(n);
  for (const Index g : aggregates.of)
    if (g >= 0) ++first[static_cast<std::size_t>(g) + 1];
  for (std::size_t g = 0; g < count; ++g) first[g + 1] += first[g];
  Tentative<T> out;
  BlockCsr<T>& p = out.prolongation;
  p.block_rows = block_rows;
  p.block_columns = kModes;
  p.n_columns = aggregates.count;
  p.begin = Array<Index>(n + 1);
  std::vector<Index> next(first.begin(), first.end() - 1);
  for (std::size_t i = 0; i < n; ++i) {
    const Index g = aggregates.of[i];
    p.begin[i + 1] = g >= 0;
    if (g >= 0)
      members[static_cast<std::size_t>(next[static_cast<std::size_t>(g)]++)] =
          static_cast<Index>(i);
  }
  accumulate_counts(p.begin);
  p.allocate();
  out.modes.resize(count * kModes * kModes);
#pragma omp parallel
  {
    std::vector<double> local;
#pragma omp for schedule(static)
    for (Index g = 0; g < aggregates.count; ++g) {
      const Index from = first[static_cast<std::size_t>(g)],
                  to = first[static_cast<std::size_t>(g) + 1];
      local.clear();
      for (Index k = from; k < to; ++k) {
        const double* const of =
            modes.data() + per_row * static_cast<std::size_t>(members[static_cast<std::size_t>(k)]);
        local.insert(local.end(), of, of + per_row);
      }
      orthonormalise(local, out.modes.data() + static_cast<std::size_t>(g) * kModes * kModes);
      for (Index k = from; k < to; ++k) {
        const Index entry = p.first(members[static_cast<std::size_t>(k)]);
        p.columns[static_cast<std::size_t>(entry)] = g;
        const double* const q = local.data() + per_row * static_cast<std::size_t>(k - from);
        for (std::size_t c = 0; c < per_row; ++c) p.block(entry)[c] = static_cast<T>(q[c]);
      }
    }
  }
  return out;
}

}  // namespace femcrust
