/// Products of the matrices of multigrid's levels, whose numbers are kept as core/level_entry.hpp
/// says: loops over ranges of rows, compiled once for each instruction set, and their launchers.
#pragma once
#include "backends/vector_kernels.hpp"
#include "core/level_entry.hpp"

namespace femcrust {

constexpr std::size_t kBeyondEntries = 7;  // numbers after the last block that are read

/// All rows of a matrix as a level of multigrid keeps it.
template <class T>
struct LevelRows {
  const Index* begin;
  const Index* columns;
  const typename LevelEntry<T>::Stored* entries;  // [begin[n]][C][R], and kBeyondEntries more
  const T* units;                                 // [n][R]
};

template <class T>
using ProductKernel = void (*)(const LevelRows<T>& a, Index first, Index last, const T* x, T* y);

/// Which entry of product serves a pair of block sizes.
constexpr int pair_slot(int rows, int columns) {
  return 2 * (rows == 3 ? 0 : 1) + (columns == 3 ? 0 : 1);
}

template <class T>
struct LevelProductTable {
  /// y = A x on rows [first, last). [3×3, 3×6, 6×3, 6×6][width]
  ProductKernel<T> product[4][4];
};

struct LevelProducts {
  LevelProductTable<float> single;
  LevelProductTable<double> twofold;
};

/// Of a device, which takes all rows.
template <class T>
struct DeviceLevelProductTable : LevelProductTable<T> {
  /// y = A x for one column and square blocks, of 3 or 6, as they are while levels are built.
  void (*unpacked[2])(const BlockRows<T>& a, Index n, const T* x, T* y);
};

struct DeviceLevelProducts {
  DeviceLevelProductTable<float> single;
  DeviceLevelProductTable<double> twofold;
};

namespace v2 {
extern const LevelProducts level_products;
}
namespace v3 {
extern const LevelProducts level_products;
}
namespace v4 {
extern const LevelProducts level_products;
}
namespace cuda {
extern const DeviceLevelProducts level_products;
}
namespace emulated {
extern const DeviceLevelProducts level_products;
}

}  // namespace femcrust
