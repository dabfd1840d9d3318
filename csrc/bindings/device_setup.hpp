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

/// Of a problem's linear level or of a given matrix: levels of the device as (matrix, prolongation,
/// restriction, λ_max), and what is below them.
template <class T>
py::list stage_arrays(const DeviceHierarchy<T>& found) {
  py::list stages;
  for (const DeviceStage<T>& stage : found.stages)
    stages.append(py::make_tuple(arrays_of(stage.matrix.to_host()),
                                 arrays_of(stage.prolongation.to_host()),
                                 arrays_of(stage.restriction.to_host()), stage.lambda_max));
  stages.append(py::make_tuple(arrays_of(found.below.stages[0].matrix)));
  return stages;
}

template <class T>
py::list device_stages(const MatrixArrays& matrix, const Dense<double>& modes, double strength,
                       Index coarsest, Index for_host) {
  DeviceArray<double> given;
  Cuda::copy_in(modes.data(), static_cast<std::size_t>(modes.size()), given);
  return stage_arrays(device_hierarchy(Cuda(), DeviceCsr<T>::from_host(matrix_of<T>(matrix)),
                                       std::move(given), AggregationOptions{strength, coarsest},
                                       for_host));
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
  m.def("hierarchy", [](const MatrixArrays& matrix, const Dense<double>& modes, double strength,
                        Index coarsest, Index for_host, bool single) {
    return single ? device_stages<float>(matrix, modes, strength, coarsest, for_host)
                  : device_stages<double>(matrix, modes, strength, coarsest, for_host);
  });
  m.def("modes", [](const Problem<Cuda>& p) {
    const Index n = p.body->n_vertices;
    const HeldVertices held(p.constraints, n);
    return fetched<Cuda>(device_modes(p.body->product_blocks->vertices(), n, held), {n, 3, kModes});
  });
  m.def("aggregates", [](const MatrixArrays& matrix, double strength) {
    const DeviceAggregates found =
        aggregated(DeviceCsr<double>::from_host(matrix_of<double>(matrix)), strength);
    return py::make_tuple(fetched<Cuda>(found.of, {static_cast<py::ssize_t>(found.of.size())}),
                          found.rounds);
  });
  m.def("product", [](const MatrixArrays& a, const MatrixArrays& b) {
    return arrays_of(product(DeviceCsr<double>::from_host(matrix_of<double>(a)),
                             DeviceCsr<double>::from_host(matrix_of<double>(b)))
                         .to_host());
  });
  m.def("tentative", [](const Dense<Index>& of, Index count, const Dense<double>& modes) {
    DeviceAggregates given;
    given.count = count;
    DeviceArray<double> values;
    Cuda::copy_in(of.data(), static_cast<std::size_t>(of.size()), given.of);
    Cuda::copy_in(modes.data(), static_cast<std::size_t>(modes.size()), values);
    const auto found =
        tentative<double>(given, std::move(values), static_cast<int>(modes.shape(1)));
    return py::make_tuple(arrays_of(found.prolongation.to_host()),
                          fetched<Cuda>(found.modes, {count, kModes, kModes}));
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
