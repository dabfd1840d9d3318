/// Graphs of launches, which the emulator does not record: its callers then launch one by one.
#pragma once
#include "backends/device/emulator/runtime.hpp"

namespace femcrust::emulator {

using cudaGraph_t = struct Graph*;
using cudaGraphExec_t = struct GraphExec*;
enum cudaStreamCaptureMode { cudaStreamCaptureModeThreadLocal = 1 };

inline cudaError_t cudaStreamBeginCapture(cudaStream_t, cudaStreamCaptureMode) {
  return cudaErrorNotSupported;
}
inline cudaError_t cudaStreamEndCapture(cudaStream_t, cudaGraph_t*) {
  return cudaErrorNotSupported;
}
inline cudaError_t cudaGraphInstantiate(cudaGraphExec_t*, cudaGraph_t, unsigned long long) {
  return cudaErrorNotSupported;
}
inline cudaError_t cudaGraphLaunch(cudaGraphExec_t, cudaStream_t) {
  return cudaErrorNotSupported;
}
inline void cudaGraphDestroy(cudaGraph_t) {}
inline void cudaGraphExecDestroy(cudaGraphExec_t) {}

}  // namespace femcrust::emulator
