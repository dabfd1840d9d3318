/// The two backends, each compiled in a file of its own.
#pragma once
#include <pybind11/pybind11.h>

namespace femcrust {

void bind_cpu(pybind11::module_& m);
void bind_cuda(pybind11::module_& m);
void bind_device(pybind11::module_& m);  // arrays in its memory, and what it is

}  // namespace femcrust
