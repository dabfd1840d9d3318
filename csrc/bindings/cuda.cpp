#include "bindings/backend.hpp"
#include "operators/elastic_ebe_cuda.hpp"
// What is special to devices stands before the bindings that use it.
#include "bindings/device_solve.hpp"
#include "bindings/devices.hpp"
#include "bindings/kernel_choices.hpp"

#include "bindings/bind.hpp"
#include "bindings/device_setup.hpp"
#include "bindings/multigrid_cuda.hpp"
#include "timestepping/tet_flow_cuda.hpp"

void femcrust::bind_cuda(pybind11::module_& m) {
  femcrust::bind<femcrust::Cuda>(m);
  bind_device_setup(m.attr("aggregation").cast<py::module_>().def_submodule("device"));
}

void femcrust::bind_device(pybind11::module_& m) {
  femcrust::bind_runtime(
      m, []() -> const femcrust::DeviceRuntime& { return femcrust::Cuda::runtime(); });
  femcrust::bind_times(m, []() -> const femcrust::DeviceTimes& { return femcrust::Cuda::times(); });
  femcrust::bind_device_array(m);
  femcrust::bind_kernel_choices(m);
}
