#include "bindings/backend.hpp"
#include "bindings/bind.hpp"

void femcrust::bind_cpu(pybind11::module_& m) {
  femcrust::bind<femcrust::Cpu>(m);
}
