#include "backends/device/emulator/change_stack.hpp"

#if defined(__x86_64__) && !defined(FEMCRUST_UCONTEXT)
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
#endif
