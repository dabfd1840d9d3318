#include "bindings/backend.hpp"
#include "operators/elastic_ebe_cuda.hpp"
// The product above stands before the bindings that use it.
#include "bindings/bind.hpp"

void femcrust::bind_cuda(pybind11::module_& m) { femcrust::bind<femcrust::Cuda>(m); }
