/// Products, preconditioners and solves on arrays in device memory, nothing copied.
#pragma once
#include "bindings/device_array.hpp"
#include "bindings/solve.hpp"
#include "operators/vertex_fields_cuda.hpp"

namespace femcrust {

inline void find_strain(const OwnedBody<Cuda>& b, const Dense<Index>& listed, const double* u,
                        double* out) {
  const DeviceFields fields(b.view(), *b.product_blocks, listed.data(),
                            static_cast<Index>(listed.size()));
  fields.strain(u, b.n_nodes(), out);
}

inline void find_divergence(const OwnedBody<Cuda>& b, const Dense<Index>& listed,
                            const double* stress, double* f) {
  const DeviceFields fields(b.view(), *b.product_blocks, listed.data(),
                            static_cast<Index>(listed.size()));
  fields.divergence(stress, b.n_nodes(), f);
}

template <>
inline void bind_in_place(py::class_<Problem<Cuda>>& stiffness) {
  stiffness.def("apply", [](const Problem<Cuda>& p, const PythonDeviceArray& u, bool constrained) {
    const int width = width_of(u, p.body->n_nodes(), "u");
    return PythonDeviceArray(applied(p, width, u.values(), constrained), u.shape());
  });
}

template <>
inline void bind_in_place(py::class_<Preconditioner<Cuda>>& preconditioner) {
  preconditioner.def("__call__", [](const Preconditioner<Cuda>& M, const PythonDeviceArray& r) {
    const int width = width_of(r, M.n_nodes, "r");
    return PythonDeviceArray(preconditioned(M, width, r.values()), r.shape());
  });
}

/// The guess becomes the solution, where it lies.
template <>
inline void bind_solve_in_place<Cuda>(py::module_& m) {
  m.def("cg", [](const Problem<Cuda>& p, const Preconditioner<Cuda>& preconditioner,
                 PythonDeviceArray& load, PythonDeviceArray& guess, double tolerance,
                 int max_iterations, bool flexible, const Watch& watch) {
    require(width_of(load, p.body->n_nodes(), "load") == 1, "load: one column in device memory");
    require(guess.shape() == load.shape(), "guess: the shape of load");
    const BorrowedVectors<Cuda> borrowed(preconditioner.vectors, load.values().data(),
                                         guess.values().data(), load.values().size());
    const auto [columns, seconds] =
        solved(p, preconditioner, 1, CgOptions{tolerance, max_iterations, flexible}, watch,
               [](const DeviceArray<double>&) { Cuda::runtime().synchronize(); });
    return py::make_tuple(guess, columns, seconds);
  });
}

}  // namespace femcrust
