/// The matrix of an assembled level of multigrid, or a transfer between two: dense blocks (3×3,
/// 3×6, 6×3 or 6×6) in every row, their numbers kept as core/level_entry.hpp says.
#pragma once
#include <algorithm>
#include <utility>

#include "core/array.hpp"
#include "operators/level_packing.hpp"
#include "operators/level_product.hpp"
#include "operators/nodal_vectors.hpp"

namespace femcrust {

template <class T, int R, int C>
void pack(const Packing<T>& packing, Index n) {
  using Entry = LevelEntry<T>;
  Cpu().for_ranges(n, 256, [&](Index first_row, Index last_row) {
    for (auto row = static_cast<std::size_t>(first_row); row < static_cast<std::size_t>(last_row);
         ++row) {
      const auto first = static_cast<std::size_t>(packing.begin[row]) * (R * C),
                 last = static_cast<std::size_t>(packing.begin[row + 1]) * (R * C);
      std::uint32_t largest[R] = {};
      for (std::size_t block = first; block < last; block += R * C)
        for (int r = 0; r < R; ++r)
          for (int c = 0; c < C; ++c)
            largest[r] = std::max(largest[r], Entry::magnitude(packing.blocks[block + r * C + c]));
      T per[R];
      for (int r = 0; r < R; ++r) {
        per[r] = Entry::per_unit(largest[r]);
        packing.units[row * R + r] = Entry::unit(largest[r]);
      }
      for (std::size_t block = first; block < last; block += R * C)
        for (int r = 0; r < R; ++r)
          for (int c = 0; c < C; ++c)
            packing.stored[block + c * R + r] =
                Entry::stored(packing.blocks[block + r * C + c], per[r]);
    }
  });
}

/// By pair_slot of the size of a block.
template <class T>
constexpr PackKernel<T> kPackOnHost[4] = {pack<T, 3, 3>, pack<T, 3, 6>, pack<T, 6, 3>,
                                          pack<T, 6, 6>};

template <class T, class B>
class LevelMatrix {
 public:
  LevelMatrix() = default;

  /// From arrays that lie where the backend works; `blocks` may be longer than its entries.
  LevelMatrix(int block_rows, int block_columns, ArrayOn<B, Index> begin, ArrayOn<B, Index> columns,
              const ArrayOn<B, T>& blocks)
      : block_rows_(block_rows),
        block_columns_(block_columns),
        n_rows_(static_cast<Index>(begin.size()) - 1),
        begin_(std::move(begin)),
        columns_(std::move(columns)),
        entries_(unwritten<Stored>(columns_.size() *
                                       static_cast<std::size_t>(block_rows * block_columns) +
                                   kBeyondEntries)),
        units_(unwritten<T>(static_cast<std::size_t>(n_rows_) *
                            static_cast<std::size_t>(block_rows))) {
    const Packing<T> packing{begin_.data(), blocks.data(), entries_.data(), units_.data()};
    pack_kernel()(packing, n_rows_);
  }

  /// The same from arrays of the host.
  LevelMatrix(int block_rows, int block_columns, const Array<Index>& begin,
              const Array<Index>& columns, const Array<T>& blocks)
    requires(!B::kOnHost)
      : LevelMatrix(block_rows, block_columns, B::placed(begin), B::placed(columns),
                    B::placed(blocks)) {}

  std::size_t bytes() const {
    return begin_.bytes() + columns_.bytes() + entries_.bytes() + units_.bytes();
  }

  /// y = A x
  void apply(const B& backend, int width, const ArrayOn<B, T>& x, ArrayOn<B, T>& y) const {
    const LevelRows<T> rows{begin_.data(), columns_.data(), entries_.data(), units_.data()};
    const auto kernel = in_precision<T>(FEMCRUST_KERNELS(B, level_products))
                            .product[pair_slot(block_rows_, block_columns_)][width_slot(width)];
    backend.for_ranges(n_rows_, kGrain, [&](Index first, Index last) {
      kernel(rows, first, last, x.data(), y.data());
    });
  }

 private:
  using Stored = typename LevelEntry<T>::Stored;
  static constexpr Index kGrain = 256;

  PackKernel<T> pack_kernel() const {
    const int slot = pair_slot(block_rows_, block_columns_);
    if constexpr (B::kOnHost)
      return kPackOnHost<T>[slot];
    else
      return in_precision<T>(FEMCRUST_FOR_THIS_DEVICE(packing_kernels))[slot];
  }

  template <class Value>
  static ArrayOn<B, Value> unwritten(std::size_t size) {
    if constexpr (B::kOnHost)
      return Array<Value>::unwritten(size);
    else
      return ArrayOn<B, Value>(size);
  }

  int block_rows_ = 3, block_columns_ = 3;
  Index n_rows_ = 0;
  ArrayOn<B, Index> begin_, columns_;
  ArrayOn<B, Stored> entries_;  // [entries][C][R], and kBeyondEntries more
  ArrayOn<B, T> units_;         // [rows][R]
};

}  // namespace femcrust
