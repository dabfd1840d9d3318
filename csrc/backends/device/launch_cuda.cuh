/// The face of launch.cuh where nvcc compiles.
#pragma once
#include <cuda_fp16.h>
#include <cuda_runtime.h>
#include <mma.h>

#include "backends/device/launch_site.hpp"
#include "core/error.hpp"

#define FEMCRUST_KERNEL __global__ static
/// One name and one type for the dynamic shared memory of all kernels, as the language asks.
#define FEMCRUST_SHARED_DYNAMIC(T, name)                           \
  extern __shared__ __align__(16) unsigned char femcrust_shared[]; \
  T* const name = reinterpret_cast<T*>(femcrust_shared)

namespace femcrust::cuda {

cudaStream_t stream();

constexpr std::size_t kSharedWithoutAsking = 48 * 1024;

template <class... Parameters, class... Arguments>
void launch(const LaunchSite& site, void (*kernel)(Parameters...), dim3 grid, dim3 threads,
            std::size_t shared_bytes, Arguments&&... arguments) {
  if (grid.x == 0 || grid.y == 0 || grid.z == 0) return;
  cudaError_t status = cudaSuccess;
  if (shared_bytes > kSharedWithoutAsking) {
    status = cudaFuncSetAttribute(reinterpret_cast<const void*>(kernel),
                                  cudaFuncAttributeMaxDynamicSharedMemorySize, int(shared_bytes));
  }
  if (status == cudaSuccess) {
    kernel<<<grid, threads, shared_bytes, stream()>>>(static_cast<Parameters>(arguments)...);
    status = cudaGetLastError();
  }
  if (status != cudaSuccess) {
    cudaGetLastError();
    throw DeviceError(described(site, site.kernel) + cudaGetErrorString(status));
  }
}

template <class... Parameters, class... Arguments>
void launch_free(const LaunchSite& site, void (*kernel)(Parameters...), dim3 grid, dim3 threads,
                 std::size_t shared_bytes, Arguments&&... arguments) {
  launch(site, kernel, grid, threads, shared_bytes, arguments...);
}

}  // namespace femcrust::cuda
