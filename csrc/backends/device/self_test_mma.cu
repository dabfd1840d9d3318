// See self_test.hpp. C = A Bᵀ with Tensor Cores: a warp for each 16×16 tile of C.
#include "backends/device/device_copy.hpp"
#include "backends/device/launch.cuh"
#include "backends/device/self_test.hpp"

namespace femcrust::FEMCRUST_DEVICE {
namespace {

constexpr int kTile = 16;

FEMCRUST_KERNEL void round_to_half(Index n, const float* __restrict__ gFrom,
                                   half* __restrict__ gTo) {
  const Index i = static_cast<Index>(blockIdx.x * blockDim.x + threadIdx.x);
  if (i < n) gTo[i] = __float2half(gFrom[i]);
}

FEMCRUST_KERNEL void multiply(Index n, const half* __restrict__ gA, const half* __restrict__ gB,
                              float* __restrict__ gC) {
  using namespace nvcuda;
  const std::size_t stride = static_cast<std::size_t>(n);
  const std::size_t row = kTile * std::size_t{blockIdx.y}, column = kTile * std::size_t{blockIdx.x};
  wmma::fragment<wmma::matrix_a, kTile, kTile, kTile, half, wmma::row_major> rA;
  wmma::fragment<wmma::matrix_b, kTile, kTile, kTile, half, wmma::col_major> rB;
  wmma::fragment<wmma::accumulator, kTile, kTile, kTile, float> rC;

  wmma::fill_fragment(rC, 0.0f);
  for (Index k = 0; k < n; k += kTile) {
    wmma::load_matrix_sync(rA, gA + row * stride + static_cast<std::size_t>(k), unsigned(n));
    wmma::load_matrix_sync(rB, gB + column * stride + static_cast<std::size_t>(k), unsigned(n));
    wmma::mma_sync(rC, rA, rB, rC);
  }
  wmma::store_matrix_sync(gC + row * stride + column, rC, unsigned(n), wmma::mem_row_major);
}

void product(Index n, const float* a, const float* b, float* c) {
  constexpr unsigned kThreads = 256;
  const Index entries = n * n;
  const auto size = static_cast<std::size_t>(entries);
  const unsigned blocks = (static_cast<unsigned>(entries) + kThreads - 1) / kThreads;
  const unsigned tiles = static_cast<unsigned>(n) / kTile;
  DeviceCopy<float> left(device_runtime, a, size), right(device_runtime, b, size);
  DeviceCopy<half> half_left(device_runtime, size), half_right(device_runtime, size);
  DeviceCopy<float> out(device_runtime, size);
  FEMCRUST_LAUNCH_FREE((round_to_half), blocks, kThreads, 0, entries, left.data(),
                       half_left.data());
  FEMCRUST_LAUNCH_FREE((round_to_half), blocks, kThreads, 0, entries, right.data(),
                       half_right.data());
  FEMCRUST_LAUNCH((multiply), dim3(tiles, tiles), kWarp, 0, n, half_left.data(), half_right.data(),
                  out.data());
  out.to_host(c);
}

}  // namespace

extern const MatrixSelfTest matrix_self_test = {product};

}  // namespace femcrust::FEMCRUST_DEVICE
