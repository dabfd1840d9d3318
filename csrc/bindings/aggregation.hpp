/// The pieces of the aggregation for tests, in double: matrices go in and out as
/// (block rows, block columns, columns of the matrix, begin, columns, blocks).
#pragma once
#include <pybind11/stl.h>

#include <tuple>
#include <vector>

#include "aggregation/hierarchy.hpp"
#include "bindings/arrays.hpp"

namespace femcrust {

using MatrixArrays = std::tuple<int, int, Index, Dense<Index>, Dense<Index>, Dense<double>>;

template <class T>
BlockCsr<T> matrix_of(const MatrixArrays& arrays) {
  const auto& [rows, columns, n_columns, begin, indices, blocks] = arrays;
  BlockCsr<T> a;
  a.block_rows = rows;
  a.block_columns = columns;
  a.n_columns = n_columns;
  require((rows == 3 || rows == 6) && (columns == 3 || columns == 6),
          "matrix: blocks have 3 or 6 rows and columns");
  require(begin.size() > 0 && begin.data()[begin.size() - 1] == indices.size() &&
              static_cast<std::size_t>(blocks.size()) ==
                  static_cast<std::size_t>(indices.size()) * a.per_block(),
          "matrix: begin, columns and blocks do not fit together");
  require(std::all_of(indices.data(), indices.data() + indices.size(),
                      [&](Index j) { return j >= 0 && j < a.n_columns; }),
          "matrix: a column lies outside");
  a.begin = to_array(begin);
  a.allocate();
  std::copy(indices.data(), indices.data() + indices.size(), a.columns.begin());
  for (std::size_t k = 0; k < static_cast<std::size_t>(blocks.size()); ++k)
    a.blocks[k] = static_cast<T>(blocks.data()[k]);
  return a;
}

template <class T>
py::tuple arrays_of(const BlockCsr<T>& a) {
  const auto entries = static_cast<py::ssize_t>(a.columns.size());
  py::array_t<double> blocks({entries, py::ssize_t{a.block_rows}, py::ssize_t{a.block_columns}});
  for (std::size_t k = 0; k < a.columns.size() * a.per_block(); ++k)
    blocks.mutable_data()[k] = static_cast<double>(a.blocks[k]);
  return py::make_tuple(a.block_rows, a.block_columns, a.n_columns,
                        to_numpy<Index>(a.begin, {static_cast<py::ssize_t>(a.begin.size())}),
                        to_numpy<Index>(a.columns, {entries}), blocks);
}

template <class T>
py::tuple hierarchy_arrays(const MatrixArrays& matrix, const Dense<double>& modes, double strength,
                           Index coarsest) {
  BlockCsr<T> a = matrix_of<T>(matrix);
  require(a.block_rows == 3 && a.block_columns == 3, "matrix: blocks of 3×3");
  require_shape(modes, {a.n_rows(), 3, kModes}, "modes");
  const Hierarchy<T> found =
      hierarchy(Cpu{}, std::move(a), to_vector(modes), AggregationOptions{strength, coarsest});
  py::list stages;
  for (const Stage<T>& stage : found.stages) {
    if (stage.lambda_max > 0)
      stages.append(py::make_tuple(arrays_of(stage.matrix), arrays_of(stage.prolongation),
                                   arrays_of(stage.restriction), stage.lambda_max));
    else
      stages.append(py::make_tuple(arrays_of(stage.matrix)));
  }
  const auto n = static_cast<py::ssize_t>(found.stages.back().matrix.size());
  return py::make_tuple(stages, to_numpy<double>(found.coarsest_inverse, {n, n}));
}

/// y = A x by a matrix as levels keep it; x: [columns of A][width]
template <class T, class B>
py::array kept_product(const MatrixArrays& matrix, const Dense<double>& x) {
  BlockCsr<T> a = matrix_of<T>(matrix);
  require_shape(x, {py::ssize_t{a.n_columns} * a.block_columns, -1}, "x");
  require(width_slot(static_cast<int>(x.shape(1))) >= 0, "x: 1, 4, 8 or 16 columns");
  const auto n = static_cast<py::ssize_t>(a.size());
  Array<T> rounded(static_cast<std::size_t>(x.size()));
  std::transform(x.data(), x.data() + x.size(), rounded.begin(),
                 [](double value) { return static_cast<T>(value); });
  const ArrayOn<B, T> given = B::placed(std::move(rounded));
  ArrayOn<B, T> y(static_cast<std::size_t>(n * x.shape(1)));
  const LevelMatrix<T, B> kept = std::move(a).template as_matrix<B>();
  kept.apply(B(), static_cast<int>(x.shape(1)), given, y);
  return fetched<B>(y, {n, x.shape(1)});
}

inline void bind_aggregation(py::module_& m) {
  m.def("rigid_modes", [](const Dense<double>& points) {
    require_shape(points, {-1, 3}, "points");
    return to_numpy<double>(rigid_modes(points.data(), static_cast<Index>(points.shape(0))),
                            {points.shape(0), 3, kModes});
  });
  m.def("aggregates", [](const MatrixArrays& matrix, double strength) {
    const Aggregates found = aggregated(matrix_of<double>(matrix), strength);
    return to_numpy<Index>(found.of, {static_cast<py::ssize_t>(found.of.size())});
  });
  m.def("tentative", [](const Dense<Index>& aggregate_of, Index count, const Dense<double>& modes) {
    require_shape(modes, {aggregate_of.size(), -1, kModes}, "modes");
    const auto found = tentative<double>({count, to_vector(aggregate_of)}, to_vector(modes),
                                         static_cast<int>(modes.shape(1)));
    return py::make_tuple(arrays_of(found.prolongation),
                          to_numpy<double>(found.modes, {count, kModes, kModes}));
  });
  m.def("product", [](const MatrixArrays& a, const MatrixArrays& b, bool single) {
    return single ? arrays_of(product(matrix_of<float>(a), matrix_of<float>(b)))
                  : arrays_of(product(matrix_of<double>(a), matrix_of<double>(b)));
  });
  m.def("transposed",
        [](const MatrixArrays& a) { return arrays_of(transposed(matrix_of<double>(a))); });
  m.def("inverse_diagonal", [](const MatrixArrays& a) {
    const BlockCsr<double> matrix = matrix_of<double>(a);
    return to_numpy<double>(inverse_diagonal(matrix),
                            {matrix.n_rows(), matrix.block_rows, matrix.block_rows});
  });
  m.def("dense_inverse", [](const MatrixArrays& a) {
    const BlockCsr<double> matrix = matrix_of<double>(a);
    const auto n = static_cast<py::ssize_t>(matrix.size());
    return to_numpy<double>(dense_inverse(Cpu{}, matrix), {n, n});
  });
  m.def("hierarchy", [](const MatrixArrays& matrix, const Dense<double>& modes, double strength,
                        Index coarsest, bool single) {
    return single ? hierarchy_arrays<float>(matrix, modes, strength, coarsest)
                  : hierarchy_arrays<double>(matrix, modes, strength, coarsest);
  });
}

}  // namespace femcrust
