/// Memory that messages between ranks of devices go from and come to.
#pragma once
#include <memory>

#include "backends/cuda.hpp"

namespace femcrust {

struct MessageRelease {
  std::size_t bytes = 0;
  void operator()(void* memory) const { Cuda::runtime().release_message(memory, bytes); }
};
struct PinnedRelease {
  void operator()(void* memory) const { Cuda::runtime().release_pinned(memory); }
};

/// On the device, at an address that an MPI can hand to other processes.
class MessageMemory {
 public:
  MessageMemory() = default;
  explicit MessageMemory(std::size_t bytes)
      : bytes_(bytes), data_(Cuda::runtime().allocate_message(bytes), MessageRelease{bytes}) {}
  void* data() const { return data_.get(); }
  std::size_t bytes() const { return bytes_; }

 private:
  std::size_t bytes_ = 0;
  std::unique_ptr<void, MessageRelease> data_;
};

/// On the host, locked in its place, so that the device copies from and to it at full speed.
class PinnedMemory {
 public:
  PinnedMemory() = default;
  explicit PinnedMemory(std::size_t bytes) : data_(Cuda::runtime().allocate_pinned(bytes)) {}
  void* data() const { return data_.get(); }

 private:
  std::unique_ptr<void, PinnedRelease> data_;
};

}  // namespace femcrust
