/// A sparse matrix of dense blocks (3×3, 3×6, 6×3 or 6×6), with few or all rows stored.
#pragma once
#include <utility>
#include <vector>

#include "core/array.hpp"
#include "core/error.hpp"
#include "operators/nodal_vectors.hpp"

namespace femcrust {

template <class T, class B>
class BlockMatrix {
 public:
  BlockMatrix() = default;
  /// Of 3×3 blocks; rows: those stored; begin: [stored + 1]; blocks: [entries][3][3], which come as
  /// multiples of `unit`
  BlockMatrix(const std::vector<Index>& rows, const std::vector<Index>& begin,
              const std::vector<Index>& columns, const std::vector<double>& blocks, double unit)
      : stored_(static_cast<Index>(rows.size())),
        rows_(B::placed(copied(rows))),
        begin_(B::placed(copied(begin))),
        columns_(B::placed(copied(columns))) {
    Array<T> scaled(blocks.size());
    for (std::size_t i = 0; i < blocks.size(); ++i) scaled[i] = static_cast<T>(blocks[i] / unit);
    blocks_ = B::placed(std::move(scaled));
  }

  /// All rows stored, in arrays that are taken over; `blocks` may be longer than its entries.
  BlockMatrix(int block_rows, int block_columns, Array<Index> begin, Array<Index> columns,
              Array<T> blocks)
      : block_rows_(block_rows),
        block_columns_(block_columns),
        stored_(static_cast<Index>(begin.size()) - 1),
        begin_(B::placed(std::move(begin))),
        columns_(B::placed(std::move(columns))),
        blocks_(B::placed(std::move(blocks))) {}

  /// The same from arrays that lie where the backend works.
  BlockMatrix(int block_rows, int block_columns, ArrayOn<B, Index> begin, ArrayOn<B, Index> columns,
              ArrayOn<B, T> blocks)
    requires(!B::kOnHost)
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
  void apply(const B& backend, int width, const ArrayOn<B, T>& x, Store how,
             ArrayOn<B, T>& y) const {
    if (empty()) return;
    const BlockRows<T> rows = view();
    const auto kernel =
        B::template vectors<T>().product[pair_slot(block_rows_, block_columns_)][width_slot(width)];
    backend.for_ranges(stored_, kGrain, [&](Index first, Index last) {
      kernel(rows, first, last, x.data(), how, y.data());
    });
  }

  /// y += A x for 3×3 blocks and nodal vectors in format F.
  template <class F>
  void add(const B& backend, int width, const Words<B, F>& x, Words<B, F>& y) const {
    if (empty()) return;
    const BlockRows<T> rows = view();
    const auto kernel = nodal_kernels<B, F>(width).add_rows;
    backend.for_ranges(stored_, kGrain, [&](Index first, Index last) {
      kernel(rows, first, last, x.data(), y.data());
    });
  }

 private:
  static constexpr Index kGrain = 256;

  BlockRows<T> view() const {
    return {rows_.empty() ? nullptr : rows_.data(), begin_.data(), columns_.data(), blocks_.data()};
  }

  static Array<Index> copied(const std::vector<Index>& from) {
    Array<Index> to(from.size());
    std::copy(from.begin(), from.end(), to.begin());
    return to;
  }

  int block_rows_ = 3, block_columns_ = 3;
  Index stored_ = 0;
  ArrayOn<B, Index> rows_, begin_, columns_;
  ArrayOn<B, T> blocks_;
};

}  // namespace femcrust
