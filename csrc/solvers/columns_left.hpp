/// Which columns of a batch still iterate, and the move to a narrower batch once few are left.
#pragma once
#include <vector>

#include "core/columns.hpp"

namespace femcrust {

class ColumnsLeft {
 public:
  explicit ColumnsLeft(int width) : width_(width) {
    for (int c = 0; c < width; ++c) column_[c] = c;
  }

  int width() const { return width_; }
  /// The column of the batch that lies in `slot`; -1 where there is none.
  int column(int slot) const { return column_[slot]; }
  bool active(int slot) const { return slot < width_ && column_[slot] >= 0 && !done_[slot]; }
  void finish(int slot) { done_[slot] = true; }

  int count() const {
    int left = 0;
    for (int slot = 0; slot < width_; ++slot) left += active(slot) ? 1 : 0;
    return left;
  }
  /// The smallest width that holds the columns left.
  int wanted_width() const {
    const int left = count();
    for (const int width : kWidths)
      if (width >= left) return width;
    return width_;
  }

  /// Slots to keep in a batch of `width`, in order; kZeroColumn pads. Afterwards they are slots 0,
  /// 1, …
  std::vector<int> narrow(int width) {
    std::vector<int> from(static_cast<std::size_t>(width), kZeroColumn);
    int next = 0;
    for (int slot = 0; slot < width_; ++slot)
      if (active(slot)) {
        from[static_cast<std::size_t>(next)] = slot;
        column_[next++] = column_[slot];
      }
    for (int slot = 0; slot < kMostColumns; ++slot) {
      done_[slot] = false;
      if (slot >= next) column_[slot] = -1;
    }
    width_ = width;
    return from;
  }

 private:
  int width_;
  int column_[kMostColumns] = {};
  bool done_[kMostColumns] = {};
};

}  // namespace femcrust
