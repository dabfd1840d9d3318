/// One block of threads at work: which thread runs, where the others wait, what a warp exchanges.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

#include "backends/device/emulator/vectors.hpp"
#include "backends/device/launch_site.hpp"

namespace femcrust::emulator {

constexpr int kLanes = 32;
constexpr int kMostThreads = 1024;
constexpr std::size_t kMostShared = 227 * 1024;  // of compute capability 9.0

/// What a kernel sees of itself.
struct Running {
  dim3 thread, block, threads, grid;
  unsigned char* dynamic_shared;
  int number;  // of the thread in its block
};
extern Running running;

enum class Waits : std::uint8_t { no, for_block, for_warp, returned };

struct Lane;
/// Gives every lane of `mask` its result, once all of them have come.
using Exchange = void (*)(Lane* warp, unsigned mask);

/// A thread at a warp operation.
struct Lane {
  Waits waits;
  bool exists;
  unsigned mask;
  Exchange exchange;
  std::uint64_t value, result;
  int source;  // the lane that it reads
};

/// Waits for the whole block.
void wait_for_block();

/// Waits for the lanes of `mask`, all with the same exchange; the result of this lane.
std::uint64_t exchanged(unsigned mask, Exchange exchange, std::uint64_t value = 0, int source = 0);

/// Ends the launch with a DeviceError; called by a thread of a kernel.
[[noreturn]] void fail(const char* what);

using Body = void (*)(const void* call);  // one thread's call of the kernel
void run_blocks(const LaunchSite& site, dim3 grid, dim3 threads, std::size_t shared_bytes,
                Body body, const void* call);
void run_free(const LaunchSite& site, dim3 grid, dim3 threads, std::size_t shared_bytes, Body body,
              const void* call);

/// Blocks, and threads of a block, run forwards or in reverse: results may depend on neither.
/// FEMCRUST_EMULATOR_ORDER=reversed sets it at the start.
enum class Order { forward, reversed };
Order order();
void set_order(Order order);

inline void __syncthreads() {
  wait_for_block();
}

}  // namespace femcrust::emulator
