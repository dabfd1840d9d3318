#include "backends/device/emulator/runtime.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <map>
#include <mutex>
#include <new>

#include "backends/device/emulator/block.hpp"
#include "backends/device/emulator/shared_memory.hpp"

namespace femcrust::emulator {

struct Stream {};
struct Event {
  std::chrono::steady_clock::time_point time;
};

namespace {

constexpr int kVersion = 13000;  // of the runtime that is emulated
constexpr std::align_val_t kAlignment{256};
constexpr std::size_t kBeyond = 64;  // bytes after each block that no kernel may write

std::mutex guard;
std::map<char*, std::size_t> blocks;  // of device memory, by where they begin

/// Whether [memory, memory + bytes) lies in one block.
bool on_device(const void* memory, std::size_t bytes) {
  const std::lock_guard<std::mutex> lock(guard);
  auto* const first = static_cast<char*>(const_cast<void*>(memory));
  auto after = blocks.upper_bound(first);
  if (after == blocks.begin()) return false;
  const auto& [begin, size] = *--after;
  return static_cast<std::size_t>(first - begin) + bytes <= size;
}

bool overrun(const char* begin, std::size_t bytes) {
  const char* const beyond = begin + bytes;
  return std::any_of(beyond, beyond + kBeyond,
                     [](char byte) { return static_cast<unsigned char>(byte) != kPoison; });
}

std::size_t pages(int name) {
  return static_cast<std::size_t>(sysconf(name)) * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace

std::size_t overrun_block() {
  const std::lock_guard<std::mutex> lock(guard);
  for (auto& [begin, bytes] : blocks) {
    if (!overrun(begin, bytes)) continue;
    std::memset(begin + bytes, kPoison, kBeyond);  // said once
    return bytes;
  }
  return 0;
}

const char* cudaGetErrorString(cudaError_t status) {
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

cudaError_t cudaDriverGetVersion(int* version) {
  *version = kVersion;
  return cudaSuccess;
}
cudaError_t cudaRuntimeGetVersion(int* version) {
  *version = kVersion;
  return cudaSuccess;
}
cudaError_t cudaGetDeviceCount(int* count) {
  *count = 1;
  return cudaSuccess;
}
cudaError_t cudaGetDevice(int* device) {
  *device = 0;
  return cudaSuccess;
}
cudaError_t cudaSetDevice(int device) {
  return device == 0 ? cudaSuccess : cudaErrorInvalidDevice;
}
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
  if (device != 0) return cudaErrorInvalidDevice;
  *properties = {"host emulation", 9, 0, 1, 0, kMostShared};
  return cudaSuccess;
}

cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total) {
  *free = pages(_SC_AVPHYS_PAGES);
  *total = pages(_SC_PHYS_PAGES);
  return cudaSuccess;
}

cudaError_t cudaMallocAsync(void** memory, std::size_t bytes, cudaStream_t) {
  *memory = ::operator new(bytes + kBeyond, kAlignment, std::nothrow);
  if (*memory == nullptr) return cudaErrorMemoryAllocation;
  std::memset(*memory, kPoison, bytes + kBeyond);
  const std::lock_guard<std::mutex> lock(guard);
  blocks[static_cast<char*>(*memory)] = bytes;
  return cudaSuccess;
}

cudaError_t cudaFreeAsync(void* memory, cudaStream_t) {
  const std::lock_guard<std::mutex> lock(guard);
  if (blocks.erase(static_cast<char*>(memory)) == 0) return cudaErrorInvalidValue;
  ::operator delete(memory, kAlignment);
  return cudaSuccess;
}

cudaError_t cudaMalloc(void** memory, std::size_t bytes) {
  return cudaMallocAsync(memory, bytes, nullptr);
}
cudaError_t cudaFree(void* memory) {
  return cudaFreeAsync(memory, nullptr);
}
cudaError_t cudaMallocHost(void** memory, std::size_t bytes) {
  *memory = ::operator new(bytes, kAlignment, std::nothrow);
  if (*memory == nullptr) return cudaErrorMemoryAllocation;
  std::memset(*memory, kPoison, bytes);
  return cudaSuccess;
}
cudaError_t cudaFreeHost(void* memory) {
  ::operator delete(memory, kAlignment);
  return cudaSuccess;
}

cudaError_t cudaMemsetAsync(void* memory, int byte, std::size_t bytes, cudaStream_t) {
  if (!on_device(memory, bytes)) return cudaErrorInvalidValue;
  std::memset(memory, byte, bytes);
  return cudaSuccess;
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind,
                            cudaStream_t) {
  const bool to_device = kind != cudaMemcpyDeviceToHost;
  const bool from_device = kind != cudaMemcpyHostToDevice;
  if (on_device(to, bytes) != to_device || on_device(from, bytes) != from_device) {
    return cudaErrorInvalidValue;
  }
  std::memmove(to, from, bytes);
  return cudaSuccess;
}

cudaError_t cudaDeviceGetDefaultMemPool(cudaMemPool_t* pool, int) {
  *pool = nullptr;
  return cudaSuccess;
}
cudaError_t cudaMemPoolTrimTo(cudaMemPool_t, std::size_t) {
  return cudaSuccess;
}
cudaError_t cudaMemPoolSetAttribute(cudaMemPool_t, cudaMemPoolAttr, void*) {
  return cudaSuccess;
}
cudaError_t cudaMemPoolGetAttribute(cudaMemPool_t, cudaMemPoolAttr, void* value) {
  *static_cast<std::uint64_t*>(value) = 0;  // nothing is kept
  return cudaSuccess;
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
  static Stream only;
  *stream = &only;
  return cudaSuccess;
}
cudaError_t cudaStreamDestroy(cudaStream_t) {
  return cudaSuccess;
}
cudaError_t cudaStreamSynchronize(cudaStream_t) {
  return cudaSuccess;
}

cudaError_t cudaEventCreate(cudaEvent_t* event) {
  *event = new Event;
  return cudaSuccess;
}
cudaError_t cudaEventDestroy(cudaEvent_t event) {
  delete event;
  return cudaSuccess;
}
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t) {
  event->time = std::chrono::steady_clock::now();
  return cudaSuccess;
}
cudaError_t cudaEventSynchronize(cudaEvent_t) {
  return cudaSuccess;
}
cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t from, cudaEvent_t to) {
  *milliseconds = std::chrono::duration<float, std::milli>(to->time - from->time).count();
  return cudaSuccess;
}

}  // namespace femcrust::emulator
