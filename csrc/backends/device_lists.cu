// See device_lists.hpp. Sums over all before go in three steps: pieces by themselves, the totals of
// the pieces in the same way, and the totals added to what follows them.
#include "backends/device/launch.cuh"
#include "backends/device_runtime.hpp"
#include "backends/list_kernels.hpp"

namespace femcrust::FEMCRUST_DEVICE {
namespace {

constexpr int kThreads = 256;
constexpr int kEach = 8;  // values of a thread
constexpr std::size_t kPiece = std::size_t{kThreads} * kEach;

unsigned blocks_for(std::size_t n, std::size_t per_block) {
  return static_cast<unsigned>((n + per_block - 1) / per_block);
}
__device__ std::size_t thread_number() {
  return blockIdx.x * std::size_t{kThreads} + threadIdx.x;
}

/// Sums over the values before in a piece, and its total.
template <class V>
FEMCRUST_KERNEL __launch_bounds__(kThreads) void sum_pieces(std::size_t n, V* gValues,
                                                            long long* gTotals) {
  __shared__ long long sWarps[kThreads / kWarp];
  const std::size_t first = thread_number() * kEach;
  const unsigned lane = threadIdx.x % kWarp, warp = threadIdx.x / kWarp;
  long long own[kEach], sum = 0;
#pragma unroll
  for (int k = 0; k < kEach; ++k) {
    sum += first + k < n ? static_cast<long long>(gValues[first + k]) : 0;
    own[k] = sum;
  }
  long long before = sum;  // of the lanes up to this one
#pragma unroll
  for (unsigned k = 1; k < kWarp; k *= 2) {
    const long long left = __shfl_up_sync(kFullWarp, before, k);
    if (lane >= k) before += left;
  }
  if (lane == kWarp - 1) sWarps[warp] = before;
  __syncthreads();
  before -= sum;
  for (unsigned w = 0; w < warp; ++w) before += sWarps[w];
#pragma unroll
  for (int k = 0; k < kEach; ++k)
    if (first + k < n) gValues[first + k] = static_cast<V>(before + own[k]);
  if (threadIdx.x == kThreads - 1) gTotals[blockIdx.x] = before + sum;
}

template <class V>
FEMCRUST_KERNEL void add_totals(std::size_t n, const long long* gTotals, V* gValues) {
  const std::size_t i = thread_number() + kPiece;
  if (i < n) gValues[i] += static_cast<V>(gTotals[i / kPiece - 1]);
}

template <class V>
std::int64_t sum_before(std::size_t n, V* values) {
  if (n == 0) return 0;
  const unsigned pieces = blocks_for(n, kPiece);
  const std::size_t bytes = pieces * sizeof(long long);
  auto* const totals = static_cast<long long*>(device_runtime.allocate(bytes));
  FEMCRUST_LAUNCH((sum_pieces<V>), pieces, kThreads, 0, n, values, totals);
  long long last = 0;
  if (pieces > 1) {
    last = sum_before(pieces, totals);
    FEMCRUST_LAUNCH_FREE((add_totals<V>), blocks_for(n - kPiece, kThreads), kThreads, 0, n, totals,
                         values);
  } else {
    device_runtime.copy_out(&last, totals, sizeof last);
  }
  device_runtime.release(totals, bytes);
  return last;
}

std::int64_t accumulate(std::size_t n, Index* values) {
  return sum_before(n, values);
}

FEMCRUST_KERNEL void count_keys(Index n, const Index* gKeys, Index* gCounts) {
  const std::size_t i = thread_number();
  if (i < static_cast<std::size_t>(n) && gKeys[i] >= 0) atomicAdd(gCounts + gKeys[i], 1);
}
void count(Index n, const Index* keys, Index* counts) {
  FEMCRUST_LAUNCH_FREE((count_keys), blocks_for(static_cast<std::size_t>(n), kThreads), kThreads, 0,
                       n, keys, counts);
}

FEMCRUST_KERNEL void fill_lists(Index n, const Index* gKeys, Index* gNext, Index* gItems) {
  const std::size_t i = thread_number();
  if (i >= static_cast<std::size_t>(n) || gKeys[i] < 0) return;
  gItems[atomicAdd(gNext + gKeys[i], 1)] = static_cast<Index>(i);
}
void fill(Index n, const Index* keys, Index* next, Index* items) {
  FEMCRUST_LAUNCH_FREE((fill_lists), blocks_for(static_cast<std::size_t>(n), kThreads), kThreads, 0,
                       n, keys, next, items);
}

/// One warp a list: an item's place is the number of smaller ones.
FEMCRUST_KERNEL __launch_bounds__(kThreads) void sort_lists(Index n_lists, const Index* gBegin,
                                                            const Index* gItems, Index* gSorted) {
  const std::size_t list = thread_number() / kWarp;
  const int lane = static_cast<int>(threadIdx.x) % kWarp;
  if (list >= static_cast<std::size_t>(n_lists)) return;
  const Index first = gBegin[list], last = gBegin[list + 1];
  for (Index mine = first + lane; mine - lane < last; mine += kWarp) {
    const Index item = mine < last ? gItems[mine] : -1;
    Index place = first;
    for (Index from = first; from < last; from += kWarp) {
      const Index theirs = from + lane < last ? gItems[from + lane] : 0;
      const int n = last - from < kWarp ? last - from : kWarp;
      for (int k = 0; k < n; ++k) place += __shfl_sync(kFullWarp, theirs, k) < item;
    }
    if (mine < last) gSorted[place] = item;
  }
}
void sort(Index n_lists, const Index* begin, const Index* items, Index* sorted) {
  FEMCRUST_LAUNCH((sort_lists), blocks_for(static_cast<std::size_t>(n_lists) * kWarp, kThreads),
                  kThreads, 0, n_lists, begin, items, sorted);
}

FEMCRUST_KERNEL void halve_kernel(std::size_t n, Index* gItems) {
  const std::size_t i = thread_number();
  if (i < n) gItems[i] /= 2;
}
void halve(std::size_t n, Index* items) {
  FEMCRUST_LAUNCH_FREE((halve_kernel), blocks_for(n, kThreads), kThreads, 0, n, items);
}

}  // namespace

extern const DeviceListKernels list_kernels;
const DeviceListKernels list_kernels = {accumulate, count, fill, sort, halve};

}  // namespace femcrust::FEMCRUST_DEVICE
