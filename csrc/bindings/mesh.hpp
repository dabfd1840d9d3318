/// The mesh as plain arrays: edges and the quadratic numbering, the boundary. No maths here.
#pragma once
#include <memory>
#include <utility>

#include "bindings/arrays.hpp"
#include "mesh/edges.hpp"
#include "mesh/exterior.hpp"
#include "mesh/refinement.hpp"

namespace femcrust {

inline Index checked_tets(const Dense<Index>& tets, py::ssize_t n_vertices) {
  require_shape(tets, {-1, 4}, "tets");
  require(tets.shape(0) <= INT32_MAX && n_vertices <= INT32_MAX,
          "more than 2³¹ elements or vertices");
  require(all_inside(tets, n_vertices), "tets: a vertex number lies outside 0 … n_vertices - 1");
  return static_cast<Index>(tets.shape(0));
}

/// Quadratic nodes [n_vertices + n_edges][3]: the vertices, then the middles of the edges.
inline py::array_t<double> quadratic_nodes(const Dense<double>& points, const Edges& edges) {
  const auto n_vertices = static_cast<std::size_t>(edges.n_vertices());
  const auto n_edges = static_cast<std::size_t>(edges.size());
  py::array_t<double> nodes({static_cast<py::ssize_t>(n_vertices + n_edges), py::ssize_t{3}});
  const double* const from = points.data();
  double* const to = nodes.mutable_data();
  std::copy(from, from + 3 * n_vertices, to);
  middles(edges, from, to + 3 * n_vertices);
  return nodes;
}

inline void bind_mesh(py::module_& m) {
  py::class_<Edges, std::shared_ptr<Edges>>(m, "Edges")
      .def("find",
           [](const Edges& edges, const Dense<Index>& ends) {
             require(ends.ndim() > 0 && ends.shape(ends.ndim() - 1) == 2, "ends: shape (…, 2)");
             py::array_t<Index> found(
                 std::vector<py::ssize_t>(ends.shape(), ends.shape() + ends.ndim() - 1));
             for (py::ssize_t k = 0; k < found.size(); ++k) {
               const Index edge = edges.find(ends.data()[2 * k], ends.data()[2 * k + 1]);
               require(edge != VertexChains::kNone, "an edge that is not in the mesh");
               found.mutable_data()[k] = edge;
             }
             return found;
           })
      .def_property_readonly("ends",  // the core's own memory, read only
                             [](const std::shared_ptr<Edges>& edges) {
                               py::array_t<Index> ends({py::ssize_t{edges->size()}, py::ssize_t{2}},
                                                       edges->ends().data(), py::cast(edges));
                               ends.attr("setflags")(py::arg("write") = false);
                               return ends;
                             })
      .def("look_for",  // -1 where there is no such edge
           [](const Edges& edges, const Dense<Index>& ends) {
             require(ends.ndim() == 2 && ends.shape(1) == 2, "ends: shape (n, 2)");
             py::array_t<Index> found(ends.shape(0));
             for (py::ssize_t k = 0; k < found.size(); ++k) {
               const Index edge = edges.find(ends.data()[2 * k], ends.data()[2 * k + 1]);
               found.mutable_data()[k] = edge == VertexChains::kNone ? -1 : edge;
             }
             return found;
           })
      .def("__len__", &Edges::size);

  m.def("quadratic", [](const Dense<double>& points, const Dense<Index>& tets) {
    require_shape(points, {-1, 3}, "points");
    const Index n_tets = checked_tets(tets, points.shape(0));
    py::array_t<Index> elements({py::ssize_t{n_tets}, py::ssize_t{10}});
    auto edges = std::make_shared<Edges>(tets.data(), n_tets, static_cast<Index>(points.shape(0)),
                                         elements.mutable_data());
    return py::make_tuple(quadratic_nodes(points, *edges), elements, edges);
  });
  m.def("single_faces", [](const Dense<Index>& tets, py::ssize_t n_vertices) {
    const auto faces =
        single_faces(tets.data(), checked_tets(tets, n_vertices), static_cast<Index>(n_vertices));
    return to_numpy<std::int64_t>(faces, {static_cast<py::ssize_t>(faces.size())});
  });
  m.def("refined", [](const Dense<double>& points, const Dense<Index>& tets,
                      const Dense<std::int64_t>& faces, const Dense<Index>& triangles, int times) {
    require_shape(points, {-1, 3}, "points");
    require_shape(triangles, {-1, 3}, "triangles");
    const std::int64_t n_faces = 4 * std::int64_t{checked_tets(tets, points.shape(0))};
    Refinement mesh{to_array(points), to_array(tets), to_vector(faces), to_vector(triangles)};
    require(std::all_of(mesh.faces.begin(), mesh.faces.end(),
                        [n_faces](std::int64_t face) { return face >= 0 && face < n_faces; }),
            "faces: a number lies outside 0 … 4 n_tets - 1");
    {
      const py::gil_scoped_release free;
      mesh.refine(times);
    }
    const auto rows = [](std::size_t size, std::size_t width) {
      return static_cast<py::ssize_t>(size / width);
    };
    const std::vector<py::ssize_t> of_points{rows(mesh.points.size(), 3), 3};
    const std::vector<py::ssize_t> of_tets{rows(mesh.tets.size(), 4), 4};
    const std::vector<py::ssize_t> of_faces{rows(mesh.faces.size(), 1)};
    const std::vector<py::ssize_t> of_triangles{rows(mesh.triangles.size(), 3), 3};
    return py::make_tuple(handed_to_numpy(std::move(mesh.points), of_points),
                          handed_to_numpy(std::move(mesh.tets), of_tets),
                          handed_to_numpy(std::move(mesh.faces), of_faces),
                          handed_to_numpy(std::move(mesh.triangles), of_triangles));
  });
}

}  // namespace femcrust
