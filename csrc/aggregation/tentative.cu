// See tentative_kernels.hpp. One warp an aggregate; a lane keeps to its rows.
#include <cmath>

#include "aggregation/product_kernels.hpp"
#include "aggregation/tentative_kernels.hpp"
#include "backends/device/launch.cuh"
#include "backends/device_runtime.hpp"

namespace femcrust::FEMCRUST_DEVICE {
namespace {

constexpr int kThreads = 256;

unsigned blocks_for(std::size_t n) {
  return static_cast<unsigned>((n + kThreads - 1) / kThreads);
}
__device__ std::size_t thread_number() {
  return blockIdx.x * std::size_t{kThreads} + threadIdx.x;
}

/// A number in the order of doubles, so that integers find the largest, and back.
using Ordered = unsigned long long;
constexpr Ordered kSign = Ordered{1} << 63;
__device__ Ordered ordered(double value) {
  const auto bits = static_cast<Ordered>(__double_as_longlong(value));
  return bits & kSign ? ~bits : bits | kSign;
}
double number(Ordered order) {
  const Ordered bits = order & kSign ? order ^ kSign : ~order;
  double value;
  static_assert(sizeof value == sizeof bits);
  __builtin_memcpy(&value, &bits, sizeof value);
  return value;
}

/// gLargest: [6], of x, y, z, −x, −y, −z
FEMCRUST_KERNEL void extent_kernel(Index n, const double* gPoints, Ordered* gLargest) {
  const std::size_t stride = std::size_t{gridDim.x} * kThreads;
  Ordered own[6] = {};
  for (std::size_t v = thread_number(); v < static_cast<std::size_t>(n); v += stride)
#pragma unroll
    for (int c = 0; c < 3; ++c) {
      const Ordered high = ordered(gPoints[3 * v + c]), low = ordered(-gPoints[3 * v + c]);
      if (high > own[c]) own[c] = high;
      if (low > own[3 + c]) own[3 + c] = low;
    }
#pragma unroll
  for (int c = 0; c < 6; ++c) atomicMax(gLargest + c, own[c]);
}

Extent extent(Index n, const double* points) {
  Ordered largest[6];
  auto* const device = static_cast<Ordered*>(device_runtime.allocate(sizeof largest));
  device_runtime.fill_zero(device, sizeof largest);
  const unsigned most = 256, wanted = blocks_for(static_cast<std::size_t>(n));
  FEMCRUST_LAUNCH_FREE((extent_kernel), wanted < most ? wanted : most, kThreads, 0, n, points,
                       device);
  device_runtime.copy_out(largest, device, sizeof largest);
  device_runtime.release(device, sizeof largest);
  Extent out;
  for (int c = 0; c < 3; ++c) {
    out.high[c] = number(largest[c]);
    out.low[c] = -number(largest[3 + c]);
  }
  return out;
}

struct Frame {
  double middle[3], scale;
};

/// One thread for each (vertex, component).
FEMCRUST_KERNEL void modes_kernel(Index n, const double* gPoints,
                                  const __grid_constant__ Frame frame, const DeviceHeld held,
                                  double* gModes) {
  const std::size_t i = thread_number(), v = i / 3;
  const int c = static_cast<int>(i % 3);
  if (v >= static_cast<std::size_t>(n)) return;
  const double x = frame.scale * (gPoints[3 * v] - frame.middle[0]);
  const double y = frame.scale * (gPoints[3 * v + 1] - frame.middle[1]);
  const double z = frame.scale * (gPoints[3 * v + 2] - frame.middle[2]);
  const Index k = held.of[v];
  const double* const projector = held.projectors + (k >= 0 ? 9 * std::size_t(k) + 3 * c : 0);
  const double q0 = k >= 0 ? projector[0] : c == 0 ? 1.0 : 0.0;
  const double q1 = k >= 0 ? projector[1] : c == 1 ? 1.0 : 0.0;
  const double q2 = k >= 0 ? projector[2] : c == 2 ? 1.0 : 0.0;
  double* const to = gModes + kModes * i;
  to[0] = q0;
  to[1] = q1;
  to[2] = q2;
  to[3] = q1 * x - q0 * y;
  to[4] = q2 * y - q1 * z;
  to[5] = q0 * z - q2 * x;
}
void rigid_modes(Index n, const double* points, const double middle[3], double scale,
                 const DeviceHeld& held, double* modes) {
  FEMCRUST_LAUNCH_FREE((modes_kernel), blocks_for(static_cast<std::size_t>(n) * 3), kThreads, 0, n,
                       points, Frame{{middle[0], middle[1], middle[2]}, scale}, held, modes);
}

/// The rows of one aggregate, a share for each lane.
template <int B>
struct Share {
  const Index* gMembers;
  Index n_rows;
  double* gModes;

