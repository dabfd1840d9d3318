// Vectors on a device; see vector_kernels.hpp. Sums are taken over fixed pieces and
// added in order, so a rerun gives the same bits.
#include "backends/device/launch.cuh"
#include "backends/device_runtime.hpp"
#include "backends/device_vectors.hpp"

namespace femcrust::FEMCRUST_DEVICE {
namespace {

constexpr int kThreads = 256;
constexpr int kMostBlocks = 2048;  // of a sum: enough to fill any card, few to add up
constexpr int kUnroll = 4;         // independent loads in flight

int blocks_for(std::size_t n, int per_block) {
  return static_cast<int>((n + static_cast<std::size_t>(per_block) - 1) /
                          static_cast<std::size_t>(per_block));
}

/// A coefficient for each lane; value i of a vector belongs to lane i mod 16.
template <class T>
struct Coefficients {
  T lane[kMostColumns];
  explicit Coefficients(const T* given) {
    for (int k = 0; k < kMostColumns; ++k) lane[k] = given[k];
  }
};

/// The coefficient of this thread, whose index in all threads is a multiple of 16 away from the
/// values it works on.
template <class T>
__device__ T own(const Coefficients<T>& of) {
  return of.lane[threadIdx.x % kMostColumns];
}

template <class T>
FEMCRUST_KERNEL void axpby_kernel(std::size_t n, const __grid_constant__ Coefficients<T> a,
                                  const T* gX, const __grid_constant__ Coefficients<T> b, T* gY) {
  const std::size_t first = blockIdx.x * std::size_t{kThreads * kUnroll} + threadIdx.x;
  const T of_x = own(a), of_y = own(b);
#pragma unroll
  for (int k = 0; k < kUnroll; ++k) {
    const std::size_t i = first + static_cast<std::size_t>(k) * kThreads;
    if (i >= n) return;
    const T x = of_x == T(0) ? T(0) : of_x * gX[i];  // a zero factor never reads
    gY[i] = of_y == T(0) ? x : x + of_y * gY[i];
  }
}

template <class T>
void axpby(std::size_t n, const T* a, const T* x, const T* b, T* y) {
  FEMCRUST_LAUNCH_FREE((axpby_kernel<T>), blocks_for(n, kThreads * kUnroll), kThreads, 0, n,
                       Coefficients<T>(a), x, Coefficients<T>(b), y);
}

/// Adds up each lane of a block of threads: gPart[16] of this block.
__device__ void sum_of_block(double sum, double* gPart) {
  __shared__ double sSum[kThreads / kWarp][kMostColumns];
  sum += __shfl_xor_sync(kFullWarp, sum, kMostColumns);
  const int warp = static_cast<int>(threadIdx.x) / kWarp,
            lane = static_cast<int>(threadIdx.x) % kWarp;
  if (lane < kMostColumns) sSum[warp][lane] = sum;
  __syncthreads();
  if (threadIdx.x >= kMostColumns) return;
  double total = 0;
  for (int k = 0; k < kThreads / kWarp; ++k) total += sSum[k][threadIdx.x];
  gPart[threadIdx.x] = total;
}

template <class T>
FEMCRUST_KERNEL __launch_bounds__(kThreads) void dot_kernel(std::size_t n, const T* gX, const T* gY,
                                                            double* gParts) {
  const std::size_t stride = gridDim.x * std::size_t{kThreads};
  double sum = 0;
#pragma unroll 4
  for (std::size_t i = blockIdx.x * std::size_t{kThreads} + threadIdx.x; i < n; i += stride)
    sum += static_cast<double>(gX[i]) * static_cast<double>(gY[i]);
  sum_of_block(sum, gParts + std::size_t{kMostColumns} * blockIdx.x);
}

template <class T>
FEMCRUST_KERNEL __launch_bounds__(kThreads) void advance_kernel(
    std::size_t n, const __grid_constant__ Coefficients<T> a, const T* gP, const T* gQ, T* gX,
    T* gR, double* gParts) {
  const std::size_t stride = gridDim.x * std::size_t{kThreads};
  const T step = own(a);
  double sum = 0;
#pragma unroll 2
  for (std::size_t i = blockIdx.x * std::size_t{kThreads} + threadIdx.x; i < n; i += stride) {
    const T r = gR[i] - step * gQ[i];
    gX[i] += step * gP[i];
    gR[i] = r;
    sum += static_cast<double>(r) * static_cast<double>(r);
  }
  sum_of_block(sum, gParts + std::size_t{kMostColumns} * blockIdx.x);
}

/// One block adds the parts of all blocks.
FEMCRUST_KERNEL __launch_bounds__(kThreads) void add_parts(int n_parts, const double* gParts,
                                                           double* gSums) {
  double sum = 0;
  for (int k = static_cast<int>(threadIdx.x); k < n_parts * kMostColumns; k += kThreads)
    sum += gParts[k];
  sum_of_block(sum, gSums);
}

/// Memory for the parts of one sum, made at the first on each device that is chosen; it lives as
/// long as the process.
double* parts() {
  struct Kept {
    int device = -1;
    void* memory = nullptr;
  };
  static Kept kept;
  if (kept.device != device_runtime.chosen()) {
    constexpr std::size_t kBytes = (kMostBlocks + 1) * kMostColumns * sizeof(double);
    FEMCRUST_CUDA_TRY(cudaMallocAsync(&kept.memory, kBytes, stream()));
    kept.device = device_runtime.chosen();
  }
  return static_cast<double*>(kept.memory);
}

int blocks_of_sum(std::size_t n) {
  const int wanted = blocks_for(n, kThreads * 8);
  return wanted < 1 ? 1 : wanted > kMostBlocks ? kMostBlocks : wanted;
}

void fetch_sums(int blocks, double* sums) {
  double* const total = parts() + kMostBlocks * kMostColumns;
  FEMCRUST_LAUNCH((add_parts), 1, kThreads, 0, blocks, parts(), total);
  device_runtime.copy_out(sums, total, kMostColumns * sizeof(double));
}

template <class T>
void dot(std::size_t n, const T* x, const T* y, double* sums) {
  const int blocks = blocks_of_sum(n);
  FEMCRUST_LAUNCH((dot_kernel<T>), blocks, kThreads, 0, n, x, y, parts());
  fetch_sums(blocks, sums);
}

template <class T>
void advance(std::size_t n, const T* a, const T* p, const T* q, T* x, T* r, double* sums) {
  const int blocks = blocks_of_sum(n);
  FEMCRUST_LAUNCH((advance_kernel<T>), blocks, kThreads, 0, n, Coefficients<T>(a), p, q, x, r,
                  parts());
  fetch_sums(blocks, sums);
}

struct ColumnMap {
  int from[kMostColumns];
};

template <class T>
FEMCRUST_KERNEL void move_columns_kernel(std::size_t n, const T* gX, int width,
                                         const __grid_constant__ ColumnMap map, T* gY,
                                         int to_width) {
  const std::size_t i = blockIdx.x * std::size_t{kThreads} + threadIdx.x;  // of y
  if (i >= n) return;
  const int column = static_cast<int>(i % static_cast<std::size_t>(to_width));
  const int from = map.from[column];
  if (from == kKeptColumn) return;
  const std::size_t row = i / static_cast<std::size_t>(to_width);
  gY[i] = from == kZeroColumn
              ? T(0)
              : gX[row * static_cast<std::size_t>(width) + static_cast<std::size_t>(from)];
}

template <class T>
void move_columns(std::size_t rows, const T* x, int width, const int* from, T* y, int to_width) {
  ColumnMap map{};
  for (int k = 0; k < to_width; ++k) map.from[k] = from[k];
  const std::size_t n = rows * static_cast<std::size_t>(to_width);
  FEMCRUST_LAUNCH_FREE((move_columns_kernel<T>), blocks_for(n, kThreads), kThreads, 0, n, x, width,
                       map, y, to_width);
}

/// One warp for each (row, column): lanes share the row.
template <class T>
FEMCRUST_KERNEL __launch_bounds__(kThreads) void dense_kernel(Index n, int width, const T* gA,
                                                              const T* gR, T* gX) {
  const int task = static_cast<int>((blockIdx.x * std::size_t{kThreads} + threadIdx.x) / kWarp);
  const int lane = static_cast<int>(threadIdx.x) % kWarp;
  const int row = task / width, column = task % width;
  T sum = 0;
  if (row < n)
    for (int j = lane; j < n; j += kWarp)
      sum += gA[static_cast<std::size_t>(row) * static_cast<std::size_t>(n) + j] *
             gR[static_cast<std::size_t>(j) * width + column];
#pragma unroll
  for (int k = kWarp / 2; k > 0; k /= 2) sum += __shfl_xor_sync(kFullWarp, sum, k);
  if (row < n && lane == 0) gX[static_cast<std::size_t>(row) * width + column] = sum;
}

template <class T>
void dense_product(Index n, int width, const T* a, const T* r, T* x) {
  const std::size_t warps = static_cast<std::size_t>(n) * static_cast<std::size_t>(width);
  FEMCRUST_LAUNCH((dense_kernel<T>), blocks_for(warps * kWarp, kThreads), kThreads, 0, n, width, a,
                  r, x);
}

/// Blocks of 6; one thread for each (row, column).
template <class T, int W>
FEMCRUST_KERNEL __launch_bounds__(kThreads) void smooth_kernel(Index n, const T* gBlocks,
                                                               const T* gQ, T* gR, T keep, T gain,
                                                               bool start, T* gD, T* gX) {
  constexpr int B = 6;
  const std::size_t task = blockIdx.x * std::size_t{kThreads} + threadIdx.x;
  const std::size_t row = task / W, column = task % W;
  if (row >= static_cast<std::size_t>(n)) return;
  const std::size_t first = row * B * W + column;
  T rR[B];
#pragma unroll
  for (int i = 0; i < B; ++i) rR[i] = gR[first + i * W];
  if (gQ != nullptr) {
#pragma unroll
    for (int i = 0; i < B; ++i) {
      rR[i] -= gQ[first + i * W];
      gR[first + i * W] = rR[i];
    }
  }
#pragma unroll
  for (int i = 0; i < B; ++i) {
    T scaled = 0;
#pragma unroll
    for (int j = 0; j < B; ++j) scaled += gBlocks[(row * B + i) * B + j] * rR[j];
    const T d = gain * scaled + (keep == T(0) ? T(0) : keep * gD[first + i * W]);
    gD[first + i * W] = d;
    gX[first + i * W] = start ? d : d + gX[first + i * W];
  }
}

template <class T, int W>
void smooth(Index first, Index last, const T* blocks, const T* q, T* r, T keep, T gain, bool start,
            T* d, T* x) {
  (void)first;  // a launcher takes the whole range
  const std::size_t n = static_cast<std::size_t>(last) * W;
  FEMCRUST_LAUNCH_FREE((smooth_kernel<T, W>), blocks_for(n, kThreads), kThreads, 0, last, blocks, q,
                       r, keep, gain, start, d, x);
}

template <class T>
constexpr DeviceVectorTable<T> table() {
  DeviceVectorTable<T> out{};
  out.axpby = axpby<T>;
  out.dot = dot<T>;
  out.advance = advance<T>;
  out.move_columns = move_columns<T>;
  out.dense_product = dense_product<T>;
  out.smooth[0] = smooth<T, 1>;
  out.smooth[1] = smooth<T, 4>;
  out.smooth[2] = smooth<T, 8>;
  out.smooth[3] = smooth<T, 16>;
  return out;
}

}  // namespace

extern const DeviceVectors vector_kernels;
const DeviceVectors vector_kernels = {table<float>(), table<double>()};

}  // namespace femcrust::FEMCRUST_DEVICE
