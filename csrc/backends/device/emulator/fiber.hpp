/// Fibers: stacks of their own, between which one operating-system thread changes at will.
#pragma once
#include <cstddef>
#include <vector>

namespace femcrust::emulator {

/// Memory for one fiber, with a page below that nobody may touch: running over ends the program
/// there, not somewhere else later.
class Stack {
 public:
  Stack();
  ~Stack();
  Stack(Stack&& other) noexcept : base_(other.base_) { other.base_ = nullptr; }
  Stack& operator=(Stack&&) = delete;
  char* bottom() const;
  std::size_t size() const;

 private:
  char* base_;
};

struct Context;  // what one side keeps while the other runs

/// One fiber and the place that resumes it.
class Fiber {
 public:
  Fiber();
  ~Fiber();
  Fiber(Fiber&& other) noexcept;
  Fiber& operator=(Fiber&&) = delete;

  /// The next resume() calls entry(), which never returns.
  void prepare(void (*entry)());
  void resume();  // from the scheduler: run until pause()
  void pause();   // from the fiber: back to the scheduler

 private:
  Stack stack_;
  Context* context_;
};

}  // namespace femcrust::emulator
