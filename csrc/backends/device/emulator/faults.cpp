#include "backends/device/emulator/faults.hpp"

#include <algorithm>
#include <numeric>

#include "backends/device/device_copy.hpp"
#include "backends/device/launch.cuh"

namespace femcrust::emulated {
namespace {

constexpr int kThreads = 64;

FEMCRUST_KERNEL void barrier_after_return(double*) {
  if (threadIdx.x == 3) return;
  __syncthreads();
}

FEMCRUST_KERNEL void barrier_in_a_branch(double*) {
  if (threadIdx.x < kWarp) __syncthreads();
  __syncwarp();
}

FEMCRUST_KERNEL void barrier_meets_shuffle(double* gOut) {
  if (threadIdx.x % 2 == 0) {
    __syncthreads();
  } else {
    gOut[threadIdx.x] = __shfl_xor_sync(kFullWarp, 1.0, 1);
  }
}

FEMCRUST_KERNEL void shuffle_outside_its_mask(double* gOut) {
  gOut[threadIdx.x] = __shfl_xor_sync(0xffffu, 1.0, 1);
}

FEMCRUST_KERNEL void value_of_a_returned_lane(double* gOut) {
  if (threadIdx.x == 1) return;
  const double other = __shfl_sync(kFullWarp, 1.0, 1);
  gOut[threadIdx.x] = other;
}

FEMCRUST_KERNEL void misaligned_matrix(double* gOut) {
  nvcuda::wmma::fragment<nvcuda::wmma::accumulator, 16, 16, 16, float> rC;
  nvcuda::wmma::load_matrix_sync(rC, reinterpret_cast<float*>(gOut) + 1, 16,
                                 nvcuda::wmma::mem_row_major);
}

FEMCRUST_KERNEL void product_by_half_a_warp(double*) {
  using namespace nvcuda;
  wmma::fragment<wmma::matrix_a, 16, 16, 16, half, wmma::row_major> rA;
  wmma::fragment<wmma::matrix_b, 16, 16, 16, half, wmma::col_major> rB;
  wmma::fragment<wmma::accumulator, 16, 16, 16, float> rC;
  wmma::fill_fragment(rA, half(1));
  wmma::fill_fragment(rB, half(1));
  wmma::fill_fragment(rC, 0.0f);
  if (threadIdx.x % kWarp >= kWarp / 2) return;
  wmma::mma_sync(rC, rA, rB, rC);
}

FEMCRUST_KERNEL void write_beyond_shared(double*) {
  FEMCRUST_SHARED_DYNAMIC(double, sX);  // [kThreads]
  sX[threadIdx.x + 1] = 1;
}

FEMCRUST_KERNEL void write_beyond_memory(double* gOut) {
  gOut[kThreads] = 1;
}

FEMCRUST_KERNEL void barrier_when_free(double*) {
  __syncthreads();
}

/// The barrier between write and read is missing: warps that run in order hide it.
FEMCRUST_KERNEL void missing_barrier(double* gOut) {
  FEMCRUST_SHARED_DYNAMIC(double, sX);  // [kThreads]
  sX[threadIdx.x] = 1;
  gOut[threadIdx.x] = int(threadIdx.x) < kWarp ? 1 : sX[threadIdx.x - kWarp];
}

/// The same within a warp.
FEMCRUST_KERNEL void missing_barrier_of_a_warp(double* gOut) {
  FEMCRUST_SHARED_DYNAMIC(double, sX);  // [kThreads]
  sX[threadIdx.x] = 1;
  gOut[threadIdx.x] = threadIdx.x % kWarp == 0 ? 1 : sX[threadIdx.x - 1];
}

FEMCRUST_KERNEL void order_of_blocks(double* gOut) {
  gOut[0] = blockIdx.x;
}

int deeper(int depth, volatile char* above) {
  volatile char frame[1024];
  frame[0] = *above;
  return depth == 0 ? frame[0] : deeper(depth - 1, frame) + frame[0];
}

FEMCRUST_KERNEL void deep_stack(double* gOut) {
  volatile char top = 1;
  gOut[threadIdx.x] = deeper(1000, &top);
}

FEMCRUST_KERNEL void nothing(double*) {}

struct Fault {
  const char* name;
  void (*launch)(double* out);
};

constexpr std::size_t kShared = kThreads * sizeof(double);

#define FEMCRUST_FAULT(kernel) \
  {#kernel, [](double* out) { FEMCRUST_LAUNCH((kernel), 1, kThreads, kShared, out); }}
const Fault kFaults[] = {
    FEMCRUST_FAULT(barrier_after_return),
    FEMCRUST_FAULT(barrier_in_a_branch),
    FEMCRUST_FAULT(barrier_meets_shuffle),
    FEMCRUST_FAULT(shuffle_outside_its_mask),
    FEMCRUST_FAULT(value_of_a_returned_lane),
    FEMCRUST_FAULT(misaligned_matrix),
    FEMCRUST_FAULT(product_by_half_a_warp),
    FEMCRUST_FAULT(write_beyond_shared),
    FEMCRUST_FAULT(missing_barrier),
    FEMCRUST_FAULT(missing_barrier_of_a_warp),
    FEMCRUST_FAULT(write_beyond_memory),
    FEMCRUST_FAULT(deep_stack),
    {"barrier_when_free",
     [](double* out) { FEMCRUST_LAUNCH_FREE((barrier_when_free), 1, kThreads, 0, out); }},
    {"order_of_blocks", [](double* out) { FEMCRUST_LAUNCH_FREE((order_of_blocks), 4, 1, 0, out); }},
    {"too_many_threads", [](double* out) { FEMCRUST_LAUNCH((nothing), 1, 1025, 0, out); }},
    {"no_threads", [](double* out) { FEMCRUST_LAUNCH((nothing), 1, 0, 0, out); }},
    {"too_many_blocks", [](double* out) { FEMCRUST_LAUNCH((nothing), dim3(1, 65536), 1, 0, out); }},
    {"too_much_shared",
     [](double* out) { FEMCRUST_LAUNCH((nothing), 1, 1, emulator::kMostShared + 1, out); }},
    {"no_blocks", [](double* out) { FEMCRUST_LAUNCH((nothing), dim3(4, 0), 1, 0, out); }},
};
#undef FEMCRUST_FAULT

}  // namespace

std::vector<std::string> fault_names() {
  std::vector<std::string> names;
  for (const Fault& fault : kFaults) names.emplace_back(fault.name);
  return names;
}

double launch_fault(const std::string& name) {
  const auto* const found = std::find_if(std::begin(kFaults), std::end(kFaults),
                                         [&](const Fault& fault) { return fault.name == name; });
  require(found != std::end(kFaults), "fault: '" + name + "' is unknown");
  std::vector<double> values(kThreads);
  DeviceCopy<double> out(device_runtime, values.data(), values.size());
  found->launch(out.data());
  out.to_host(values.data());
  return std::accumulate(values.begin(), values.end(), 0.0);
}

}  // namespace femcrust::emulated
