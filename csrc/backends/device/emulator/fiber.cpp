#include "backends/device/emulator/fiber.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <new>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/common_interface_defs.h>
#endif
#ifndef __x86_64__
#include <ucontext.h>
#endif

namespace femcrust::emulator {
namespace {

#ifdef __SANITIZE_ADDRESS__
constexpr std::size_t kStack = 256 * 1024;  // its frames are larger
#else
constexpr std::size_t kStack = 64 * 1024;
#endif

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
  if (base_ != nullptr) munmap(base_, kStack + page());
}

char* Stack::bottom() const {
  return base_ + page();
}
std::size_t Stack::size() const {
  return kStack;
}

#ifdef __x86_64__

struct Context {
  void* fiber;  // stack pointers
  void* scheduler;
#ifdef __SANITIZE_ADDRESS__
  const void* scheduler_bottom;
  std::size_t scheduler_size;
#endif
};

/// Keeps the callee-saved registers and the stack pointer in *kept, and takes those of `wanted`.
extern "C" void femcrust_change_stack(void** kept, void* wanted);
asm(R"(
.text
.p2align 4
.globl femcrust_change_stack
.hidden femcrust_change_stack
.type femcrust_change_stack, @function
femcrust_change_stack:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size femcrust_change_stack, .-femcrust_change_stack
)");

void Fiber::prepare(void (*entry)()) {
  constexpr int kRegisters = 6;
  void** top = reinterpret_cast<void**>(stack_.bottom() + stack_.size());
  *--top = nullptr;  // where the entry would return to; it finds the stack 8 modulo 16
  *--top = reinterpret_cast<void*>(entry);
  for (int k = 0; k < kRegisters; ++k) *--top = nullptr;
  context_->fiber = top;
}

#else

struct Context {
  ucontext_t fiber, scheduler;
};

void Fiber::prepare(void (*entry)()) {
  getcontext(&context_->fiber);
  context_->fiber.uc_stack.ss_sp = stack_.bottom();
  context_->fiber.uc_stack.ss_size = stack_.size();
  context_->fiber.uc_link = nullptr;
  makecontext(&context_->fiber, entry, 0);
}

#endif

Fiber::Fiber() : context_(new Context) {}
Fiber::~Fiber() {
  delete context_;
}
Fiber::Fiber(Fiber&& other) noexcept : stack_(std::move(other.stack_)), context_(other.context_) {
  other.context_ = nullptr;
}

void Fiber::resume() {
#ifdef __x86_64__
  femcrust_change_stack(&context_->scheduler, context_->fiber);
#else
  swapcontext(&context_->scheduler, &context_->fiber);
#endif
}

void Fiber::pause() {
#ifdef __x86_64__
  femcrust_change_stack(&context_->fiber, context_->scheduler);
#else
  swapcontext(&context_->fiber, &context_->scheduler);
#endif
}

}  // namespace femcrust::emulator
