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

/// More than 48 KiB of shared memory, static and dynamic together, a kernel has to ask for. What it
/// has asked for stays, for launches that are replayed.
inline cudaError_t allow_shared(const void* kernel, std::size_t bytes) {
  cudaFuncAttributes has{};
  const cudaError_t status = cudaFuncGetAttributes(&has, kernel);
  if (status != cudaSuccess || bytes <= static_cast<std::size_t>(has.maxDynamicSharedSizeBytes))
    return status;
  return cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize,
                              static_cast<int>(bytes));
}

template <class... Parameters, class... Arguments>
void launch(const LaunchSite& site, void (*kernel)(Parameters...), dim3 grid, dim3 threads,
            std::size_t shared_bytes, Arguments&&... arguments) {
  if (grid.x == 0 || grid.y == 0 || grid.z == 0) return;
  const cudaStream_t on = stream();  // chooses this thread's device, too
  cudaError_t status = cudaSuccess;
  if (shared_bytes > 0) status = allow_shared(reinterpret_cast<const void*>(kernel), shared_bytes);
  if (status == cudaSuccess) {
    kernel<<<grid, threads, shared_bytes, on>>>(static_cast<Parameters>(arguments)...);
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
