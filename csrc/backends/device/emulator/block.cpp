#include "backends/device/emulator/block.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <vector>

#include "backends/device/emulator/fiber.hpp"
#include "backends/device/emulator/runtime.hpp"
#include "backends/device/emulator/shared_memory.hpp"
#include "core/error.hpp"

namespace femcrust::emulator {

Running running;

namespace {

struct Launch {
  const LaunchSite* site;
  Body body;
  const void* call;
  bool fibers;
  bool inside;  // a fiber runs, not the scheduler
  int arrived;  // at the barrier of the block
  std::string failure;
};

std::vector<Fiber> fibers;      // kept from launch to launch
Lane lanes[kMostThreads] = {};  // [warp][lane]
dim3 index_of[kMostThreads];
Launch now;
std::mutex one_at_a_time;

Order order_asked_for() {
  const char* const asked = std::getenv("FEMCRUST_EMULATOR_ORDER");
  return asked != nullptr && std::strcmp(asked, "reversed") == 0 ? Order::reversed : Order::forward;
}
Order current_order = order_asked_for();

std::string written(dim3 v) {
  return "(" + std::to_string(v.x) + ", " + std::to_string(v.y) + ", " + std::to_string(v.z) + ")";
}

[[noreturn]] void refuse(const std::string& what) {
  throw DeviceError(described(*now.site, now.site->kernel) + what);
}

void run_thread() {
  for (;;) {  // once for each block
    now.body(now.call);
    lanes[running.number].waits = Waits::returned;
    fibers[running.number].pause();
  }
}

bool complete(const Lane* warp, unsigned mask, Exchange exchange, int from) {
  for (int k = 1; k <= kLanes; ++k) {  // those that come next are the likeliest to be missing
    const Lane& lane = warp[(from + k) % kLanes];
    const bool asked = mask >> ((from + k) % kLanes) & 1u;
    if (!asked || !lane.exists || lane.waits == Waits::returned) continue;
    if (lane.waits != Waits::for_warp || lane.mask != mask || lane.exchange != exchange) {
      return false;
    }
  }
  return true;
}

void release(Lane* warp, unsigned mask, Exchange exchange) {
  exchange(warp, mask);
  for (int k = 0; k < kLanes; ++k) {
    if ((mask >> k & 1u) && warp[k].waits == Waits::for_warp) warp[k].waits = Waits::no;
  }
}

/// Those who wait for a lane that has just returned go on without it.
void release_without(Lane* warp) {
  for (int k = 0; k < kLanes; ++k) {
    const Lane lane = warp[k];
    if (lane.waits == Waits::for_warp && complete(warp, lane.mask, lane.exchange, k)) {
      release(warp, lane.mask, lane.exchange);
    }
  }
}

void resume(int number) {
  running.number = number;
  running.thread = index_of[number];
  now.inside = true;
  fibers[number].resume();
  now.inside = false;
  if (!now.failure.empty()) refuse(now.failure);
}

/// Runs the threads of one warp until none can go on; whether any could.
bool advance(Lane* warp, int first) {
  bool any = false;
  for (bool again = true; again;) {
    again = false;
    for (int turn = 0; turn < kLanes; ++turn) {
      const int k = current_order == Order::forward ? turn : kLanes - 1 - turn;
      if (!warp[k].exists || warp[k].waits != Waits::no) continue;
      resume(first + k);
      if (warp[k].waits == Waits::returned) release_without(warp);
      again = any = true;
    }
  }
  return any;
}

[[noreturn]] void report_deadlock(int threads) {
  int count[4] = {}, first = -1;
  for (int k = 0; k < threads; ++k) {
    ++count[static_cast<int>(lanes[k].waits)];
    if (first < 0 && lanes[k].waits != Waits::returned) first = k;
  }
  refuse("block " + written(running.block) +
         " stands still: " + std::to_string(count[static_cast<int>(Waits::for_block)]) +
         " threads wait at a barrier, " + std::to_string(count[static_cast<int>(Waits::for_warp)]) +
         " at a warp operation, " + std::to_string(count[static_cast<int>(Waits::returned)]) +
         " have returned; the first that waits is " + written(index_of[first]));
}

void run_block(int threads) {
  const int warps = (threads + kLanes - 1) / kLanes;
  for (int k = 0; k < warps * kLanes; ++k) lanes[k] = {Waits::no, k < threads, 0, nullptr, 0, 0, 0};
  now.arrived = 0;
  for (;;) {
    bool any = false;
    for (int turn = 0; turn < warps; ++turn) {
      const int warp = current_order == Order::forward ? turn : warps - 1 - turn;
      any = advance(lanes + warp * kLanes, warp * kLanes) || any;
    }
    if (any) continue;
    const bool all = std::all_of(lanes, lanes + threads,
                                 [](const Lane& lane) { return lane.waits == Waits::returned; });
    if (all) return;
    report_deadlock(threads);
  }
}

/// What CUDA refuses, with the limits of compute capabilities 8.0 and 9.0.
void begin(const LaunchSite& site, dim3 grid, dim3 threads, std::size_t shared_bytes, Body body,
           const void* call, bool with_fibers) {
  now = {&site, body, call, with_fibers, false, 0, {}};
  const auto count = std::uint64_t{threads.x} * threads.y * threads.z;
  if (count == 0 || count > kMostThreads || threads.z > 64) {
    refuse("a block of " + written(threads) + " threads; 1 to 1024 are possible, at most 64 in z");
  }
  if (grid.x > 0x7fffffffu || grid.y > 0xffffu || grid.z > 0xffffu) {
    refuse("a grid of " + written(grid) + " blocks; at most (2147483647, 65535, 65535)");
  }
  if (shared_bytes > kMostShared) {
    refuse(std::to_string(shared_bytes) + " bytes of shared memory; at most 232448");
  }
  running.grid = grid;
  running.threads = threads;
}

void finish() {
  const std::size_t bytes = overrun_block();
  if (bytes != 0) refuse("a write beyond the end of " + std::to_string(bytes) + " bytes of memory");
}

template <class Visit>
void for_each_index(dim3 size, const Visit& visit) {
  const auto count = std::uint64_t{size.x} * size.y * size.z;
  for (std::uint64_t turn = 0; turn < count; ++turn) {
    const std::uint64_t k = current_order == Order::forward ? turn : count - 1 - turn;
    const std::uint64_t rest = k / size.x;
    visit(k, dim3(static_cast<unsigned>(k % size.x), static_cast<unsigned>(rest % size.y),
                  static_cast<unsigned>(rest / size.y)));
  }
}

}  // namespace

void wait_for_block() {
  if (!now.fibers) fail("a barrier in a kernel that FEMCRUST_LAUNCH_FREE launched");
  const int threads = static_cast<int>(running.threads.x * running.threads.y * running.threads.z);
  if (++now.arrived < threads) {
    lanes[running.number].waits = Waits::for_block;
    fibers[running.number].pause();
    return;
  }
  now.arrived = 0;
  for (int k = 0; k < threads; ++k) lanes[k].waits = Waits::no;
}

std::uint64_t exchanged(unsigned mask, Exchange exchange, std::uint64_t value, int source) {
  if (!now.fibers) fail("a warp operation in a kernel that FEMCRUST_LAUNCH_FREE launched");
  const int number = running.number, own = number % kLanes;
  Lane* const warp = lanes + (number - own);
  if (!(mask >> own & 1u)) fail("a warp operation whose mask lacks the thread that calls it");
  Lane& lane = warp[own];
  lane = {Waits::for_warp, true, mask, exchange, value, 0, source};
  if (complete(warp, mask, exchange, own)) {
    release(warp, mask, exchange);
  } else {
    fibers[number].pause();
  }
  return lane.result;
}

void fail(const char* what) {
  now.failure =
      "thread " + written(running.thread) + " of block " + written(running.block) + ": " + what;
  if (!now.inside) refuse(now.failure);
  fibers[running.number].pause();
  std::abort();  // a failed launch is never resumed
}

void run_blocks(const LaunchSite& site, dim3 grid, dim3 threads, std::size_t shared_bytes,
                Body body, const void* call) {
  const std::lock_guard<std::mutex> lock(one_at_a_time);
  begin(site, grid, threads, shared_bytes, body, call, true);
  const int count = static_cast<int>(threads.x * threads.y * threads.z);
  while (static_cast<int>(fibers.size()) < count) fibers.emplace_back();
  for (int k = 0; k < count; ++k) fibers[k].prepare(run_thread);
  for_each_index(threads, [](std::uint64_t k, dim3 index) { index_of[k] = index; });
  const DynamicShared dynamic_shared(shared_bytes);
  StaticShared static_shared;
  running.dynamic_shared = dynamic_shared.begin();
  bool first = true;
  for_each_index(grid, [&](std::uint64_t, dim3 block) {
    running.block = block;
    dynamic_shared.poison();
    static_shared.poison();
    run_block(count);
    if (dynamic_shared.overrun()) refuse("a write beyond the end of dynamic shared memory");
    if (first) static_shared.find_written();
    first = false;
  });
  finish();
}

void run_free(const LaunchSite& site, dim3 grid, dim3 threads, std::size_t shared_bytes, Body body,
              const void* call) {
  const std::lock_guard<std::mutex> lock(one_at_a_time);
  begin(site, grid, threads, shared_bytes, body, call, false);
  running.dynamic_shared = nullptr;
  for_each_index(grid, [&](std::uint64_t, dim3 block) {
    running.block = block;
    for_each_index(threads, [&](std::uint64_t k, dim3 index) {
      running.thread = index;
      running.number = static_cast<int>(k);
      body(call);
    });
  });
  finish();
}

Order order() {
  return current_order;
}
void set_order(Order order) {
  current_order = order;
}

}  // namespace femcrust::emulator
