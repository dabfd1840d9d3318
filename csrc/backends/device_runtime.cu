// See device_runtime.hpp. One state for the process; CUDA keeps a chosen device for each thread of
// the host, so that stream() chooses again where another thread calls.
#include "backends/device_runtime.hpp"

#include <algorithm>
#include <atomic>
#include <vector>

#include "backends/device/launch.cuh"

namespace femcrust::FEMCRUST_DEVICE {
namespace {

constexpr int kOldest = 8;  // compute capability that the kernels are made for

struct Chosen {
  int device = 0;
  cudaStream_t stream = nullptr;  // made with the first work
};
Chosen chosen_device;
thread_local cudaStream_t recording = nullptr;  // device_graphs.cu
std::atomic<std::size_t> held{0}, most_held{0};
std::atomic<std::int64_t> allocated{0};

std::string version_name(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

DeviceVersions versions() {
  DeviceVersions found = {0, 0};
  if (cudaDriverGetVersion(&found.driver) != cudaSuccess) found.driver = 0;
  if (cudaRuntimeGetVersion(&found.runtime) != cudaSuccess) found.runtime = 0;
  cudaGetLastError();
  return found;
}

std::string why_none(cudaError_t status) {
  const DeviceVersions found = versions();
  if (found.driver == 0) return "no CUDA driver is installed";
  if (status == cudaErrorInsufficientDriver) {
    return "the driver is for CUDA " + version_name(found.driver) + ", older than " +
           version_name(found.runtime) + ", which femcrust is built with";
  }
  return cudaGetErrorString(status);
}

int devices(std::string* why) {
  int count = 0;
  const cudaError_t status = cudaGetDeviceCount(&count);
  cudaGetLastError();
  if (status == cudaSuccess && count > 0) return count;
  if (why != nullptr) *why = status == cudaSuccess ? "no device is there" : why_none(status);
  return 0;
}

DeviceProperties properties(int device) {
  cudaDeviceProp found;
  FEMCRUST_CUDA_TRY(cudaGetDeviceProperties(&found, device));
  return {found.name,
          found.major,
          found.minor,
          found.multiProcessorCount,
          found.sharedMemPerBlockOptin,
          static_cast<std::size_t>(found.l2CacheSize)};
}

void require_capability(int device) {
  const DeviceProperties found = properties(device);
  if (found.compute_major < kOldest) {
    throw DeviceError(found.name + " has compute capability " +
                      std::to_string(found.compute_major) + "." +
                      std::to_string(found.compute_minor) + "; femcrust needs 8.0");
  }
}

void choose(int device) {
  std::string why;
  const int count = devices(&why);
  if (count == 0) throw DeviceError(why);
  if (device < 0 || device >= count) {
    throw DeviceError("device " + std::to_string(device) + " of " + std::to_string(count));
  }
  require_capability(device);
  if (device == chosen_device.device && chosen_device.stream != nullptr) return;
  if (held != 0) throw DeviceError("another device cannot be chosen while arrays are on one");
  if (chosen_device.stream != nullptr) FEMCRUST_CUDA_TRY(cudaStreamDestroy(chosen_device.stream));
  chosen_device = {device, nullptr};
}

int chosen() {
  return chosen_device.device;
}

/// Memory that is given back stays with the process: allocation is cheap, and happens in order with
/// the work of the stream.
void keep_released_memory(int device) {
  cudaMemPool_t pool;
  std::uint64_t everything = ~std::uint64_t{0};
  FEMCRUST_CUDA_TRY(cudaDeviceGetDefaultMemPool(&pool, device));
  FEMCRUST_CUDA_TRY(cudaMemPoolSetAttribute(pool, cudaMemPoolAttrReleaseThreshold, &everything));
}

/// What nobody uses, to other processes.
void give_back(int device) {
  cudaMemPool_t pool;
  FEMCRUST_CUDA_TRY(cudaDeviceGetDefaultMemPool(&pool, device));
  FEMCRUST_CUDA_TRY(cudaMemPoolTrimTo(pool, 0));
}

DeviceMemory memory() {
  DeviceMemory found = {0, 0, held, most_held, allocated};
  stream();
  FEMCRUST_CUDA_TRY(cudaMemGetInfo(&found.free, &found.total));
  cudaMemPool_t pool;
  std::uint64_t reserved = 0, used = 0;
  FEMCRUST_CUDA_TRY(cudaDeviceGetDefaultMemPool(&pool, chosen_device.device));
  FEMCRUST_CUDA_TRY(cudaMemPoolGetAttribute(pool, cudaMemPoolAttrReservedMemCurrent, &reserved));
  FEMCRUST_CUDA_TRY(cudaMemPoolGetAttribute(pool, cudaMemPoolAttrUsedMemCurrent, &used));
  found.free += reserved - used;
  return found;
}

void forget_most() {
  most_held = held.load();
}

void count_held(std::size_t bytes) {
  const std::size_t now = held += bytes;
  std::size_t most = most_held;
  while (most < now && !most_held.compare_exchange_weak(most, now)) {
  }
}

void* allocate(std::size_t bytes) {
  if (bytes == 0) return nullptr;
  void* memory = nullptr;
  FEMCRUST_CUDA_TRY(cudaMallocAsync(&memory, bytes, stream()));
  count_held(bytes);
  ++allocated;
  return memory;
}

void release(void* memory, std::size_t bytes) noexcept {
  if (memory == nullptr) return;
  held -= bytes;
  cudaFreeAsync(memory, chosen_device.stream);  // at the end of the process the driver may be gone
  cudaGetLastError();
}

void fill_zero(void* memory, std::size_t bytes) {
  if (bytes != 0) FEMCRUST_CUDA_TRY(cudaMemsetAsync(memory, 0, bytes, stream()));
}

void copy(void* to, const void* from, std::size_t bytes) {
  if (bytes == 0) return;
  FEMCRUST_CUDA_TRY(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, stream()));
}

void copy_in(void* to, const void* from_host, std::size_t bytes) {
  if (bytes == 0) return;
  FEMCRUST_CUDA_TRY(cudaMemcpyAsync(to, from_host, bytes, cudaMemcpyHostToDevice, stream()));
  FEMCRUST_CUDA_TRY(cudaStreamSynchronize(stream()));
}

void copy_out(void* to_host, const void* from, std::size_t bytes) {
  if (bytes == 0) return;
  FEMCRUST_CUDA_TRY(cudaMemcpyAsync(to_host, from, bytes, cudaMemcpyDeviceToHost, stream()));
  FEMCRUST_CUDA_TRY(cudaStreamSynchronize(stream()));
}

void synchronize() {
  FEMCRUST_CUDA_TRY(cudaStreamSynchronize(stream()));
}

std::int64_t allocations() {
  return allocated;
}

/// Neither cudaIpc* nor GPUDirect takes the memory of a pool by its mere address [NVIDIA25].
void* allocate_message(std::size_t bytes) {
  if (bytes == 0) return nullptr;
  void* memory = nullptr;
  stream();  // chooses the device
  FEMCRUST_CUDA_TRY(cudaMalloc(&memory, bytes));
  count_held(bytes);
  ++allocated;
  return memory;
}

void release_message(void* memory, std::size_t bytes) noexcept {
  if (memory == nullptr) return;
  held -= bytes;
  cudaFree(memory);
  cudaGetLastError();
}

void* allocate_pinned(std::size_t bytes) {
  if (bytes == 0) return nullptr;
  void* memory = nullptr;
  stream();
  FEMCRUST_CUDA_TRY(cudaMallocHost(&memory, bytes));
  return memory;
}

void release_pinned(void* memory) noexcept {
  if (memory == nullptr) return;
  cudaFreeHost(memory);
  cudaGetLastError();
}

void* mark() {
  cudaEvent_t event;
  FEMCRUST_CUDA_TRY(cudaEventCreate(&event));
  FEMCRUST_CUDA_TRY(cudaEventRecord(event, stream()));
  return event;
}

double seconds(void* from, void* to) {
  constexpr double kMillisecond = 1e-3;
  float elapsed = 0;
  FEMCRUST_CUDA_TRY(cudaEventSynchronize(static_cast<cudaEvent_t>(to)));
  FEMCRUST_CUDA_TRY(
      cudaEventElapsedTime(&elapsed, static_cast<cudaEvent_t>(from), static_cast<cudaEvent_t>(to)));
  return kMillisecond * elapsed;
}

void forget(void* mark) noexcept {
  cudaEventDestroy(static_cast<cudaEvent_t>(mark));
}

double copy_bandwidth(std::size_t bytes, int turns) {
  if (bytes == 0 || turns < 1) throw ArgumentError("copy_bandwidth: nothing to copy");
  constexpr double kReadAndWritten = 2;
  void* const from = allocate(bytes);
  void* const to = allocate(bytes);
  fill_zero(from, bytes);
  copy(to, from, bytes);  // the first one is slower
  std::vector<double> rates;
  for (int turn = 0; turn < turns; ++turn) {
    void* const before = mark();
    copy(to, from, bytes);
    void* const after = mark();
    rates.push_back(kReadAndWritten * static_cast<double>(bytes) / seconds(before, after));
    forget(before);
    forget(after);
  }
  release(from, bytes);
  release(to, bytes);
  synchronize();
  give_back(chosen_device.device);
  std::nth_element(rates.begin(), rates.begin() + turns / 2, rates.end());
  return rates[static_cast<std::size_t>(turns / 2)];
}

}  // namespace

void record_on(cudaStream_t own) {
  recording = own;
}

cudaStream_t stream() {
  if (recording != nullptr) return recording;
  static thread_local bool known = false;
  int current = -1;  // device of this thread of the host, which other libraries may change
  if (!known || cudaGetDevice(&current) != cudaSuccess || current != chosen_device.device) {
    std::string why;
    if (devices(&why) == 0) throw DeviceError(why);
    FEMCRUST_CUDA_TRY(cudaSetDevice(chosen_device.device));
    known = true;
  }
  if (chosen_device.stream == nullptr) {
    require_capability(chosen_device.device);
    keep_released_memory(chosen_device.device);
    FEMCRUST_CUDA_TRY(cudaStreamCreateWithFlags(&chosen_device.stream, cudaStreamDefault));
  }
  return chosen_device.stream;
}

extern const DeviceRuntime device_runtime = {
    devices,         choose,          chosen,         properties,
    versions,        memory,          forget_most,    allocate,
    release,         fill_zero,       copy,           copy_in,
    copy_out,        synchronize,     allocations,    allocate_message,
    release_message, allocate_pinned, release_pinned, mark,
    seconds,         forget,          copy_bandwidth};

}  // namespace femcrust::FEMCRUST_DEVICE
