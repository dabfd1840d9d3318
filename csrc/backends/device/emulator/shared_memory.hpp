/// Shared memory of a block: every byte of it is 0xff when a block starts, NaN as a number, so that
/// a read of what no thread wrote shows.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>

namespace femcrust::emulator {

constexpr int kPoison = 0xff;

/// What a launch asks for, and some bytes beyond that no thread may write.
class DynamicShared {
 public:
  explicit DynamicShared(std::size_t bytes)
      : bytes_(bytes),
        memory_(static_cast<unsigned char*>(::operator new(bytes + kBeyond, kAlignment))) {}
  ~DynamicShared() { ::operator delete(memory_, kAlignment); }
  DynamicShared(const DynamicShared&) = delete;
  DynamicShared& operator=(const DynamicShared&) = delete;

  unsigned char* begin() const { return memory_; }
  void poison() const { std::memset(memory_, kPoison, bytes_ + kBeyond); }
  bool overrun() const {
    for (std::size_t k = 0; k < kBeyond; ++k) {
      if (memory_[bytes_ + k] != kPoison) return true;
    }
    return false;
  }

 private:
  static constexpr std::size_t kBeyond = 256;
  static constexpr std::align_val_t kAlignment{128};
  std::size_t bytes_;
  unsigned char* memory_;
};

/// The __shared__ variables of all kernels, where shared.ld has gathered them; nothing where the
/// linker did not. There are many, so that only what a launch is seen to write is filled again.
class StaticShared {
 public:
  StaticShared();   // all is poison
  ~StaticShared();  // and again
  StaticShared(const StaticShared&) = delete;
  StaticShared& operator=(const StaticShared&) = delete;

  void find_written();  // after the first block
  void poison() const;

 private:
  std::uint64_t* first_ = nullptr;
  std::uint64_t* last_ = nullptr;  // beyond what was written
};

}  // namespace femcrust::emulator
