/// A device's runtime and its small kernels, for the tests: the same face for CUDA and for the host
/// that emulates it.
#pragma once
#include <pybind11/stl.h>

#include "backends/device/emulator/block.hpp"
#include "backends/device/emulator/faults.hpp"
#include "backends/device/self_test.hpp"
#include "bindings/devices.hpp"
#include "bindings/testing_device.hpp"

namespace femcrust {

inline void bind_transfer(py::module_& m, const DeviceRuntime& runtime) {
  const DeviceRuntime* const r = &runtime;
  /// In, across the device, and out; `skipped` bytes more than there are must be refused.
  m.def("there_and_back", [r](const Dense<double>& values, std::size_t beyond) {
    const auto bytes = static_cast<std::size_t>(values.nbytes());
    void* const one = r->allocate(bytes);
    void* const other = r->allocate(bytes);
    py::array_t<double> out(values.size());
    try {
      r->copy_in(one, values.data(), bytes);
      r->fill_zero(other, bytes);
      r->copy(other, one, bytes + beyond);
      r->copy_out(out.mutable_data(), other, bytes);
    } catch (...) {
      r->release(one, bytes);
      r->release(other, bytes);
      throw;
    }
    r->release(one, bytes);
    r->release(other, bytes);
    return out;
  });
}

inline void bind_self_test(py::module_& m, const DeviceSelfTest& tests,
                           const MatrixSelfTest& matrices) {
  const DeviceSelfTest* const t = &tests;
  m.def("sum", [t](const Dense<double>& x, Index threads) {
    return t->sum(x.data(), static_cast<Index>(x.size()), threads);
  });
  m.def("count", [t](const Dense<int>& bins, Index n_bins) {
    py::array_t<int> counts(n_bins);
    double weight = 0;
    int largest = 0;
    t->count(bins.data(), static_cast<Index>(bins.size()), n_bins, counts.mutable_data(), &weight,
             &largest);
    return py::make_tuple(counts, weight, largest);
  });
  m.def("reverse", [t](const Dense<double>& x, Index threads) {
    py::array_t<double> y(x.size());
    t->reverse(x.data(), static_cast<Index>(x.size()), threads, y.mutable_data());
    return y;
  });
  m.def("exchange", [t](const Dense<int>& values) {
    require_shape(values, {32}, "values");
    py::array_t<double> out({8, 32});
    t->exchange(values.data(), out.mutable_data());
    return out;
  });
  m.def("unwritten", [t] {
    py::array_t<float> out({2, 32});
    t->unwritten(out.mutable_data());
    return out;
  });
  m.def("product", [&matrices](const Dense<float>& a, const Dense<float>& b) {
    const py::ssize_t n = a.shape(0);
    require(n % 16 == 0, "a: the size is no multiple of 16");
    require_shape(a, {n, n}, "a");
    require_shape(b, {n, n}, "b");
    py::array_t<float> c({n, n});
    matrices.product(static_cast<Index>(n), a.data(), b.data(), c.mutable_data());
    return c;
  });
}

inline void bind_device(py::module_ m, const DeviceRuntime& runtime, const DeviceSelfTest& tests,
                        const MatrixSelfTest& matrices) {
  bind_runtime(m, [r = &runtime]() -> const DeviceRuntime& { return *r; });
  bind_transfer(m, runtime);
  bind_self_test(m, tests, matrices);
}

inline void bind_device_testing(py::module_& m) {
  bind_device_layout(m);
#ifdef FEMCRUST_HAS_CUDA
  bind_device(m.def_submodule("cuda"), cuda::device_runtime, cuda::self_test,
              cuda::matrix_self_test);
  bind_device_ebe(m.attr("cuda"), cuda::device_runtime, cuda::ebe_kernels, cuda::ebe_mma_kernels,
                  cuda::vertex_field_kernels);
#endif
#ifdef FEMCRUST_HAS_EMULATOR
  py::module_ device = m.def_submodule("emulated");
  bind_device(device, emulated::device_runtime, emulated::self_test, emulated::matrix_self_test);
  bind_device_ebe(device, emulated::device_runtime, emulated::ebe_kernels,
                  emulated::ebe_mma_kernels, emulated::vertex_field_kernels);
  device.def("faults", emulated::fault_names);
  device.def("launch_fault", emulated::launch_fault);
  device.def("reverse_order", [](bool reverse) {
    emulator::set_order(reverse ? emulator::Order::reversed : emulator::Order::forward);
  });
#endif
}

}  // namespace femcrust
