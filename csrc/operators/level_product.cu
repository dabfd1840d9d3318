// See level_product.hpp. Sums are taken in a fixed order, so a rerun gives the same bits.
#include "operators/level_product.hpp"

#include "backends/device/launch.cuh"

namespace femcrust::FEMCRUST_DEVICE {
namespace {

constexpr int kThreads = 256;

/// y = A x: lanes are (row of blocks, entry, row of the block, column of x), so that a warp reads
/// its blocks in one run. Of 3×3 blocks a row has some 15, so that two rows share a warp.
template <int R, int W>
struct RowTiling {
  static constexpr int kColumns = W == 1 ? 1 : (R == 3 && W > 4 ? 8 : 4);  // of x, at a time
  static constexpr int kEntry = R * kColumns;                              // lanes of one
  static constexpr int kRows = R == 3 && W == 1 ? 2 : 1;
  static constexpr int kEntries = kWarp / (kRows * kEntry);  // of a row, at a time
  static constexpr int kRow = kEntry * kEntries;             // lanes of one
  static_assert(kEntries >= 1 && W % kColumns == 0);
};

/// Where the numbers of a block are: as levels keep them, or as they are while these are built.
template <int R, int C>
struct Kept {
  static constexpr int kDown = 1, kAlong = R;
};
template <int R, int C>
struct Unpacked {
  static constexpr int kDown = C, kAlong = 1;
};

/// units: of each row of numbers, or null where these are 1.
template <class T, class Entry, int R, int C, int W, class Places>
FEMCRUST_KERNEL __launch_bounds__(kThreads) void rows_kernel(Index n, const Index* gBegin,
                                                             const Index* gColumns,
                                                             const Entry* gEntries, const T* gUnits,
                                                             const T* gX, T* gY) {
  using Tile = RowTiling<R, W>;
  const int warp = static_cast<int>((blockIdx.x * std::size_t{kThreads} + threadIdx.x) / kWarp);
  const int lane = static_cast<int>(threadIdx.x) % kWarp;
  const int column = static_cast<int>(blockIdx.y) * Tile::kColumns + lane % Tile::kColumns;
  const int row = lane / Tile::kColumns % R, group = lane / Tile::kEntry % Tile::kEntries;
  const int at = warp * Tile::kRows + lane / Tile::kRow;
  const bool working = lane < Tile::kRows * Tile::kRow && at < n;
  T sum = 0;
  if (working) {
    const Index end = gBegin[at + 1];
#pragma unroll 2
    for (Index entry = gBegin[at] + group; entry < end; entry += Tile::kEntries) {
      const Entry* const of_row =
          gEntries + static_cast<std::size_t>(entry) * (R * C) + row * Places::kDown;
      const T* const x = gX + static_cast<std::size_t>(gColumns[entry]) * C * W + column;
#pragma unroll
      for (int j = 0; j < C; ++j) sum += static_cast<T>(of_row[j * Places::kAlong]) * x[j * W];
    }
  }
#pragma unroll
  for (int left = Tile::kEntries; left > 1; left = (left + 1) / 2) {
    const int half = (left + 1) / 2;
    const T other = __shfl_down_sync(kFullWarp, sum, static_cast<unsigned>(half * Tile::kEntry));
    if (group + half < left) sum += other;
  }
  if (!working || group > 0) return;
  const std::size_t place = static_cast<std::size_t>(at) * R + row;
  gY[place * W + column] = gUnits == nullptr ? sum : gUnits[place] * sum;
}

template <class T, class Entry, int R, int C, int W, class Places>
void rows(Index n, const Index* begin, const Index* columns, const Entry* entries, const T* units,
          const T* x, T* y) {
  using Tile = RowTiling<R, W>;
  const std::size_t warps = (static_cast<std::size_t>(n) + Tile::kRows - 1) / Tile::kRows;
  const dim3 grid(static_cast<unsigned>((warps * kWarp + kThreads - 1) / kThreads),
                  W / Tile::kColumns);
  FEMCRUST_LAUNCH((rows_kernel<T, Entry, R, C, W, Places>), grid, kThreads, 0, n, begin, columns,
                  entries, units, x, y);
}

template <class T, int R, int C, int W>
void product(const LevelRows<T>& a, Index first, Index last, const T* x, T* y) {
  (void)first;
  rows<T, typename LevelEntry<T>::Stored, R, C, W, Kept<R, C>>(last, a.begin, a.columns, a.entries,
                                                               a.units, x, y);
}

template <class T, int B>
void unpacked(const BlockRows<T>& a, Index n, const T* x, T* y) {
  rows<T, T, B, B, 1, Unpacked<B, B>>(n, a.begin, a.columns, a.blocks, nullptr, x, y);
}

#define FEMCRUST_WIDTHS(R, C) \
  {product<T, R, C, 1>, product<T, R, C, 4>, product<T, R, C, 8>, product<T, R, C, 16>}
template <class T>
constexpr DeviceLevelProductTable<T> table() {
  return {{{FEMCRUST_WIDTHS(3, 3), FEMCRUST_WIDTHS(3, 6), FEMCRUST_WIDTHS(6, 3),
            FEMCRUST_WIDTHS(6, 6)}},
          {unpacked<T, 3>, unpacked<T, 6>}};
}

}  // namespace

extern const DeviceLevelProducts level_products;
const DeviceLevelProducts level_products = {table<float>(), table<double>()};

}  // namespace femcrust::FEMCRUST_DEVICE
