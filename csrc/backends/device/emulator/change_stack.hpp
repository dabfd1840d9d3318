/// Leaves one stack for another: a few instructions on x86-64, which are ten times faster than
/// ucontext, which serves everywhere else (and with FEMCRUST_UCONTEXT).
#pragma once
#include <cstddef>

#if !defined(__x86_64__) || defined(FEMCRUST_UCONTEXT)
#include <ucontext.h>

namespace femcrust::emulator {

using Side = ucontext_t;

inline void prepare_side(Side& side, char* bottom, std::size_t size, void (*entry)()) {
  getcontext(&side);
  side.uc_stack.ss_sp = bottom;
  side.uc_stack.ss_size = size;
  side.uc_link = nullptr;
  makecontext(&side, entry, 0);
}

inline void change_side(Side& from, Side& to) {
  swapcontext(&from, &to);
}

}  // namespace femcrust::emulator

#else

/// Keeps the registers that a call preserves and the stack pointer in *kept, takes those of
/// `wanted`.
extern "C" void femcrust_change_stack(void** kept, void* wanted)
    __attribute__((visibility("hidden")));

namespace femcrust::emulator {

using Side = void*;  // stack pointer

inline void prepare_side(Side& side, char* bottom, std::size_t size, void (*entry)()) {
  constexpr int kRegisters = 6;
  void** top = reinterpret_cast<void**>(bottom + size);
  *--top = nullptr;  // where the entry would return to; it finds the stack 8 modulo 16
  *--top = reinterpret_cast<void*>(entry);
  for (int k = 0; k < kRegisters; ++k) *--top = nullptr;
  side = top;
}

inline void change_side(Side& from, Side& to) {
  femcrust_change_stack(&from, to);
}

}  // namespace femcrust::emulator

#endif
