/// Shared memory of a block: every byte of it is 0xff when a block starts, NaN as a number, so that
/// a read of what no thread wrote shows.
#pragma once
#include <cstddef>
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

}  // namespace femcrust::emulator
