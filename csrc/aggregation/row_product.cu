// See row_product_kernels.hpp. One warp a row: its columns by a hash table in shared memory, its
// sums in windows of 32 columns, one column a lane.
#include "aggregation/row_product_kernels.hpp"
#include "backends/device/launch.cuh"
#include "backends/device_runtime.hpp"

namespace femcrust::FEMCRUST_DEVICE {
namespace {

constexpr int kThreads = 128;
constexpr int kWarps = kThreads / kWarp;
constexpr int kWindow = kWarp;  // columns whose sums are in shared memory at a time

unsigned blocks_for(std::size_t n, std::size_t per_block = kThreads) {
  return static_cast<unsigned>((n + per_block - 1) / per_block);
}
__device__ std::size_t thread_number() {
  return std::size_t{blockIdx.x} * blockDim.x + threadIdx.x;
}

struct Pattern {
  Index n;
  const Index *a_begin, *a_columns, *b_begin, *b_columns;
};

/// Columns of a row of A B into the table; what this lane found first, or -1 if the table is full.
__device__ int insert_columns(const Pattern& of, std::size_t row, int lane, Index table,
                              Index* sTable) {
  for (Index s = lane; s < table; s += kWarp) sTable[s] = -1;
  __syncwarp();
  int found = 0;
  for (Index k = of.a_begin[row] + lane; k < of.a_begin[row + 1]; k += kWarp) {
    const Index j = of.a_columns[k];
    for (Index e = of.b_begin[j]; e < of.b_begin[j + 1]; ++e) {
      const Index column = of.b_columns[e];
      Index s =
          static_cast<Index>((static_cast<std::uint32_t>(column) * 2654435769U) >> 8) & (table - 1);
      for (Index tries = 0;; s = (s + 1) & (table - 1)) {
        const Index there = atomicCAS(sTable + s, -1, column);
        if (there == -1) ++found;
        if (there == -1 || there == column) break;
        if (++tries == table) return -1;
      }
    }
  }
  return found;
}

FEMCRUST_KERNEL void count_columns(const Pattern of, Index table, Index* gCounts,
                                   Index* gOverflows) {
  FEMCRUST_SHARED_DYNAMIC(Index, tables);
  const std::size_t row = thread_number() / kWarp;
  const int lane = static_cast<int>(threadIdx.x) % kWarp;
  if (row >= static_cast<std::size_t>(of.n)) return;
  int found = insert_columns(of, row, lane, table, tables + threadIdx.x / kWarp * table);
  const bool full = __any_sync(kFullWarp, found < 0);
#pragma unroll
  for (int lanes = kWarp / 2; lanes > 0; lanes /= 2)
    found += __shfl_xor_sync(kFullWarp, found, lanes);
  if (lane != 0) return;
  gCounts[row] = found;
  if (full) atomicAdd(gOverflows, 1);
}

FEMCRUST_KERNEL void fill_columns(const Pattern of, Index table, const Index* gBegin,
                                  Index* gColumns) {
  FEMCRUST_SHARED_DYNAMIC(Index, tables);
  const std::size_t row = thread_number() / kWarp;
  const int lane = static_cast<int>(threadIdx.x) % kWarp;
  if (row >= static_cast<std::size_t>(of.n)) return;
  Index* const sTable = tables + threadIdx.x / kWarp * table;
  insert_columns(of, row, lane, table, sTable);
  __syncwarp();
  Index next = gBegin[row];
  for (Index first = 0; first < table; first += kWarp) {
    const Index column = sTable[first + lane];
    const unsigned there = __ballot_sync(kFullWarp, column >= 0);
    if (column >= 0) gColumns[next + __popc(there & ((1u << lane) - 1))] = column;
    next += __popc(there);
  }
}

/// Warps of a block, so that their tables fit.
unsigned warps_for(Index table) {
  return table > 2048 ? 1 : kWarps;
}
std::size_t table_bytes(Index table) {
  return warps_for(table) * static_cast<std::size_t>(table) * sizeof(Index);
}

Index count(Index n, const Index* a_begin, const Index* a_columns, const Index* b_begin,
            const Index* b_columns, Index table, Index* counts) {
  Index found = 0;
  auto* const overflows = static_cast<Index*>(device_runtime.allocate(sizeof found));
  device_runtime.fill_zero(overflows, sizeof found);
  FEMCRUST_LAUNCH((count_columns), blocks_for(static_cast<std::size_t>(n), warps_for(table)),
                  warps_for(table) * kWarp, table_bytes(table),
                  Pattern{n, a_begin, a_columns, b_begin, b_columns}, table, counts, overflows);
  device_runtime.copy_out(&found, overflows, sizeof found);
  device_runtime.release(overflows, sizeof found);
  return found;
}

void fill(Index n, const Index* a_begin, const Index* a_columns, const Index* b_begin,
          const Index* b_columns, Index table, const Index* begin, Index* columns) {
  FEMCRUST_LAUNCH((fill_columns), blocks_for(static_cast<std::size_t>(n), warps_for(table)),
                  warps_for(table) * kWarp, table_bytes(table),
                  Pattern{n, a_begin, a_columns, b_begin, b_columns}, table, begin, columns);
}

FEMCRUST_KERNEL void expand_kernel(Index n, const Index* gBegin, Index* gRows) {
  const std::size_t row = thread_number();
  if (row >= static_cast<std::size_t>(n)) return;
  for (Index e = gBegin[row]; e < gBegin[row + 1]; ++e) gRows[e] = static_cast<Index>(row);
}
void expand(Index n, const Index* begin, Index* rows) {
  FEMCRUST_LAUNCH_FREE((expand_kernel), blocks_for(static_cast<std::size_t>(n)), kThreads, 0, n,
                       begin, rows);
}

/// The first entry of a row that is not below the diagonal.
__device__ Index from_diagonal(const Index* gColumns, Index first, Index last, Index row,
                               int lane) {
  for (;;) {
    const Index at = first + lane;
    const unsigned below = __ballot_sync(kFullWarp, at < last && gColumns[at] < row);
    first += __popc(below);
    if (below != kFullWarp) return first;
  }
}

/// Row r, column m of −step D⁻¹ S + T for a sum S of R rows.
template <class T, int R>
__device__ double smoothed(const Smoothing<T>& by, std::size_t row, Index column,
                           const double* sSum, int r, int m) {
  double value = 0;
#pragma unroll
  for (int j = 0; j < R; ++j) {
    const int six = r == j ? r : r + j + 2;  // of xx, yy, zz, xy, xz, yz
    const T d = by.inverse[R == 3 ? row * 6 + six : (row * R + r) * R + j];
    value += static_cast<double>(d) * sSum[j * kModes + m];
  }
  value *= -by.step;
  const Index t = by.t_begin[row];
  if (t < by.t_begin[row + 1] && by.t_columns[t] == column)
    value += static_cast<double>(by.t_blocks[(static_cast<std::size_t>(t) * R + r) * kModes + m]);
  return value;
}

/// Lanes are (row of a block, column of a block) for the upper three rows of a block; those of
/// six rows have the lower three too.
template <class T, int R, int K>
FEMCRUST_KERNEL void __launch_bounds__(kThreads)
    multiply_kernel(Index n, const BlockRows<T> a, const BlockRows<T> b, Part part,
                    const Smoothing<T> smoothing, const BlockRows<T> c, T* gBlocks) {
  constexpr int kValues = R * kModes, kHalves = R / 3, kActive = 3 * kModes;
  __shared__ double sSums[kWarps][kWindow * kValues];
  const std::size_t row = thread_number() / kWarp;
  const int lane = static_cast<int>(threadIdx.x) % kWarp;
  if (row >= static_cast<std::size_t>(n)) return;
  double* const sSum = sSums[threadIdx.x / kWarp];
  const int r = lane < kActive ? lane / kModes : 0, m = lane % kModes;
  const Index last = c.begin[row + 1];
  Index from = c.begin[row];
  if (part == Part::upper)
    from = from_diagonal(c.columns, from, last, static_cast<Index>(row), lane);
  for (; from < last; from += kWindow) {
    const int width = last - from < kWindow ? last - from : kWindow;
    const Index own = lane < width ? c.columns[from + lane] : -1;
    for (int i = lane; i < width * kValues; i += kWarp) sSum[i] = 0;
    __syncwarp();

    for (Index k = a.begin[row]; k < a.begin[row + 1]; ++k) {
      const Index j = a.columns[k], end = b.begin[j + 1];
      double left[kHalves][K];
#pragma unroll
      for (int h = 0; h < kHalves; ++h)
#pragma unroll
        for (int q = 0; q < K; ++q)
          left[h][q] =
              static_cast<double>(a.blocks[(static_cast<std::size_t>(k) * R + r + 3 * h) * K + q]);
      for (Index first = b.begin[j]; first < end; first += kWarp) {
        const int count = end - first < kWarp ? end - first : kWarp;
        const Index theirs = lane < count ? b.columns[first + lane] : -1;
        for (int e = 0; e < count; ++e) {
          const unsigned hit = __ballot_sync(kFullWarp, own == __shfl_sync(kFullWarp, theirs, e));
          if (hit == 0 || lane >= kActive) continue;
          double* const sum = sSum + (__ffs(static_cast<int>(hit)) - 1) * kValues + lane;
          const T* const right = b.blocks + static_cast<std::size_t>(first + e) * (K * kModes) + m;
          double added[kHalves] = {};
#pragma unroll
          for (int q = 0; q < K; ++q) {
            const auto value = static_cast<double>(right[q * kModes]);
#pragma unroll
            for (int h = 0; h < kHalves; ++h) added[h] += left[h][q] * value;
          }
#pragma unroll
          for (int h = 0; h < kHalves; ++h) sum[h * kActive] += added[h];
        }
      }
    }
    __syncwarp();
    for (int i = lane; i < width * kValues; i += kWarp) {
      const int block = i / kValues, within = i % kValues;
      gBlocks[static_cast<std::size_t>(from) * kValues + i] = static_cast<T>(
          smoothing.inverse == nullptr
              ? sSum[i]
              : smoothed<T, R>(smoothing, row, c.columns[from + block], sSum + block * kValues,
                               within / kModes, within % kModes));
    }
    __syncwarp();
  }
}

template <class T>
void multiply(int rows, int inner, Index n, const BlockRows<T>& a, const BlockRows<T>& b, Part part,
              const Smoothing<T>& smoothing, const BlockRows<T>& c, T* c_blocks) {
  const unsigned blocks = blocks_for(static_cast<std::size_t>(n) * kWarp);
  if (rows == 3)
    FEMCRUST_LAUNCH((multiply_kernel<T, 3, 3>), blocks, kThreads, 0, n, a, b, part, smoothing, c,
                    c_blocks);
  else if (inner == 3)
    FEMCRUST_LAUNCH((multiply_kernel<T, 6, 3>), blocks, kThreads, 0, n, a, b, part, smoothing, c,
                    c_blocks);
  else
    FEMCRUST_LAUNCH((multiply_kernel<T, 6, 6>), blocks, kThreads, 0, n, a, b, part, smoothing, c,
                    c_blocks);
}

/// One thread for each row and value of a block.
template <class T>
FEMCRUST_KERNEL void mirror_kernel(Index n, const BlockRows<T> a, T* gBlocks) {
  constexpr std::size_t kValues = kModes * kModes;
  const std::size_t i = thread_number(), row = i / kValues, c = i % kValues;
  const std::size_t turned = c % kModes * kModes + c / kModes;
  if (row >= static_cast<std::size_t>(n)) return;
  for (Index e = a.begin[row]; e < a.begin[row + 1]; ++e) {
    const Index j = a.columns[e];
    if (j > static_cast<Index>(row)) return;
    Index low = a.begin[j], high = a.begin[j + 1];
    while (low < high) {  // the entry of this row in row j, which has it
      const Index middle = low + (high - low) / 2;
      if (a.columns[middle] < static_cast<Index>(row))
        low = middle + 1;
      else
        high = middle;
    }
    if (j < static_cast<Index>(row) || c / kModes > c % kModes)
      gBlocks[static_cast<std::size_t>(e) * kValues + c] =
          gBlocks[static_cast<std::size_t>(low) * kValues + turned];
  }
}
template <class T>
void mirror(Index n, const BlockRows<T>& a, T* blocks) {
  FEMCRUST_LAUNCH_FREE((mirror_kernel<T>),
                       blocks_for(static_cast<std::size_t>(n) * (kModes * kModes)), kThreads, 0, n,
                       a, blocks);
}

/// One thread a value.
template <class T>
FEMCRUST_KERNEL void transpose_kernel(int rows, int columns, Index entries, const Index* gItems,
                                      const Index* gRowOf, const T* gBlocks, Index* gColumns,
                                      T* gOut) {
  const auto values = static_cast<std::size_t>(rows * columns);
  const std::size_t i = thread_number(), k = i / values;
  if (k >= static_cast<std::size_t>(entries)) return;
  const int within = static_cast<int>(i % values);
  const auto from = static_cast<std::size_t>(gItems[k]);
  gOut[i] =
      gBlocks[from * values + static_cast<std::size_t>(within % rows * columns + within / rows)];
  if (within == 0) gColumns[k] = gRowOf[from];
}
template <class T>
void transpose(int rows, int columns, Index entries, const Index* items, const Index* row_of,
               const T* blocks, Index* out_columns, T* out_blocks) {
  const std::size_t values =
      static_cast<std::size_t>(entries) * static_cast<std::size_t>(rows * columns);
  FEMCRUST_LAUNCH_FREE((transpose_kernel<T>), blocks_for(values), kThreads, 0, rows, columns,
                       entries, items, row_of, blocks, out_columns, out_blocks);
}

}  // namespace

extern const RowProductKernels row_product_kernels;
const RowProductKernels row_product_kernels = {
    {count, fill, expand},
    {multiply<float>, mirror<float>, transpose<float>},
    {multiply<double>, mirror<double>, transpose<double>}};

}  // namespace femcrust::FEMCRUST_DEVICE
