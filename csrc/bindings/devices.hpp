/// What Python sees of devices: which there are, their memory, their bandwidth.
#pragma once
#include "backends/device_runtime.hpp"
#include "backends/device_times.hpp"
#include "bindings/arrays.hpp"

namespace femcrust {

/// `runtime()` is asked at every call.
template <class Runtime>
void bind_runtime(py::module_& m, const Runtime& runtime) {
  m.def("devices", [runtime] {
    std::string why;
    const int count = runtime().devices(&why);
    return py::make_tuple(count, why);
  });
  m.def("choose", [runtime](int device) { runtime().choose(device); });
  m.def("chosen", [runtime] { return runtime().chosen(); });
  m.def("properties", [runtime](int device) {
    const DeviceProperties found = runtime().properties(device);
    return py::dict(
        py::arg("name") = found.name, py::arg("major") = found.compute_major,
        py::arg("minor") = found.compute_minor, py::arg("multiprocessors") = found.multiprocessors,
        py::arg("shared_bytes") = found.shared_bytes, py::arg("cache_bytes") = found.cache_bytes);
  });
  m.def("memory", [runtime] {
    const DeviceMemory found = runtime().memory();
    return py::dict(py::arg("total") = found.total, py::arg("free") = found.free,
                    py::arg("held") = found.held, py::arg("most_held") = found.most_held,
                    py::arg("allocated") = found.allocated);
  });
  m.def("forget_most", [runtime] { runtime().forget_most(); });
  m.def("versions", [runtime] {
    const DeviceVersions found = runtime().versions();
    return py::make_tuple(found.driver, found.runtime);
  });
  m.def(
      "copy_bandwidth",
      [runtime](std::size_t bytes, int turns) { return runtime().copy_bandwidth(bytes, turns); },
      py::arg("bytes"), py::arg("turns"));
  m.def("synchronize", [runtime] { runtime().synchronize(); });
}

/// Times of launches between start_times() and stop_times(): (kernel, launches, seconds).
template <class Times>
void bind_times(py::module_& m, const Times& times) {
  m.def("start_times", [times] { times().start(); });
  m.def("stop_times", [times] {
    py::list found;
    for (const LaunchTime& time : times().stop())
      found.append(py::make_tuple(time.kernel, time.launches, time.seconds));
    return found;
  });
}

}  // namespace femcrust
