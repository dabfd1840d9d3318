/// The ranks of a job as the core sees them. Python moves the messages (femcrust/comm.py, by
/// mpi4py), so nothing here needs MPI when it is built.
#pragma once
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace femcrust {

/// Memory that goes to a rank, or comes from one.
struct Message {
  int rank;
  void* data;
  std::size_t bytes;
  bool on_device;
};

/// Messages that go from the same memory to the same ranks again and again.
class Channel {
 public:
  Channel() = default;
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;
  virtual ~Channel() = default;
  virtual void start() = 0;
  virtual void finish() = 0;  // what was sent may change, what was to come is there
};

class Comm {
 public:
  Comm(int rank, int size, bool takes_device)
      : rank_(rank), size_(size), takes_device_(takes_device) {}
  Comm(const Comm&) = delete;
  Comm& operator=(const Comm&) = delete;
  virtual ~Comm() = default;

  int rank() const { return rank_; }
  int size() const { return size_; }
  /// Whether messages may lie in a device's memory.
  bool takes_device() const { return takes_device_; }
  /// Over all ranks, in place, and on all of them the same bits.
  virtual void sum(double* values, std::size_t n) const = 0;
  virtual void largest(double* values, std::size_t n) const = 0;
  virtual std::unique_ptr<Channel> channel(const std::vector<Message>& out,
                                           const std::vector<Message>& in) const = 0;
  /// Bytes to each rank, and those from each. For setup: every rank takes part.
  virtual std::vector<std::string> swap(const std::vector<std::string>& to) const = 0;

 private:
  int rank_, size_;
  bool takes_device_;
};

}  // namespace femcrust
