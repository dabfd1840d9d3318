/// The door to CUDA: all that a .cu file needs of it, for nvcc and, by the emulator, for a C++
/// compiler.
///
///   FEMCRUST_KERNEL void scale(Index n, double* gX) { __shared__ double sPart[32]; ... }
///   FEMCRUST_LAUNCH((scale), grid, threads, shared_bytes, n, x);
///
/// Launches go on stream(); a failure throws DeviceError with the kernel, the file and the line. A
/// grid of size 0 launches nothing. FEMCRUST_LAUNCH_FREE is for kernels without barriers, warp
/// operations and shared memory: the same on a device, and a plain loop in the emulator.
#pragma once
#include <cstddef>
#include <cstdint>

#include "backends/device/launch_site.hpp"
#include "core/error.hpp"
#include "core/hd.hpp"
#include "core/types.hpp"

#if FEMCRUST_DEVICE_IS_CUDA
#include "backends/device/launch_cuda.cuh"
#else
#include "backends/device/emulator/emulator.hpp"
#endif

namespace femcrust::FEMCRUST_DEVICE {

constexpr unsigned kFullWarp = 0xffffffffu;
constexpr int kWarp = 32;

/// The stream of all work, of the device that is chosen; while this thread records, that of the
/// recording.
cudaStream_t stream();
void record_on(cudaStream_t own);  // null: no more

inline void check(cudaError_t status, const char* call, const LaunchSite& site) {
  if (status == cudaSuccess) return;
  cudaGetLastError();  // forget it: the next call must not report it again
  throw DeviceError(described(site, call) + cudaGetErrorString(status));
}

/// A launch whose time is wanted, or not (device_times.cu).
class TimedLaunch {
 public:
  explicit TimedLaunch(const LaunchSite& site);
  void done() const;

 private:
  LaunchSite site_;
  void* before_;
};

template <class Launch>
void timed(const LaunchSite& site, const Launch& launch) {
  const TimedLaunch one(site);
  launch(site);
  one.done();
}

}  // namespace femcrust::FEMCRUST_DEVICE

#define FEMCRUST_CUDA_TRY(call) \
  ::femcrust::FEMCRUST_DEVICE::check((call), #call, {"", __FILE__, __LINE__})

#define FEMCRUST_TIMED(launcher, kernel, ...)                                                     \
  ::femcrust::FEMCRUST_DEVICE::timed(                                                             \
      {#kernel, __FILE__, __LINE__, __PRETTY_FUNCTION__}, [&](const ::femcrust::LaunchSite& at) { \
        ::femcrust::FEMCRUST_DEVICE::launcher(at, kernel, __VA_ARGS__);                           \
      })
#define FEMCRUST_LAUNCH(kernel, ...) FEMCRUST_TIMED(launch, kernel, __VA_ARGS__)
#define FEMCRUST_LAUNCH_FREE(kernel, ...) FEMCRUST_TIMED(launch_free, kernel, __VA_ARGS__)
