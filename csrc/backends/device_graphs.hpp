/// A run of launches recorded once and replayed as one: where levels are small, launches take
/// longer than their work.
#pragma once

namespace femcrust {

struct DeviceGraphs {
  /// From here on launches of this thread are recorded and not run; false where this device cannot.
  bool (*begin)();
  void* (*end)();  // what was recorded
  void (*cancel)() noexcept;
  void (*replay)(void* graph);
  void (*forget)(void* graph) noexcept;
};

namespace cuda {
extern const DeviceGraphs device_graphs;
}
namespace emulated {
extern const DeviceGraphs device_graphs;
}

}  // namespace femcrust
