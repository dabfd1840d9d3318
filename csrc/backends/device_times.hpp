/// How long launches take, kernel by kernel, while someone asks: where the time of a solve goes.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace femcrust {

struct LaunchTime {
  std::string kernel;  // and what its template stands for
  std::int64_t launches;
  double seconds;  // of all of them, on the device
};

/// One at a time. Meanwhile nothing is recorded or replayed (device_graphs.hpp): each launch is
/// one.
struct DeviceTimes {
  void (*start)();
  bool (*running)();
  std::vector<LaunchTime> (*stop)();  // the longest first
};

namespace cuda {
extern const DeviceTimes device_times;
}
namespace emulated {
extern const DeviceTimes device_times;
}

}  // namespace femcrust
