/// A sparse matrix of dense blocks while the levels are being built: open arrays, rows with
/// ascending columns. What is ready moves into an operators/level_matrix.hpp.
#pragma once
#include <algorithm>
#include <utility>

#include "aggregation/product_kernels.hpp"
#include "backends/cpu.hpp"
#include "core/array.hpp"
#include "operators/assemble_p1.hpp"
#include "operators/level_matrix.hpp"

namespace femcrust {

template <class T>
struct BlockCsr {
  int block_rows = 3, block_columns = 3;
  Index n_columns = 0;   // block columns of the whole matrix
  Array<Index> begin;    // [n_rows + 1]
  Array<Index> columns;  // [entries]
  Array<T> blocks;       // [entries][R][C], and kBeyondBlocks more

  Index n_rows() const { return static_cast<Index>(begin.size()) - 1; }
  std::size_t size() const {
    return static_cast<std::size_t>(n_rows()) * static_cast<std::size_t>(block_rows);
  }
  std::size_t per_block() const { return static_cast<std::size_t>(block_rows * block_columns); }
  Index first(Index row) const { return begin[static_cast<std::size_t>(row)]; }
  Index last(Index row) const { return begin[static_cast<std::size_t>(row) + 1]; }
  Index column(Index entry) const { return columns[static_cast<std::size_t>(entry)]; }
  T* block(Index entry) { return blocks.data() + static_cast<std::size_t>(entry) * per_block(); }
  const T* block(Index entry) const {
    return blocks.data() + static_cast<std::size_t>(entry) * per_block();
  }

  SparseRows<T> view() const { return {begin.data(), columns.data(), blocks.data()}; }

  /// The entry of the diagonal block of a row; -1 where there is none.
  Index diagonal(Index row) const {
    const Index* const from = columns.data() + first(row);
    const Index* const to = columns.data() + last(row);
    const Index* const found = std::lower_bound(from, to, row);
    return found != to && *found == row ? static_cast<Index>(found - columns.data()) : -1;
  }

  /// Room for the entries that `begin` tells, once it is complete.
  void allocate() {
    const auto entries = static_cast<std::size_t>(begin[begin.size() - 1]);
    columns = Array<Index>::unwritten(entries);
    blocks = Array<T>::unwritten(entries * per_block() + kBeyondBlocks);
    for (std::size_t k = 0; k < kBeyondBlocks; ++k) blocks[entries * per_block() + k] = T(0);
  }

  /// As a level keeps it. The blocks go.
  template <class B>
  LevelMatrix<T, B> as_matrix() && {
    const Array<T> unpacked = std::move(blocks);
    return {block_rows, block_columns, std::move(begin), std::move(columns), unpacked};
  }
};

template <class T>
const ProductTable<T>& product_table() {
  const ProductKernels& kernels = FEMCRUST_FOR_THIS_CPU(product_kernels);
  if constexpr (sizeof(T) == sizeof(float))
    return kernels.single;
  else
    return kernels.twofold;
}

/// begin[i + 1] holds the count of row i: make it the end of row i.
inline void accumulate_counts(Array<Index>& begin) {
  std::int64_t sum = 0;
  for (Index& at : begin) {
    sum += at;
    require(sum <= std::int64_t{2147483647}, "a level of the multigrid has too many entries");
    at = static_cast<Index>(sum);
  }
}

}  // namespace femcrust
