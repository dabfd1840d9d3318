/// A sparse matrix of dense blocks (3×3, 3×6, 6×3 or 6×6), with few or all rows stored.
#pragma once
#include <utility>
#include <vector>

#include "backends/cpu.hpp"
#include "core/array.hpp"
#include "core/error.hpp"
#include "operators/nodal_vectors.hpp"

namespace femcrust {

template <class T>
class BlockMatrix {
 public:
  BlockMatrix() = default;
  /// rows: stored block rows, or empty when all are; begin: [stored + 1]; blocks: [entries][R][C]
  BlockMatrix(int block_rows, int block_columns, const std::vector<Index>& rows, const Index* begin,
              Index stored, const Index* columns, const double* blocks)
      : block_rows_(block_rows), block_columns_(block_columns), stored_(stored) {
    for (const int size : {block_rows, block_columns})
      require(size == 3 || size == 6, "block matrix: blocks have 3 or 6 rows and columns");
    const auto entries = static_cast<std::size_t>(begin[stored]);
    const std::size_t per_block = static_cast<std::size_t>(block_rows * block_columns);
    rows_ = copied(rows.data(), rows.size());
    begin_ = copied(begin, static_cast<std::size_t>(stored) + 1);
    columns_ = copied(columns, entries);
    blocks_ = Array<T>(entries * per_block);
    for (std::size_t i = 0; i < entries * per_block; ++i) blocks_[i] = static_cast<T>(blocks[i]);
  }

  /// All rows stored, in arrays that are taken over; `blocks` may be longer than its entries.
  BlockMatrix(int block_rows, int block_columns, Array<Index> begin, Array<Index> columns,
              Array<T> blocks)
      : block_rows_(block_rows),
        block_columns_(block_columns),
        stored_(static_cast<Index>(begin.size()) - 1),
        begin_(std::move(begin)),
        columns_(std::move(columns)),
        blocks_(std::move(blocks)) {}

  Index stored() const { return stored_; }
  bool empty() const { return stored_ == 0; }
  int block_rows() const { return block_rows_; }
  std::size_t bytes() const { return begin_.bytes() + columns_.bytes() + blocks_.bytes(); }

  /// y (=, +=, −=) A x; with few rows stored, Store::set leaves the other rows as they are.
  void apply(const Cpu& cpu, int width, const Array<T>& x, Store how, Array<T>& y) const {
    if (empty()) return;
    const BlockRows<T> rows = view();
    const auto kernel =
        Cpu::vectors<T>().product[pair_slot(block_rows_, block_columns_)][width_slot(width)];
    cpu.for_ranges(stored_, kGrain, [&](Index first, Index last) {
      kernel(rows, first, last, x.data(), how, y.data());
    });
  }

  /// y += A x for 3×3 blocks and nodal vectors in format F.
  template <class F>
  void add(const Cpu& cpu, int width, const Words<F>& x, Words<F>& y) const {
    if (empty()) return;
    const BlockRows<T> rows = view();
    const auto kernel = nodal_kernels<F>(width).add_rows;
    cpu.for_ranges(stored_, kGrain,
                   [&](Index first, Index last) { kernel(rows, first, last, x.data(), y.data()); });
  }

  /// For every stored block: f(row, column, block [R][C]).
  template <class F>
  void for_each(const F& f) const {
    for (Index k = 0; k < stored_; ++k)
      for (Index entry = begin_[static_cast<std::size_t>(k)];
           entry < begin_[static_cast<std::size_t>(k) + 1]; ++entry)
        f(rows_.empty() ? k : rows_[static_cast<std::size_t>(k)],
          columns_[static_cast<std::size_t>(entry)],
          blocks_.data() + static_cast<std::size_t>(entry) *
                               static_cast<std::size_t>(block_rows_ * block_columns_));
  }

  /// For every stored diagonal block: f(row, block [R][C]).
  template <class F>
  void for_diagonal(const F& f) const {
    for_each([&](Index row, Index column, const T* block) {
      if (row == column) f(row, block);
    });
  }

 private:
  static constexpr Index kGrain = 256;

  BlockRows<T> view() const {
    return {rows_.empty() ? nullptr : rows_.data(), begin_.data(), columns_.data(), blocks_.data()};
  }

  static Array<Index> copied(const Index* from, std::size_t n) {
    Array<Index> to(n);
    for (std::size_t i = 0; i < n; ++i) to[i] = from[i];
    return to;
  }

  int block_rows_ = 3, block_columns_ = 3;
  Index stored_ = 0;
  Array<Index> rows_, begin_, columns_;
  Array<T> blocks_;
};

}  // namespace femcrust
