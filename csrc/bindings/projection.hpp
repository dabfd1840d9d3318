/// Projections of a load on past solutions, in Python. No maths here.
#pragma once
#include <pybind11/stl.h>

#include <utility>
#include <vector>

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
      .def(py::init([](std::size_t n_values) {
             return std::make_unique<Projection>(n_values, nullptr);
           }),
           py::arg("n_values"))
      .def(py::init<std::size_t, std::shared_ptr<const Halo>>(), py::arg("n_values"),
           py::arg("halo"))
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
      .def(
          "state",
          [](const py::object& self) {
            const auto& projection = self.cast<const Projection&>();
            py::list basis;  // in the memory of the projection
            for (const Array<double>& x : projection.basis())
              basis.append(py::array_t<double>(static_cast<py::ssize_t>(x.size()), x.data(), self));
            return py::make_tuple(basis, projection.gram());
          })
      .def("set_state",
           [](Projection& projection, const std::vector<Dense<double>>& basis,
              std::vector<std::vector<double>> gram) {
             require(basis.size() == gram.size(), "basis: wrong size");
             projection.forget();
             for (std::size_t i = 0; i < basis.size(); ++i)
               projection.give(to_array(basis[i]), std::move(gram[i]));
           })
      .def_property_readonly("n_values", &Projection::n_values)
      .def_property_readonly("bytes", &Projection::bytes);
}

}  // namespace femcrust
