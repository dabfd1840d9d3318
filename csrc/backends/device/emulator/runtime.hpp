/// The runtime functions of CUDA that device_runtime.cu calls, on the host: one device, whose
/// memory is the host's and whose streams finish everything at once.
#pragma once
#include <cstddef>

namespace femcrust::emulator {

enum cudaError_t {
  cudaSuccess = 0,
  cudaErrorInvalidValue = 1,
  cudaErrorMemoryAllocation = 2,
  cudaErrorInvalidDevice = 101,
};
using cudaStream_t = struct Stream*;

inline cudaError_t cudaGetLastError() {
  return cudaSuccess;
}
inline const char* cudaGetErrorString(cudaError_t status) {
  switch (status) {
    case cudaSuccess:
      return "no error";
    case cudaErrorMemoryAllocation:
      return "out of memory";
    case cudaErrorInvalidDevice:
      return "invalid device ordinal";
    default:
      return "invalid argument";
  }
}

}  // namespace femcrust::emulator
