/// Fibers: stacks of their own, between which one thread of the operating system changes at will.
#pragma once
#include <cstddef>
#include <memory>

namespace femcrust::emulator {

/// Memory for one fiber, with a page below that nobody may touch: running over ends the program
/// there, not somewhere else later.
class Stack {
 public:
  Stack();
  ~Stack();
  Stack(const Stack&) = delete;
  Stack& operator=(const Stack&) = delete;
  char* bottom() const;
  std::size_t size() const;

 private:
  char* base_;
};

/// One fiber and the place that resumes it.
class Fiber {
 public:
  Fiber();
  ~Fiber();
  Fiber(Fiber&&) noexcept;
  Fiber& operator=(Fiber&&) = delete;

  /// The next resume() calls entry(), which never returns. What ran here before is forgotten.
  void prepare(void (*entry)());
  void resume();  // by the scheduler: runs until pause()
  void pause();   // by the fiber: back to the scheduler

 private:
  struct Sides;
  static void start();
  std::unique_ptr<Sides> sides_;
};

}  // namespace femcrust::emulator
