/// CUDA on the host, for tests: kernels compile unchanged with a C++ compiler and give what they
/// would give on a device, thread by thread.
///
/// Every thread of a block is a fiber that runs up to the next barrier or warp operation. Blocks
/// run one after another. It finds what a device would not tell: barriers that some threads never
/// reach, reads of shared memory that nobody wrote, and, by running threads and blocks in reverse,
/// results that depend on their order. It knows nothing of speed.
#pragma once
#include "backends/device/emulator/atomics.hpp"
#include "backends/device/emulator/graphs.hpp"
#include "backends/device/emulator/half.hpp"
#include "backends/device/emulator/launch.hpp"
#include "backends/device/emulator/runtime.hpp"
#include "backends/device/emulator/vectors.hpp"
#include "backends/device/emulator/warp.hpp"
#include "backends/device/emulator/wmma.hpp"

#define __global__
#define __device__
#define __host__
#define __grid_constant__
#define __forceinline__ inline __attribute__((always_inline))
#define __launch_bounds__(...)
#define __align__(n) alignas(n)
#define __shared__ static
#define FEMCRUST_KERNEL static
#define FEMCRUST_SHARED_DYNAMIC(T, name) \
  T* const name = reinterpret_cast<T*>(::femcrust::emulator::running.dynamic_shared)

#define threadIdx (::femcrust::emulator::running.thread)
#define blockIdx (::femcrust::emulator::running.block)
#define blockDim (::femcrust::emulator::running.threads)
#define gridDim (::femcrust::emulator::running.grid)

namespace femcrust {
using namespace emulator;  // kernels name CUDA's functions and types as they do for nvcc
namespace emulated {
using emulator::launch;
using emulator::launch_free;
}  // namespace emulated
}  // namespace femcrust
