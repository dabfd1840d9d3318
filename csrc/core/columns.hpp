/// Many right-hand sides at once: vectors are [rows][r] with the column innermost, r = 1, 4, 8, 16.
///
/// r divides 16, so lane i of any 16 consecutive values belongs to column i mod r, and one loop
/// over 16 lanes serves every r.
#pragma once
#include "core/types.hpp"

namespace femcrust {

constexpr int kMostColumns = 16;
constexpr int kWidths[] = {1, 4, 8, 16};
constexpr int kZeroColumn = -1, kKeptColumn = -2;  // in place of the number of a column

/// Place of a number of columns in a kernel table; -1 when there is no kernel for it.
constexpr int width_slot(int columns) {
  for (int k = 0; k < 4; ++k)
    if (kWidths[k] == columns) return k;
  return -1;
}

/// One number for each column.
struct PerColumn {
  double of[kMostColumns] = {};

  double& operator[](int column) { return of[column]; }
  double operator[](int column) const { return of[column]; }
};

/// The same numbers as 16 lanes of a kernel.
template <class T>
struct LaneValues {
  T lane[kMostColumns];

  LaneValues(const PerColumn& values, int columns) {
    for (int i = 0; i < kMostColumns; ++i) lane[i] = static_cast<T>(values.of[i % columns]);
  }
  explicit LaneValues(T value) {
    for (T& l : lane) l = value;
  }
};

}  // namespace femcrust
