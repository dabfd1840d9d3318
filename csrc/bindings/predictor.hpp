/// Predictions of the next solution of a flow, in Python. No maths here.
#pragma once
#include "bindings/arrays.hpp"
#include "timestepping/predictor.hpp"

namespace femcrust {

inline void bind_predictor(py::module_& m) {
  using Values = Dense<double>;
  const auto checked = [](const Predictor& predictor, const Values& u) {
    require(static_cast<std::size_t>(u.size()) == predictor.size(), "u: wrong size");
    return u.data();
  };
  py::class_<Predictor>(m, "Predictor")
      .def(py::init<std::size_t, std::size_t, int>(), py::arg("n_values"), py::arg("piece"),
           py::arg("pairs"))
      .def("learn",
           [checked](Predictor& predictor, const Values& before, const Values& after) {
             predictor.learn(checked(predictor, before), checked(predictor, after));
           })
      .def("interrupt", &Predictor::interrupt)
      .def("forget", &Predictor::forget)
      .def("predict",
           [checked](const Predictor& predictor, const Values& last) {
             py::array_t<double> out(
                 std::vector<py::ssize_t>(last.shape(), last.shape() + last.ndim()));
             predictor.predict(checked(predictor, last), out.mutable_data());
             return out;
           })
      .def_property_readonly("pairs", &Predictor::pairs)
      .def_property_readonly("bytes", &Predictor::bytes);
}

}  // namespace femcrust
