/// The setup on a device piece by piece, for tests. No maths here.
#pragma once
#include <pybind11/stl.h>

#include "bindings/aggregation.hpp"
#include "bindings/multigrid_cuda.hpp"

namespace femcrust {

template <class T>
py::array fetched_blocks(const DeviceArray<T>& values, py::ssize_t each) {
  return fetched<Cuda>(values, {static_cast<py::ssize_t>(values.size()) / each, each});
}

template <class T>
py::tuple device_pieces(const Problem<Cuda>& p, const Dense<Index>& edges, const RowArrays& surface,
                        double unit) {
  const Index n = p.body->n_vertices;
  const Stiffness<T, Cuda> fine = p.template in_precision<T>(unit);
  const EdgeTransfer<Cuda> transfer(edges.data(), static_cast<Index>(edges.shape(0)), n);
  const BodyForSums<T> body(fine.elements());
  const DeviceCsr<T> level = linear_level<T>(body, transfer.graph(), unit, surface_view(surface),
                                             HeldVertices(p.constraints, n));
  const DeviceArray<T> inverse = inverse_diagonal(level);
  return py::make_tuple(
      fetched_blocks(inverse_diagonal<T>(body, unit, p.surface, p.constraints), 6),
      arrays_of(level.to_host()), fetched_blocks(inverse, 6),
      largest_eigenvalue(Cuda(), level, inverse));
}

inline void bind_device_setup(py::module_ m) {
  m.def("pieces", [](const Problem<Cuda>& p, const Dense<Index>& edges, const RowArrays& surface,
                     double unit, bool single) {
    return single ? device_pieces<float>(p, edges, surface, unit)
                  : device_pieces<double>(p, edges, surface, unit);
  });
  m.def("level_diagonal", [](const MatrixArrays& matrix) {
    const auto a = DeviceCsr<double>::from_host(matrix_of<double>(matrix));
    const DeviceArray<double> inverse = inverse_diagonal(a);
    return py::make_tuple(fetched_blocks(inverse, a.block_rows == 3 ? 6 : 36),
                          largest_eigenvalue(Cuda(), a, inverse));
  });
  m.def("lists", [](const Dense<Index>& keys, Index n_lists) {
    DeviceArray<Index> given;
    Cuda::copy_in(keys.data(), static_cast<std::size_t>(keys.size()), given);
    const DeviceLists found(static_cast<Index>(keys.size()), given.data(), n_lists);
    return py::make_tuple(
        fetched<Cuda>(found.begin, {static_cast<py::ssize_t>(found.begin.size())}),
        fetched<Cuda>(found.items, {static_cast<py::ssize_t>(found.items.size())}));
  });
  m.def("random", [](Index n) {
    DeviceArray<double> values(static_cast<std::size_t>(n));
    fill_random(Cuda(), values);
    return fetched<Cuda>(values, {n});
  });
}

}  // namespace femcrust
