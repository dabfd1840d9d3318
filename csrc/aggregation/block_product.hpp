/// Sparse products C = A B of block matrices, row by row, and transposes.
///
/// Each row is summed by one thread in the order of its entries: the bits do not depend on the
/// number of threads. A first pass counts, so that no row is stored twice.
#pragma once
#include <algorithm>
#include <vector>

#include "aggregation/block_csr.hpp"

namespace femcrust {

/// Finds the columns of one row of a product after another.
class RowPattern {
 public:
  explicit RowPattern(Index n_columns) : seen_by_(static_cast<std::size_t>(n_columns), -1) {}

  /// Unsorted, into `found`, which has room for one more than there are.
  template <class T>
  Index find(const BlockCsr<T>& a, const BlockCsr<T>& b, Index row, Part part,
             std::vector<Index>& found) {
    Index count = 0;
    for (Index k = a.first(row); k < a.last(row); ++k) {
      const Index last = b.last(a.column(k));
      Index e = b.first(a.column(k));
      if (found.size() < static_cast<std::size_t>(count + last - e + 1))
        found.resize(2 * static_cast<std::size_t>(count + last - e + 1));
      while (part == Part::upper && e < last && b.column(e) < row) ++e;
      for (; e < last; ++e) {  // without a branch: whether a column is new cannot be foreseen
        Index& seen = seen_by_[static_cast<std::size_t>(b.column(e))];
        found[static_cast<std::size_t>(count)] = b.column(e);
        count += seen != row;
        seen = row;
      }
    }
    return count;
  }

 private:
  std::vector<Index> seen_by_;  // last row that had each column
};

constexpr Index kPiece = 64;  // rows that one thread takes at a time

/// A B, with B's blocks of six columns; `finish(i, sum)` may change the sums of row i before they
/// are rounded to T.
template <class T, class Finish>
BlockCsr<T> product(const BlockCsr<T>& a, const BlockCsr<T>& b, Part part, const Finish& finish) {
  require(a.n_columns == b.n_rows() && a.block_columns == b.block_rows && b.block_columns == kModes,
          "sparse product: the matrices do not fit together");
  const Index n = a.n_rows();
  BlockCsr<T> c;
  c.block_rows = a.block_rows;
  c.block_columns = kModes;
  c.n_columns = b.n_columns;
  c.begin = Array<Index>(static_cast<std::size_t>(n) + 1);
  // Columns are found once and kept in pieces until their places are known.
  std::vector<std::vector<Index>> found(static_cast<std::size_t>((n + kPiece - 1) / kPiece));
#pragma omp parallel
  {
    RowPattern pattern(b.n_columns);
    std::vector<Index> columns;
#pragma omp for schedule(dynamic)
    for (Index piece = 0; piece < static_cast<Index>(found.size()); ++piece) {
      std::vector<Index>& all = found[static_cast<std::size_t>(piece)];
      for (Index i = piece * kPiece; i < std::min(n, (piece + 1) * kPiece); ++i) {
        const Index count = pattern.find(a, b, i, part, columns);
        std::sort(columns.begin(), columns.begin() + count);
        all.insert(all.end(), columns.begin(), columns.begin() + count);
        c.begin[static_cast<std::size_t>(i) + 1] = count;
      }
    }
  }
  const auto most = static_cast<std::size_t>(*std::max_element(c.begin.begin(), c.begin.end()));
  accumulate_counts(c.begin);
  c.allocate();
  const SparseRows<T> right = b.view();
  const ProductTable<T>& kernels = product_table<T>();
  const int slot = product_slot(a.block_rows, a.block_columns);
  const auto per_sum = static_cast<std::size_t>(a.block_rows) * kModeLanes;
#pragma omp parallel
  {
    std::vector<Index> place(static_cast<std::size_t>(b.n_columns));
    Array<double> sums(most * per_sum);
#pragma omp for schedule(dynamic)
    for (Index piece = 0; piece < static_cast<Index>(found.size()); ++piece) {
      const Index from = piece * kPiece;
      std::copy(found[static_cast<std::size_t>(piece)].begin(),
                found[static_cast<std::size_t>(piece)].end(), c.columns.data() + c.first(from));
      for (Index i = from; i < std::min(n, from + kPiece); ++i) {
        const auto count = static_cast<std::size_t>(c.last(i) - c.first(i));
        for (Index k = c.first(i); k < c.last(i); ++k)
          place[static_cast<std::size_t>(c.column(k))] = k - c.first(i);
        std::fill_n(sums.data(), count * per_sum, 0.0);
        const RowSum sum{count, place.data(), sums.data()};
        kernels.add_row[slot](a.last(i) - a.first(i), a.columns.data() + a.first(i),
                              a.block(a.first(i)), right, part == Part::upper ? i : 0, sum);
        finish(i, sum);
        kernels.round(count * static_cast<std::size_t>(a.block_rows), sums.data(),
                      c.block(c.first(i)));
      }
    }
  }
  return c;
}

template <class T>
BlockCsr<T> product(const BlockCsr<T>& a, const BlockCsr<T>& b, Part part = Part::all) {
  return product(a, b, part, [](Index, const RowSum&) {});
}

template <class T>
void transpose_block(int rows, int columns, const T* from, T* to) {
  for (int r = 0; r < rows; ++r)
    for (int c = 0; c < columns; ++c) to[c * rows + r] = from[r * columns + c];
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
      const auto at = static_cast<std::size_t>(next[static_cast<std::size_t>(a.column(e))]++);
      out.columns[at] = row;
      from[at] = e;
    }
  const auto entries = static_cast<Index>(from.size());
#pragma omp parallel for schedule(static)
  for (Index at = 0; at < entries; ++at)
    transpose_block(a.block_rows, a.block_columns, a.block(from[static_cast<std::size_t>(at)]),
                    out.block(at));
  return out;
}

/// The symmetric matrix whose upper part is given; symmetric to the bit.
template <class T>
BlockCsr<T> symmetric_from_upper(const BlockCsr<T>& upper) {
  const Index n = upper.n_rows();
  BlockCsr<T> out;
  out.block_rows = upper.block_rows;
  out.block_columns = upper.block_columns;
  out.n_columns = n;
  out.begin = Array<Index>(upper.begin.size());
  for (Index i = 0; i < n; ++i)
    for (Index e = upper.first(i); e < upper.last(i); ++e) {
      ++out.begin[static_cast<std::size_t>(i) + 1];
      if (upper.column(e) != i) ++out.begin[static_cast<std::size_t>(upper.column(e)) + 1];
    }
  accumulate_counts(out.begin);
  out.allocate();
  std::vector<Index> next(out.begin.begin(), out.begin.end() - 1);
  const auto put = [&](Index row, Index column) {
    const Index at = next[static_cast<std::size_t>(row)]++;
    out.columns[static_cast<std::size_t>(at)] = column;
    return out.block(at);
  };
  // Row by row: what lies left of the diagonal of a row comes from rows above, in order.
  for (Index i = 0; i < n; ++i)
    for (Index e = upper.first(i); e < upper.last(i); ++e) {
      const Index j = upper.column(e);
      const T* const block = upper.block(e);
      T* const to = put(i, j);
      std::copy(block, block + upper.per_block(), to);
      if (j != i) {
        transpose_block(upper.block_rows, upper.block_columns, block, put(j, i));
        continue;
      }
      for (int r = 0; r < upper.block_rows; ++r)
        for (int c = 0; c < r; ++c) to[r * upper.block_rows + c] = to[c * upper.block_rows + r];
    }
  return out;
}

}  // namespace femcrust
