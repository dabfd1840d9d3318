// See device_graphs.hpp.
#include "backends/device_graphs.hpp"

#include "backends/device/launch.cuh"

namespace femcrust::FEMCRUST_DEVICE {
namespace {

/// Launches go to a stream of their own that waits for nobody: what other threads of the host do on
/// the device meanwhile is neither recorded nor refused.
bool begin() {
  stream();  // this thread's device
  cudaStream_t own = nullptr;
  FEMCRUST_CUDA_TRY(cudaStreamCreateWithFlags(&own, cudaStreamNonBlocking));
  const cudaError_t status = cudaStreamBeginCapture(own, cudaStreamCaptureModeThreadLocal);
  if (status == cudaSuccess) {
    record_on(own);
    return true;
  }
  cudaStreamDestroy(own);
  cudaGetLastError();
  if (status != cudaErrorNotSupported) FEMCRUST_CUDA_TRY(status);
  return false;
}

cudaError_t finish(cudaGraph_t* recorded) {
  const cudaStream_t own = stream();
  record_on(nullptr);
  const cudaError_t status = cudaStreamEndCapture(own, recorded);
  cudaStreamDestroy(own);
  return status;
}

void* end() {
  cudaGraph_t recorded = nullptr;
  cudaGraphExec_t graph = nullptr;
  FEMCRUST_CUDA_TRY(finish(&recorded));
  const cudaError_t status = cudaGraphInstantiate(&graph, recorded, 0);
  cudaGraphDestroy(recorded);
  FEMCRUST_CUDA_TRY(status);
  return graph;
}

void cancel() noexcept {
  cudaGraph_t recorded = nullptr;
  if (finish(&recorded) == cudaSuccess) cudaGraphDestroy(recorded);
  cudaGetLastError();
}

void replay(void* graph) {
  FEMCRUST_CUDA_TRY(cudaGraphLaunch(static_cast<cudaGraphExec_t>(graph), stream()));
}

void forget(void* graph) noexcept {
  cudaGraphExecDestroy(static_cast<cudaGraphExec_t>(graph));
}

}  // namespace

extern const DeviceGraphs device_graphs;
const DeviceGraphs device_graphs = {begin, end, cancel, replay, forget};

}  // namespace femcrust::FEMCRUST_DEVICE
