/// Which kernels a device uses where there are several, and what it leaves to the host, for tests
/// and measurements.
#pragma once
#include <pybind11/stl.h>

#include "aggregation/device_hierarchy.hpp"
#include "operators/element_choice.hpp"
#include "preconditioners/cluster_choice.hpp"

namespace femcrust {

/// set_product("mma2") and the like hold for what is made from then on; "auto" is the table of the
/// card. products() and cluster_methods() name what serves 1, 4, 8 and 16 columns.
inline void bind_kernel_choices(pybind11::module_& m) {
  m.def("set_product", [](const std::string& name) { element_choice().ask_for(name); });
  m.def("products", [] { return element_choice().names(); });
  m.def("set_clusters", [](const std::string& name) { cluster_choice().ask_for(name); });
  m.def("cluster_methods", [] { return cluster_choice().names(); });
  m.def("rows_for_host", [] { return rows_for_host(); });
  m.def("set_rows_for_host", [](Index rows) { rows_for_host() = rows; });
}

}  // namespace femcrust
