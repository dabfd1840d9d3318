// femcrust._core: one submodule for each backend, and what the build holds.
#include <pybind11/pybind11.h>

#include <cstdlib>
#include <string>

#include "backends/cuda.hpp"
#include "bindings/backend.hpp"
#include "bindings/comm.hpp"
#include "bindings/mesh.hpp"
#include "bindings/peak.hpp"
#include "bindings/predictor.hpp"
#include "bindings/projection.hpp"
#include "bindings/testing.hpp"
#include "core/last_words.hpp"

namespace {

#ifdef FEMCRUST_HAS_CUDA
constexpr bool kHasCuda = true;
#else
constexpr bool kHasCuda = false;
#endif
#ifdef FEMCRUST_HAS_EMULATOR
constexpr bool kHasEmulator = true;
#else
constexpr bool kHasEmulator = false;
#endif

std::string best_instruction_set() {
#ifdef FEMCRUST_X86
  __builtin_cpu_init();
  if (__builtin_cpu_supports("x86-64-v4")) return "v4";
  if (__builtin_cpu_supports("x86-64-v3")) return "v3";
#endif
  return "v2";
}

/// FEMCRUST_ISA may ask for less than the machine has, for tests; never for more.
std::string chosen_instruction_set() {
  const std::string best = best_instruction_set();
  const char* const asked = std::getenv("FEMCRUST_ISA");
  if (asked == nullptr) return best;
  const std::string name = asked;
  if ((name == "v2" || name == "v3" || name == "v4") && name <= best) return name;
  throw femcrust::ArgumentError("FEMCRUST_ISA: '" + name + "' is none of v2 … " + best);
}

}  // namespace

PYBIND11_MODULE(_core, m) {
  pybind11::register_exception<femcrust::ArgumentError>(m, "ArgumentError", PyExc_ValueError);
  // A device that refuses is no bug of ours: the command ends with the status of a DeviceError.
  const pybind11::object errors = pybind11::module_::import("femcrust.errors");
  pybind11::register_exception<femcrust::DeviceError>(m, "DeviceError", errors.attr("DeviceError"));
  femcrust::LastWords::prepare();
  femcrust::Cpu::choose(chosen_instruction_set());
  m.attr("has_cuda") = kHasCuda;
  m.attr("has_emulator") = kHasEmulator;
  m.attr("instruction_set") = femcrust::Cpu::instruction_set();
  m.def("threads", [] { return omp_get_max_threads(); });
  m.def("allocations", [] { return femcrust::allocations.load(); });
  m.def("set_threads", [](int n) { omp_set_num_threads(n); });
  femcrust::bind_mesh(m);
  femcrust::bind_predictor(m);
  femcrust::bind_projection(m);
  femcrust::bind_comm(m);
  pybind11::module_ cpu = m.def_submodule("cpu", "the CPU backend");
  femcrust::bind_cpu(cpu);
#if defined(FEMCRUST_HAS_CUDA) || defined(FEMCRUST_HAS_EMULATOR)
  femcrust::Cuda::emulate(!kHasCuda);
  pybind11::module_ cuda = m.def_submodule("cuda", "the CUDA backend");
  femcrust::bind_cuda(cuda);
  pybind11::module_ device = m.def_submodule("device", "devices and their memory");
  femcrust::bind_device(device);
  device.def("emulate", [](bool yes) {
    femcrust::require(yes ? kHasEmulator : kHasCuda, "device: not in this build");
    femcrust::Cuda::emulate(yes);
  });
#endif
  pybind11::module_ peak = m.def_submodule("peak", "what this machine can do at most");
  femcrust::bind_peak(peak);
  pybind11::module_ testing = m.def_submodule("testing", "small pieces, for the tests");
  femcrust::bind_testing(testing);
}
