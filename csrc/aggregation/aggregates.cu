// See aggregate_kernels.hpp. One thread a row, or eight; integers decide, so the outcome depends on
// no order.
#include <cmath>

#include "aggregation/aggregate_kernels.hpp"
#include "backends/device/launch.cuh"
#include "backends/device_runtime.hpp"

namespace femcrust::FEMCRUST_DEVICE {
namespace {

constexpr int kThreads = 256;
constexpr int kOfRow = 8;         // threads that share a row
constexpr int kRowsTogether = 6;  // log₂ of rows that decide in their order, as one thread would

unsigned blocks_for(Index n, std::size_t each = 1) {
  return static_cast<unsigned>((static_cast<std::size_t>(n) * each + kThreads - 1) / kThreads);
}
__device__ std::size_t thread_number() {
  return blockIdx.x * std::size_t{kThreads} + threadIdx.x;
}

/// Σ of squares, each pair across the diagonal first: a block and its transpose give the same bits.
template <class T, int B>
__device__ double square(const T* block) {
  double sum = 0;
#pragma unroll
  for (int r = 0; r < B; ++r) {
    sum += static_cast<double>(block[r * (B + 1)]) * static_cast<double>(block[r * (B + 1)]);
#pragma unroll
    for (int c = 0; c < r; ++c) {
      const double one = static_cast<double>(block[r * B + c]);
      const double other = static_cast<double>(block[c * B + r]);
      sum += one * one + other * other;
    }
  }
  return sum;
}

template <class T, int B>
FEMCRUST_KERNEL void diagonal_sizes(const BlockRows<T> a, Index n, double* gSize) {
  const std::size_t row = thread_number();
  if (row >= static_cast<std::size_t>(n)) return;
  double size = 0;
  for (Index e = a.begin[row]; e < a.begin[row + 1]; ++e)
    if (static_cast<std::size_t>(a.columns[e]) == row)
      size = std::sqrt(square<T, B>(a.blocks + static_cast<std::size_t>(e) * (B * B)));
  gSize[row] = size;
}

template <class T, int B>
FEMCRUST_KERNEL void find_strong(const BlockRows<T> a, Index n, double theta, const double* gSize,
                                 std::uint8_t* gStrong) {
  const std::size_t i = thread_number(), row = i / kOfRow;
  if (row >= static_cast<std::size_t>(n)) return;
  for (Index e = a.begin[row] + static_cast<Index>(i % kOfRow); e < a.begin[row + 1]; e += kOfRow) {
    const auto j = static_cast<std::size_t>(a.columns[e]);
    const double own = square<T, B>(a.blocks + static_cast<std::size_t>(e) * (B * B));
    gStrong[e] = j != row && own > 0 && own >= theta * theta * (gSize[row] * gSize[j]);
  }
}

template <class T, int B>
void launch_strong(const BlockRows<T>& a, Index n, double theta, double* size,
                   std::uint8_t* strong) {
  FEMCRUST_LAUNCH_FREE((diagonal_sizes<T, B>), blocks_for(n), kThreads, 0, a, n, size);
  FEMCRUST_LAUNCH_FREE((find_strong<T, B>), blocks_for(n, kOfRow), kThreads, 0, a, n, theta, size,
                       strong);
}
template <class T>
void strong_couplings(const BlockRows<T>& a, Index n, int block, double theta, double* size,
                      std::uint8_t* strong) {
  if (block == 3)
    launch_strong<T, 3>(a, n, theta, size, strong);
  else
    launch_strong<T, 6>(a, n, theta, size, strong);
}

/// A key: what became of the row, then its rank among the undecided, which no other row has.
constexpr int kFateBits = 62;
constexpr RowKey kUndecided = RowKey{1} << kFateBits, kRoot = RowKey{2} << kFateBits;
__device__ RowKey fate(RowKey key) {
  return key >> kFateBits << kFateBits;
}
/// Rows that follow one another have one random rank, and the first of them goes first.
__device__ RowKey rank_of(std::uint32_t row) {
  constexpr std::uint32_t kGolden = 2654435769U;  // 2³² over the golden ratio
  std::uint32_t h = (row >> kRowsTogether) * kGolden;
  for (int turn = 0; turn < 2; ++turn) {
    h ^= h >> 15;
    h *= kGolden;
  }
  return RowKey{h >> 2} << 32 | (0xffffffffU - row);
}

FEMCRUST_KERNEL void start_kernel(const StrongGraph graph, RowKey* gKeys) {
  const std::size_t row = thread_number();
  if (row >= static_cast<std::size_t>(graph.n)) return;
  bool alone = true;
  for (Index e = graph.begin[row]; alone && e < graph.begin[row + 1]; ++e) alone = !graph.strong[e];
  gKeys[row] = alone ? 0 : kUndecided | rank_of(static_cast<std::uint32_t>(row));
}
void start(const StrongGraph& graph, RowKey* keys) {
  FEMCRUST_LAUNCH_FREE((start_kernel), blocks_for(graph.n), kThreads, 0, graph, keys);
}

/// The largest of a row's own key and its neighbours'.
__device__ RowKey largest_near(const StrongGraph& graph, std::size_t row, const RowKey* gKeys) {
  RowKey largest = gKeys[row];
  for (Index e = graph.begin[row]; e < graph.begin[row + 1]; ++e) {
    if (!graph.strong[e]) continue;
    const RowKey theirs = gKeys[graph.columns[e]];
    if (theirs > largest) largest = theirs;
  }
  return largest;
}

FEMCRUST_KERNEL void look_around(const StrongGraph graph, const RowKey* gKeys, RowKey* gNear) {
  const std::size_t row = thread_number();
  if (row < static_cast<std::size_t>(graph.n)) gNear[row] = largest_near(graph, row, gKeys);
}

FEMCRUST_KERNEL void decide_kernel(const StrongGraph graph, const RowKey* gNear, RowKey* gKeys,
                                   Index* gLeft) {
  const std::size_t row = thread_number();
  if (row >= static_cast<std::size_t>(graph.n)) return;
  const RowKey own = gKeys[row];
  if (fate(own) != kUndecided) return;
  const RowKey largest = largest_near(graph, row, gNear);
  if (largest == own)
    gKeys[row] = kRoot | (own ^ kUndecided);
  else if (fate(largest) == kRoot)
    gKeys[row] = 0;
  else
    *gLeft = 1;
}

bool decide(const StrongGraph& graph, RowKey* keys, RowKey* near) {
  Index found = 0;
  auto* const left = static_cast<Index*>(device_runtime.allocate(sizeof found));
  device_runtime.fill_zero(left, sizeof found);
  FEMCRUST_LAUNCH_FREE((look_around), blocks_for(graph.n), kThreads, 0, graph, keys, near);
  FEMCRUST_LAUNCH_FREE((decide_kernel), blocks_for(graph.n), kThreads, 0, graph, near, keys, left);
  device_runtime.copy_out(&found, left, sizeof found);
  device_runtime.release(left, sizeof found);
  return found != 0;
}

FEMCRUST_KERNEL void mark_kernel(Index n, const RowKey* gKeys, Index* gNumbers) {
  const std::size_t row = thread_number();
  if (row == 0) gNumbers[0] = 0;
  if (row < static_cast<std::size_t>(n)) gNumbers[row + 1] = fate(gKeys[row]) == kRoot;
}
void mark_roots(Index n, const RowKey* keys, Index* numbers) {
  FEMCRUST_LAUNCH_FREE((mark_kernel), blocks_for(n), kThreads, 0, n, keys, numbers);
}

FEMCRUST_KERNEL void join_roots(const StrongGraph graph, const RowKey* gKeys, const Index* gNumbers,
                                Index* gFirst) {
  const std::size_t row = thread_number();
  if (row >= static_cast<std::size_t>(graph.n)) return;
  Index of = fate(gKeys[row]) == kRoot ? gNumbers[row] : -1;
  for (Index e = graph.begin[row]; of < 0 && e < graph.begin[row + 1]; ++e) {
    const Index j = graph.columns[e];
    if (graph.strong[e] && fate(gKeys[j]) == kRoot) of = gNumbers[j];
  }
  gFirst[row] = of;
}
FEMCRUST_KERNEL void join_rest(const StrongGraph graph, const Index* gFirst, Index* gOf) {
  const std::size_t row = thread_number();
  if (row >= static_cast<std::size_t>(graph.n)) return;
  Index of = gFirst[row];
  for (Index e = graph.begin[row]; of < 0 && e < graph.begin[row + 1]; ++e)
    if (graph.strong[e]) of = gFirst[graph.columns[e]];
  gOf[row] = of;
}
void join(const StrongGraph& graph, const RowKey* keys, const Index* numbers, Index* first,
          Index* of) {
  FEMCRUST_LAUNCH_FREE((join_roots), blocks_for(graph.n), kThreads, 0, graph, keys, numbers, first);
  FEMCRUST_LAUNCH_FREE((join_rest), blocks_for(graph.n), kThreads, 0, graph, first, of);
}

}  // namespace

extern const AggregateKernels aggregate_kernels;
const AggregateKernels aggregate_kernels = {
    {strong_couplings<float>}, {strong_couplings<double>}, start, decide, mark_roots, join};

}  // namespace femcrust::FEMCRUST_DEVICE
