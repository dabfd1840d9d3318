/// Tells AddressSanitizer when the stack changes; nothing in other builds.
#pragma once
#include <cstddef>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

namespace femcrust::emulator {

#ifdef __SANITIZE_ADDRESS__

constexpr std::size_t kStack = 256 * 1024;  // its frames are larger

/// An abandoned fiber leaves marks of its frames.
inline void forget_frames(void* bottom, std::size_t size) {
  __asan_unpoison_memory_region(bottom, size);
}

class WatchedChange {
 public:
  void leave_scheduler(const void* bottom, std::size_t size) {
    __sanitizer_start_switch_fiber(&scheduler_, bottom, size);
  }
  void arrive_first() { __sanitizer_finish_switch_fiber(nullptr, &bottom_, &size_); }
  void arrive_in_fiber() { __sanitizer_finish_switch_fiber(fiber_, &bottom_, &size_); }
  void leave_fiber() { __sanitizer_start_switch_fiber(&fiber_, bottom_, size_); }
  void arrive_in_scheduler() { __sanitizer_finish_switch_fiber(scheduler_, nullptr, nullptr); }

 private:
  void *scheduler_ = nullptr, *fiber_ = nullptr;
  const void* bottom_ = nullptr;  // of the scheduler's stack
  std::size_t size_ = 0;
};

#else

constexpr std::size_t kStack = 64 * 1024;

inline void forget_frames(void*, std::size_t) {}

struct WatchedChange {
  void leave_scheduler(const void*, std::size_t) {}
  void arrive_first() {}
  void arrive_in_fiber() {}
  void leave_fiber() {}
  void arrive_in_scheduler() {}
};

#endif

}  // namespace femcrust::emulator