  template <class Row>
  __device__ __forceinline__ void each(const Row& row) const {
    for (Index i = static_cast<Index>(threadIdx.x) % kWarp; i < n_rows; i += kWarp)
      row(gModes + (static_cast<std::size_t>(gMembers[i / B]) * B + i % B) * kModes);
  }
  /// Σ over all rows, for every lane.
  __device__ __forceinline__ double dot(int k, int m) const {
    double sum = 0;
    each([&](const double* row) { sum += row[k] * row[m]; });
#pragma unroll
    for (int lanes = kWarp / 2; lanes > 0; lanes /= 2)
      sum += __shfl_xor_sync(kFullWarp, sum, lanes);
    return sum;
  }
};

/// As orthonormalise() of tentative.hpp.
template <int B>
FEMCRUST_KERNEL void __launch_bounds__(kThreads)
    orthonormalise_kernel(Index n_aggregates, const Index* gBegin, const Index* gMembers,
                          double* gModes, double* gFactors) {
  constexpr double kDependent = 1e-10;
  const std::size_t g = thread_number() / kWarp;
  if (g >= static_cast<std::size_t>(n_aggregates)) return;
  const bool first_lane = threadIdx.x % kWarp == 0;
  const Share<B> share{gMembers + gBegin[g], (gBegin[g + 1] - gBegin[g]) * B, gModes};
  double* const factor = gFactors + g * (kModes * kModes);
  for (int m = 0; m < kModes; ++m) {
    const double before = std::sqrt(share.dot(m, m));
    for (int sweep = 0; sweep < 2; ++sweep)  // twice is enough for orthogonality to rounding
      for (int k = 0; k < m; ++k) {
        const double along = share.dot(k, m);
        share.each([&](double* row) { row[m] -= along * row[k]; });
        if (first_lane)
          factor[k * kModes + m] = sweep == 0 ? along : factor[k * kModes + m] + along;
      }
    const double after = std::sqrt(share.dot(m, m));
    const bool dependent = !(after > kDependent * before);
    share.each([&](double* row) { row[m] = dependent ? 0.0 : row[m] / after; });
    if (first_lane) {
      factor[m * kModes + m] = dependent ? 0.0 : after;
      for (int k = m + 1; k < kModes; ++k) factor[k * kModes + m] = 0;
    }
  }
}

void orthonormalise(Index n_aggregates, const Index* begin, const Index* members, int block,
                    double* modes, double* factors) {
  const unsigned blocks = blocks_for(static_cast<std::size_t>(n_aggregates) * kWarp);
  if (block == 3)
    FEMCRUST_LAUNCH((orthonormalise_kernel<3>), blocks, kThreads, 0, n_aggregates, begin, members,
                    modes, factors);
  else
    FEMCRUST_LAUNCH((orthonormalise_kernel<6>), blocks, kThreads, 0, n_aggregates, begin, members,
                    modes, factors);
}

FEMCRUST_KERNEL void count_kernel(Index n, const Index* gOf, Index* gBegin) {
  const std::size_t row = thread_number();
  if (row == 0) gBegin[0] = 0;
  if (row < static_cast<std::size_t>(n)) gBegin[row + 1] = gOf[row] >= 0;
}
void count(Index n, const Index* of, Index* begin) {
  FEMCRUST_LAUNCH_FREE((count_kernel), blocks_for(static_cast<std::size_t>(n)), kThreads, 0, n, of,
                       begin);
}

/// One thread a value.
template <class T>
FEMCRUST_KERNEL void store_kernel(Index n, const Index* gOf, const Index* gBegin, int per_block,
                                  const double* gModes, Index* gColumns, T* gBlocks) {
  const std::size_t i = thread_number(), row = i / static_cast<std::size_t>(per_block);
  if (row >= static_cast<std::size_t>(n) || gOf[row] < 0) return;
  const std::size_t c = i % static_cast<std::size_t>(per_block);
  const auto entry = static_cast<std::size_t>(gBegin[row]);
  gBlocks[entry * static_cast<std::size_t>(per_block) + c] = static_cast<T>(gModes[i]);
  if (c == 0) gColumns[entry] = gOf[row];
}
template <class T>
void store(Index n, const Index* of, const Index* begin, int block, const double* modes,
           Index* columns, T* blocks) {
  const std::size_t values = static_cast<std::size_t>(n) * static_cast<std::size_t>(block * kModes);
  FEMCRUST_LAUNCH_FREE((store_kernel<T>), blocks_for(values), kThreads, 0, n, of, begin,
                       block * kModes, modes, columns, blocks);
}

}  // namespace

extern const TentativeKernels tentative_kernels;
const TentativeKernels tentative_kernels = {
    {extent, rigid_modes, orthonormalise}, {count, store<float>}, {count, store<double>}};

}  // namespace femcrust::FEMCRUST_DEVICE
