/// Sparse products C = A B of block matrices, row by row, and transposes.
///
/// Each row is summed by one thread in the order of its entries: the bits do not depend on the
/// number of threads. A first pass counts, so that no row is stored twice.
#pragma once
#include <algorithm>
#include <vector>

#include "aggregation/block_csr.hpp"

namespace femcrust {

/// Counts the columns of each row of A B into begin[i + 1].
template <class T>
void count_product(const BlockCsr<T>& a, const BlockCsr<T>& b, Array<Index>& begin) {
  const Index n = a.n_rows();
#pragma omp parallel
  {
    std::vector<Index> seen_by(static_cast<std::size_t>(b.n_columns), -1);
#pragma omp for schedule(dynamic, 64)
    for (Index i = 0; i < n; ++i) {
      Index count = 0;
      for (Index k = a.first(i); k < a.last(i); ++k)
        for (Index e = b.first(a.column(k)); e < b.last(a.column(k)); ++e) {
          Index& seen = seen_by[static_cast<std::size_t>(b.column(e))];
          count += seen != i;
          seen = i;
        }
      begin[static_cast<std::size_t>(i) + 1] = count;
    }
  }
}

/// A B, with B's blocks of six columns; `finish(i, sum)` may change the sums of row i before they
/// are rounded to T.
template <class T, class Finish>
BlockCsr<T> product(const BlockCsr<T>& a, const BlockCsr<T>& b, const Finish& finish) {
  require(a.n_columns == b.n_rows() && a.block_columns == b.block_rows && b.block_columns == kModes,
          "sparse product: the matrices do not fit together");
  const Index n = a.n_rows();
  BlockCsr<T> c;
  c.block_rows = a.block_rows;
  c.block_columns = kModes;
  c.n_columns = b.n_columns;
  c.begin = Array<Index>(static_cast<std::size_t>(n) + 1);
  count_product(a, b, c.begin);
  const auto most = static_cast<std::size_t>(*std::max_element(c.begin.begin(), c.begin.end()));
  accumulate_counts(c.begin);
  c.allocate();
  const SparseRows<T> right = b.view();
  const auto add_row = product_table<T>().add_row[product_slot(a.block_rows, a.block_columns)];
  const auto per_sum = static_cast<std::size_t>(a.block_rows) * kModeLanes;
#pragma omp parallel
  {
    std::vector<Index> place(static_cast<std::size_t>(b.n_columns), -1), columns(most), order(most);
    Array<double> sums(most * per_sum);
#pragma omp for schedule(dynamic, 64)
    for (Index i = 0; i < n; ++i) {
      RowSum sum{0, place.data(), columns.data(), sums.data()};
      add_row(a.last(i) - a.first(i), a.columns.data() + a.first(i), a.block(a.first(i)), right,
              sum);
      finish(i, sum);
      std::copy(columns.begin(), columns.begin() + sum.count, order.begin());
      std::sort(order.begin(), order.begin() + sum.count);
      for (Index k = 0; k < sum.count; ++k) {
        const Index column = order[static_cast<std::size_t>(k)];
        Index& from = place[static_cast<std::size_t>(column)];
        const double* const value = sums.data() + static_cast<std::size_t>(from) * per_sum;
        T* const to = c.block(c.first(i) + k);
        for (int r = 0; r < a.block_rows; ++r)
          for (int s = 0; s < kModes; ++s)
            to[r * kModes + s] = static_cast<T>(value[r * kModeLanes + s]);
        c.columns[static_cast<std::size_t>(c.first(i) + k)] = column;
        from = -1;
      }
    }
  }
  return c;
}

template <class T>
BlockCsr<T> product(const BlockCsr<T>& a, const BlockCsr<T>& b) {
  return product(a, b, [](Index, RowSum&) {});
}

template <class T>
BlockCsr<T> transposed(const BlockCsr<T>& a) {
  BlockCsr<T> out;
  out.block_rows = a.block_columns;
  out.block_columns = a.block_rows;
  out.n_columns = a.n_rows();
  out.begin = Array<Index>(static_cast<std::size_t>(a.n_columns) + 1);
  for (const Index column : a.columns) ++out.begin[static_cast<std::size_t>(column) + 1];
  accumulate_counts(out.begin);
  out.allocate();
  std::vector<Index> next(out.begin.begin(), out.begin.end() - 1), from(a.columns.size());
  for (Index row = 0; row < a.n_rows(); ++row)
    for (Index e = a.first(row); e < a.last(row); ++e) {
      const auto at =
          static_cast<std::size_t>(next[static_cast<std::size_t>(a.column(e))]++);
      out.columns[at] = row;
      from[at] = e;
    }
  const auto entries = static_cast<Index>(from.size());
#pragma omp parallel for schedule(static)
  for (Index at = 0; at < entries; ++at) {
    const T* const block = a.block(from[static_cast<std::size_t>(at)]);
    T* const to = out.block(at);
    for (int r = 0; r < a.block_rows; ++r)
      for (int s = 0; s < a.block_columns; ++s)
        to[s * a.block_rows + r] = block[r * a.block_columns + s];
  }
  return out;
}

}  // namespace femcrust
