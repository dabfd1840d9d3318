/// A sparse matrix of 3×3 blocks that stores few rows: what surfaces add to a stiffness.
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
  /// rows: those stored; begin: [stored + 1]; blocks: [entries][3][3], which come as multiples of
  /// `unit`
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

  Index stored() const { return stored_; }
  bool empty() const { return stored_ == 0; }
  std::size_t bytes() const { return begin_.bytes() + columns_.bytes() + blocks_.bytes(); }

  /// y += A x for nodal vectors in format F.
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
    return {rows_.data(), begin_.data(), columns_.data(), blocks_.data()};
  }

  static Array<Index> copied(const std::vector<Index>& from) {
    Array<Index> to(from.size());
    std::copy(from.begin(), from.end(), to.begin());
    return to;
  }

  Index stored_ = 0;
  ArrayOn<B, Index> rows_, begin_, columns_;
  ArrayOn<B, T> blocks_;
};

}  // namespace femcrust
