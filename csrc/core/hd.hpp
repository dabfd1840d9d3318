/// The qualifier of functions that run on the host and on a device, empty for a C++ compiler, and
/// the name of the device that this compiler makes kernels for: cuda, or the host that emulates it.
/// FEMCRUST_UNROLL(n) stands before a loop of n turns that becomes straight code.
/// This is the only file that asks which compiler reads it.
#pragma once

#ifdef __CUDACC__
#define FEMCRUST_HD __host__ __device__
#define FEMCRUST_DEVICE cuda
#define FEMCRUST_DEVICE_IS_CUDA 1
#else
#define FEMCRUST_HD
#define FEMCRUST_DEVICE emulated
#define FEMCRUST_DEVICE_IS_CUDA 0
#endif

#ifdef __CUDA_ARCH__
#define FEMCRUST_UNROLL(n) _Pragma("unroll")
#elif FEMCRUST_DEVICE_IS_CUDA  // what nvcc leaves to the host is for nobody
#define FEMCRUST_UNROLL(n)
#else
#define FEMCRUST_UNROLL(n) FEMCRUST_PRAGMA(GCC unroll n)
#define FEMCRUST_PRAGMA(text) _Pragma(#text)
#endif
