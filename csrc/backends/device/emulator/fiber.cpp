#include "backends/device/emulator/fiber.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <new>

#include "backends/device/emulator/change_stack.hpp"
#include "backends/device/emulator/watched_stacks.hpp"

namespace femcrust::emulator {
namespace {

std::size_t page() {
  static const auto bytes = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  return bytes;
}

}  // namespace

Stack::Stack() {
  void* const memory = mmap(nullptr, kStack + page(), PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  base_ = static_cast<char*>(memory);
  if (mprotect(base_, page(), PROT_NONE) != 0) {
    munmap(base_, kStack + page());
    throw std::bad_alloc();
  }
}

Stack::~Stack() {
  forget_frames(bottom(), size());
  munmap(base_, kStack + page());
}

char* Stack::bottom() const {
  return base_ + page();
}
std::size_t Stack::size() const {
  return kStack;
}

struct Fiber::Sides {
  Stack stack;
  Side fiber, scheduler;
  WatchedChange watched;
  void (*entry)();
};

namespace {
Fiber* resumed;  // the fiber that runs
}

Fiber::Fiber() : sides_(std::make_unique<Sides>()) {}
Fiber::~Fiber() = default;
Fiber::Fiber(Fiber&&) noexcept = default;

void Fiber::prepare(void (*entry)()) {
  forget_frames(sides_->stack.bottom(), sides_->stack.size());
  sides_->entry = entry;
  prepare_side(sides_->fiber, sides_->stack.bottom(), sides_->stack.size(), start);
}

void Fiber::start() {
  resumed->sides_->watched.arrive_first();
  resumed->sides_->entry();
}

void Fiber::resume() {
  resumed = this;
  sides_->watched.leave_scheduler(sides_->stack.bottom(), sides_->stack.size());
  change_side(sides_->scheduler, sides_->fiber);
  sides_->watched.arrive_in_scheduler();
}

void Fiber::pause() {
  sides_->watched.leave_fiber();
  change_side(sides_->fiber, sides_->scheduler);
  sides_->watched.arrive_in_fiber();
}

}  // namespace femcrust::emulator
