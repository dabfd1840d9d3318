// See self_test.hpp.
#include "backends/device/self_test.hpp"

#include <vector>

#include "backends/device/device_copy.hpp"
#include "backends/device/launch.cuh"

namespace femcrust::FEMCRUST_DEVICE {
namespace {

constexpr int kMostThreads = 1024;

template <class T>
using Copy = DeviceCopy<T>;

unsigned blocks_of(Index n, Index threads) {
  return static_cast<unsigned>((n + threads - 1) / threads);
}

FEMCRUST_KERNEL void __launch_bounds__(kMostThreads)
    sums_of_blocks(const double* __restrict__ gX, Index n, double* __restrict__ gSum) {
  __shared__ double sSum[kWarp];  // of each warp
  const int warp = static_cast<int>(threadIdx.x) / kWarp;
  const int lane = static_cast<int>(threadIdx.x) % kWarp;
  const int warps = static_cast<int>(blockDim.x) / kWarp;
  const Index i = static_cast<Index>(blockIdx.x * blockDim.x + threadIdx.x);

  double rSum = i < n ? gX[i] : 0.0;
  for (int distance = kWarp / 2; distance > 0; distance /= 2) {
    rSum += __shfl_xor_sync(kFullWarp, rSum, distance);
  }
  if (lane == 0) sSum[warp] = rSum;
  __syncthreads();
  if (warp != 0) return;
  rSum = lane < warps ? sSum[lane] : 0.0;
  for (int distance = kWarp / 2; distance > 0; distance /= 2) {
    rSum += __shfl_down_sync(kFullWarp, rSum, static_cast<unsigned>(distance));
  }
  if (lane == 0) gSum[blockIdx.x] = rSum;
}

double sum(const double* x, Index n, Index threads) {
  const unsigned blocks = blocks_of(n, threads);
  Copy<double> values(device_runtime, x, static_cast<std::size_t>(n));
  Copy<double> sums(device_runtime, blocks);
  FEMCRUST_LAUNCH((sums_of_blocks), blocks, static_cast<unsigned>(threads), 0, values.data(), n,
                  sums.data());
  std::vector<double> parts(blocks);
  sums.to_host(parts.data());
  double total = 0;
  for (const double part : parts) total += part;
  return total;
}

FEMCRUST_KERNEL void count_bins(const int* __restrict__ gBins, Index n, int* gCounts,
                                double* gWeight, int* gLargest) {
  constexpr double kWeight = 0.5;
  const Index i = static_cast<Index>(blockIdx.x * blockDim.x + threadIdx.x);
  if (i >= n) return;
  atomicAdd(gCounts + gBins[i], 1);
  atomicAdd(gWeight, kWeight);
  atomicMax(gLargest, gBins[i]);
}

void count(const int* bins, Index n, Index n_bins, int* counts, double* weight, int* largest) {
  constexpr Index kThreads = 128;
  Copy<int> values(device_runtime, bins, static_cast<std::size_t>(n));
  Copy<int> found(device_runtime, static_cast<std::size_t>(n_bins)), most(device_runtime, 1);
  Copy<double> total(device_runtime, 1);
  found.zero();
  most.zero();
  total.zero();
  FEMCRUST_LAUNCH_FREE((count_bins), blocks_of(n, kThreads), static_cast<unsigned>(kThreads), 0,
                       values.data(), n, found.data(), total.data(), most.data());
  found.to_host(counts);
  most.to_host(largest);
  total.to_host(weight);
}

FEMCRUST_KERNEL void reverse_blocks(const double* __restrict__ gX, Index n,
                                    double* __restrict__ gY) {
  FEMCRUST_SHARED_DYNAMIC(double, sX);  // [threads]
  const Index first = static_cast<Index>(blockIdx.x * blockDim.x);
  const Index own = static_cast<Index>(threadIdx.x);
  const Index rest = n - first, size = rest < Index(blockDim.x) ? rest : Index(blockDim.x);

  if (own < size) sX[own] = gX[first + own];
  __syncthreads();
  if (own < size) gY[first + own] = sX[size - 1 - own];
}

void reverse(const double* x, Index n, Index threads, double* y) {
  Copy<double> in(device_runtime, x, static_cast<std::size_t>(n));
  Copy<double> out(device_runtime, static_cast<std::size_t>(n));
  FEMCRUST_LAUNCH((reverse_blocks), blocks_of(n, threads), static_cast<unsigned>(threads),
                  static_cast<std::size_t>(threads) * sizeof(double), in.data(), n, out.data());
  out.to_host(y);
}

constexpr int kExchanges = 8;

FEMCRUST_KERNEL void exchange_values(const int* __restrict__ gValues, double* __restrict__ gOut) {
  const int lane = static_cast<int>(threadIdx.x);
  const int value = gValues[lane];
  gOut[0 * kWarp + lane] = __shfl_xor_sync(kFullWarp, value, 5);
  gOut[1 * kWarp + lane] = __shfl_down_sync(kFullWarp, value, 3);
  gOut[2 * kWarp + lane] = __shfl_up_sync(kFullWarp, value, 3);
  gOut[3 * kWarp + lane] = __shfl_sync(kFullWarp, value, 7, 16);
  gOut[4 * kWarp + lane] = __shfl_sync(kFullWarp, 0.5 * value, 7, 16);
  gOut[5 * kWarp + lane] = __ballot_sync(kFullWarp, value > 15);
  gOut[6 * kWarp + lane] = __any_sync(kFullWarp, value > 15);
  gOut[7 * kWarp + lane] = __all_sync(kFullWarp, value > 15);
}

void exchange(const int* values, double* out) {
  Copy<int> in(device_runtime, values, kWarp);
  Copy<double> found(device_runtime, kExchanges * kWarp);
  FEMCRUST_LAUNCH((exchange_values), 1, kWarp, 0, in.data(), found.data());
  found.to_host(out);
}

FEMCRUST_KERNEL void read_unwritten(const float* gWhere, float* gOut) {
  __shared__ float sStatic[kWarp];
  FEMCRUST_SHARED_DYNAMIC(float, sDynamic);  // [32]
  const int lane = static_cast<int>(threadIdx.x);
  if (gWhere[lane] < 0) sStatic[lane] = sDynamic[lane] = 0;  // never, but no compiler knows
  __syncthreads();
  gOut[lane] = sStatic[lane];
  gOut[kWarp + lane] = sDynamic[lane];
  __syncthreads();
  sStatic[lane] = sDynamic[lane] = 1;  // the next block must not see it
}

void unwritten(float* out) {
  constexpr unsigned kBlocks = 2;
  const std::vector<float> positive(kWarp, 1.0f);
  Copy<float> where(device_runtime, positive.data(), kWarp);
  Copy<float> found(device_runtime, 2 * kWarp);
  FEMCRUST_LAUNCH((read_unwritten), kBlocks, kWarp, kWarp * sizeof(float), where.data(),
                  found.data());
  found.to_host(out);
}

}  // namespace

extern const DeviceSelfTest self_test = {sum, count, reverse, exchange, unwritten};

}  // namespace femcrust::FEMCRUST_DEVICE
