/// Projections of a load on past solutions, in Python. No maths here.
#pragma once
#include "bindings/arrays.hpp"
#include "timestepping/projection.hpp"

namespace femcrust {

inline void bind_projection(py::module_& m) {
  using Values = Dense<double>;
  const auto checked = [](const Projection& projection, const Values& u, const char* name) {
    require(static_cast<std::size_t>(u.size()) == projection.n_values(),
            std::string(name) + ": wrong size");
    return u.data();
  };
  py::class_<Projection>(m, "Projection")
      .def(py::init<std::size_t>(), py::arg("n_values"))
      .def("__len__", &Projection::size)
      .def("forget", &Projection::forget)
      .def("project",
           [checked](const Projection& projection, const Values& load) {
             py::array_t<double> out(
                 std::vector<py::ssize_t>(load.shape(), load.shape() + load.ndim()));
             projection.project(checked(projection, load, "load"), out.mutable_data());
             return out;
           })
      .def("add",
           [checked](Projection& projection, const Values& u, const Values& forces) {
             return projection.add(checked(projection, u, "u"),
                                   checked(projection, forces, "forces"));
           })
      .def_property_readonly("bytes", &Projection::bytes);
}

}  // namespace femcrust
