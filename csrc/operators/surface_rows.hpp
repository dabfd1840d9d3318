/// The stiffness that lives on boundary faces (infinite elements, springs) on the host: rows of 3×3
/// blocks in double, from which each precision and backend makes its own.
#pragma once
#include <vector>

#include "operators/block_matrix.hpp"

namespace femcrust {

struct SurfaceRows {
  std::vector<Index> rows, begin{0}, columns;
  std::vector<double> blocks;  // [columns][3][3], N/m

  template <class T, class B>
  BlockMatrix<T, B> matrix(double unit) const {
    return {rows, begin, columns, blocks, unit};
  }

  /// The rows that `wanted(row)` takes.
  template <class F>
  SurfaceRows only(const F& wanted) const {
    SurfaceRows out;
    for (std::size_t k = 0; k < rows.size(); ++k) {
      if (!wanted(rows[k])) continue;
      out.rows.push_back(rows[k]);
      out.columns.insert(out.columns.end(), columns.begin() + begin[k],
                         columns.begin() + begin[k + 1]);
      out.blocks.insert(out.blocks.end(), blocks.begin() + 9 * std::ptrdiff_t{begin[k]},
                        blocks.begin() + 9 * std::ptrdiff_t{begin[k + 1]});
      out.begin.push_back(static_cast<Index>(out.columns.size()));
    }
    return out;
  }

  /// For every block: f(row, column, block [3][3]).
  template <class F>
  void for_each(const F& f) const {
    for (std::size_t k = 0; k < rows.size(); ++k)
      for (auto entry = static_cast<std::size_t>(begin[k]);
           entry < static_cast<std::size_t>(begin[k + 1]); ++entry)
        f(rows[k], columns[entry], blocks.data() + 9 * entry);
  }
};

}  // namespace femcrust
