// See device_graphs.hpp.
#include "backends/device_graphs.hpp"

#include "backends/device/launch.cuh"

namespace femcrust::FEMCRUST_DEVICE {
namespace {

bool begin() {
  const cudaError_t status = cudaStreamBeginCapture(stream(), cudaStreamCaptureModeThreadLocal);
  if (status == cudaErrorNotSupported) return false;
  FEMCRUST_CUDA_TRY(status);
  return true;
}

void* end() {
  cudaGraph_t recorded = nullptr;
  cudaGraphExec_t graph = nullptr;
  FEMCRUST_CUDA_TRY(cudaStreamEndCapture(stream(), &recorded));
  const cudaError_t status = cudaGraphInstantiate(&graph, recorded, 0);
  cudaGraphDestroy(recorded);
  FEMCRUST_CUDA_TRY(status);
  return graph;
}

void replay(void* graph) {
  FEMCRUST_CUDA_TRY(cudaGraphLaunch(static_cast<cudaGraphExec_t>(graph), stream()));
}

void forget(void* graph) noexcept {
  cudaGraphExecDestroy(static_cast<cudaGraphExec_t>(graph));
}

}  // namespace

extern const DeviceGraphs device_graphs;
const DeviceGraphs device_graphs = {begin, end, replay, forget};

}  // namespace femcrust::FEMCRUST_DEVICE
