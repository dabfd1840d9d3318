/// An array of the host on a device for as long as a test needs it.
#pragma once
#include <cstddef>

#include "backends/device_runtime.hpp"

namespace femcrust {

template <class T>
class DeviceCopy {
 public:
  DeviceCopy(const DeviceRuntime& runtime, std::size_t n)
      : runtime_(runtime), bytes_(n * sizeof(T)), data_(runtime.allocate(bytes_)) {}
  DeviceCopy(const DeviceRuntime& runtime, const T* values, std::size_t n)
      : DeviceCopy(runtime, n) {
    runtime_.copy_in(data_, values, bytes_);
  }
  ~DeviceCopy() { runtime_.release(data_, bytes_); }
  DeviceCopy(const DeviceCopy&) = delete;
  DeviceCopy& operator=(const DeviceCopy&) = delete;

  T* data() { return static_cast<T*>(data_); }
  void zero() { runtime_.fill_zero(data_, bytes_); }
  void to_host(T* values) const { runtime_.copy_out(values, data_, bytes_); }

 private:
  const DeviceRuntime& runtime_;
  std::size_t bytes_;
  void* data_;
};

}  // namespace femcrust
