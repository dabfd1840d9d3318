/// What a device offers besides kernels: which there are, memory on one, copies, time.
///
/// A table of functions, so that nothing above needs a header of CUDA. One device is chosen for the
/// whole process, the first unless choose() says otherwise; all work goes on its one stream, in
/// order. Failures throw DeviceError.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

namespace femcrust {

struct DeviceProperties {
  std::string name;
  int compute_major, compute_minor;
  int multiprocessors;
  std::size_t shared_bytes;  // of one block, at most
  std::size_t cache_bytes;   // of the second level
};

struct DeviceMemory {
  std::size_t total, free;
  std::size_t held;        // by allocate(), now
  std::size_t most_held;   // since forget_most() was called, or the start
  std::int64_t allocated;  // calls of allocate() so far
};

/// Version as CUDA counts: 1000 major + 10 minor; 0 where there is none.
struct DeviceVersions {
  int driver, runtime;
};

struct DeviceRuntime {
  /// How many devices can be chosen; where none can, *why says what is missing.
  int (*devices)(std::string* why);
  void (*choose)(int device);
  int (*chosen)();
  DeviceProperties (*properties)(int device);
  DeviceVersions (*versions)();
  DeviceMemory (*memory)();  // of the chosen device
  void (*forget_most)();     // most_held counts anew

  void* (*allocate)(std::size_t bytes);
  void (*release)(void* memory, std::size_t bytes) noexcept;  // after the work that uses it
  void (*fill_zero)(void* memory, std::size_t bytes);
  void (*copy)(void* to, const void* from, std::size_t bytes);  // on the device
  void (*copy_in)(void* to, const void* from_host, std::size_t bytes);
  void (*copy_out)(void* to_host, const void* from, std::size_t bytes);  // the host has it then
  void (*synchronize)();
  std::int64_t (*allocations)();  // calls of allocate() so far

  /// Memory that messages between ranks go from and come to: on the device by an address that other
  /// processes may map, which that of allocate() is not, and on the host where copies are fastest.
  void* (*allocate_message)(std::size_t bytes);
  void (*release_message)(void* memory, std::size_t bytes) noexcept;
  void* (*allocate_pinned)(std::size_t bytes);
  void (*release_pinned)(void* memory) noexcept;

  /// A point in the stream; seconds() waits for both points, forget() gives one back.
  void* (*mark)();
  double (*seconds)(void* from, void* to);
  void (*forget)(void* mark) noexcept;

  /// Bytes read and written per second by a copy on the device: the median of `turns`.
  double (*copy_bandwidth)(std::size_t bytes, int turns);
};

namespace cuda {
extern const DeviceRuntime device_runtime;
}
namespace emulated {
extern const DeviceRuntime device_runtime;
}

}  // namespace femcrust
