/// The Python face of one backend, written once. Bindings hold no maths and no default values.
#pragma once
#include <pybind11/functional.h>
#include <pybind11/stl.h>

#include "bindings/multigrid.hpp"
#include "bindings/problem.hpp"
#include "operators/assemble_p1.hpp"
#include "operators/flat_cells.hpp"
#include "operators/vertex_fields.hpp"
#include "solvers/cg.hpp"

namespace femcrust {

template <class T>
py::array element_product(const OwnedBody& body, const Dense<T>& x, int columns) {
  const ElasticEbe<T> product(body.view(), body.blocks);
  const Array<T> in = to_array(x);
  Array<T> out(in.size());
  product.apply(in, out, columns);
  return to_numpy<T>(out, {x.shape(), x.shape() + x.ndim()});
}

/// Seconds of each of `repeats` products on a body, after one that warms up.
template <class T>
std::vector<double> time_product(const OwnedBody& body, int columns, int repeats) {
  const ElasticEbe<T> product(body.view(), body.blocks);
  Array<T> x(3 * static_cast<std::size_t>(body.n_nodes() * columns), T(1)), y(x.size());
  product.apply(x, y, columns);
  std::vector<double> seconds;
  for (int k = 0; k < repeats; ++k) {
    const double start = omp_get_wtime();
    product.apply(x, y, columns);
    seconds.push_back(omp_get_wtime() - start);
  }
  return seconds;
}

template <class Backend>
void bind(py::module_& m) {
  py::class_<OwnedBody, std::shared_ptr<OwnedBody>>(m, "Body")
      .def(py::init<const Dense<Index>&, const Dense<double>&, const Dense<double>&,
                    const Dense<double>&, Index>(),
           py::arg("elements"), py::arg("nodes"), py::arg("lam"), py::arg("mu"),
           py::arg("n_vertices"))
      .def_property_readonly("n_nodes", &OwnedBody::n_nodes)
      .def_property_readonly("n_colours", [](const OwnedBody& b) { return b.blocks->n_colours(); })
      .def("product",
           [](const OwnedBody& b, const py::array& x) -> py::array {
             const int columns = x.ndim() == 3 ? static_cast<int>(x.shape(2)) : 1;
             require(
                 (x.ndim() == 2 || x.ndim() == 3) && x.shape(0) == b.n_nodes() && x.shape(1) == 3,
                 "x: shape (n_nodes, 3) or (n_nodes, 3, r)");
             if (py::isinstance<py::array_t<float>>(x))
               return element_product<float>(b, Dense<float>(x), columns);
             return element_product<double>(b, Dense<double>(x), columns);
           })
      .def("time_product",
           [](const OwnedBody& b, const std::string& precision, int columns, int repeats) {
             const py::gil_scoped_release free;
             return precision == "single" ? time_product<float>(b, columns, repeats)
                                          : time_product<double>(b, columns, repeats);
           })
      .def("strain",
           [](const OwnedBody& b, const Dense<Index>& listed, const Dense<double>& u) {
             require_shape(u, {b.n_nodes(), 3}, "u");
             const auto n = static_cast<Index>(listed.size());
             py::array_t<double> out({static_cast<py::ssize_t>(n), py::ssize_t{4}, py::ssize_t{6}});
             const Body body = b.view();
             vertex_strain(
                 body, listed.data(), n,
                 [&](Index k, int a) {
                   return u.data() +
                          3 * static_cast<std::size_t>(body.element(listed.data()[k])[a]);
                 },
                 out.mutable_data());
             return out;
           })
      .def("stress_divergence",
           [](const OwnedBody& b, const Dense<Index>& listed, const Dense<double>& stress) {
             require_shape(stress, {listed.size(), 4, 6}, "stress");
             std::vector<double> f(3 * static_cast<std::size_t>(b.n_nodes()), 0.0);
             add_stress_divergence(b.view(), listed.data(), static_cast<Index>(listed.size()),
                                   stress.data(), f.data());
             return to_numpy<double>(f, {b.n_nodes(), 3});
           })
      .def("share_of_flat_cells",
           [](const OwnedBody& b, double angle) { return share_of_flat_cells(b.view(), angle); })
      .def("assemble_p1", [](const OwnedBody& b) {
        AssembledP1 a;
        {
          const py::gil_scoped_release free;
          a = assemble_p1(b.view(), b.n_vertices);
        }
        const auto entries = static_cast<py::ssize_t>(a.columns.size());
        return py::make_tuple(to_numpy<Index>(a.begin, {static_cast<py::ssize_t>(a.begin.size())}),
                              to_numpy<Index>(a.columns, {entries}),
                              to_numpy<double>(a.blocks, {entries, 3, 3}));
      });

  py::class_<Problem>(m, "Stiffness")
      .def(py::init([](std::shared_ptr<const OwnedBody> body, const Dense<Index>& rows,
                       const Dense<Index>& begin, const Dense<Index>& columns,
                       const Dense<double>& blocks, const Dense<Index>& held,
                       const Dense<double>& projectors) {
             SurfaceRows surface{to_vector(rows), to_vector(begin), to_vector(columns),
                                 to_vector(blocks)};
             require(surface.begin.size() == surface.rows.size() + 1 &&
                         surface.blocks.size() == 9 * surface.columns.size(),
                     "surface: rows, begin, columns and blocks do not fit together");
             return std::make_unique<Problem>(std::move(body), std::move(surface),
                                              Constraints(to_vector(held), to_vector(projectors)));
           }),
           py::arg("body"), py::arg("rows"), py::arg("begin"), py::arg("columns"),
           py::arg("blocks"), py::arg("held_nodes"), py::arg("projectors"))
      .def("apply",
           [](const Problem& p, const Dense<double>& u, bool constrained) {
             require_shape(u, {p.body->n_nodes(), 3}, "u");
             const Array<double> x = to_array(u);
             Array<double> y(x.size());
             const Backend backend;
             if (constrained)
               p.stiffness.apply(backend, x, y);
             else
               p.stiffness.apply_unconstrained(backend, x, y);
             return to_numpy<double>(y, {p.body->n_nodes(), 3});
           })
      .def("project",
           [](const Problem& p, const Dense<double>& u) {
             require_shape(u, {p.body->n_nodes(), 3}, "u");
             Array<double> x = to_array(u);
             p.constraints->project(x);
             return to_numpy<double>(x, {p.body->n_nodes(), 3});
           })
      .def_property_readonly(
          "bytes", [](const Problem& p) { return p.stiffness.bytes() + p.body->blocks->bytes(); });

  py::class_<Preconditioner>(m, "Preconditioner")
      .def("__call__",
           [](const Preconditioner& preconditioner, const Dense<double>& r) {
             const Array<double> in = to_array(r);
             Array<double> z(in.size());
             const Backend backend;
             std::visit([&](const auto& M) { M.apply(backend, in, z); }, preconditioner.kind);
             return to_numpy<double>(z, {r.shape(), r.shape() + r.ndim()});
           })
      .def_property_readonly("bytes", [](const Preconditioner& preconditioner) {
        return std::visit([](const auto& M) { return M.bytes(); }, preconditioner.kind);
      });

  m.def("block_jacobi", [](const Problem& p) -> Preconditioner {
    return {BlockJacobi(p.stiffness.inverse_diagonal(p.body->view()))};
  });
  bind_multigrid(m);
  m.def("cg", [](const Problem& p, const Preconditioner& preconditioner, const Dense<double>& load,
                 const Dense<double>& guess, double tolerance, int max_iterations, bool flexible,
                 const std::function<bool(int, double)>& watch) {
    require_shape(load, {p.body->n_nodes(), 3}, "load");
    require_shape(guess, {p.body->n_nodes(), 3}, "guess");
    const Array<double> b = to_array(load);
    Array<double> x = to_array(guess);
    SolveResult result;
    {
      const py::gil_scoped_release free;
      const auto guarded = [&](int iteration, double residual) {
        const py::gil_scoped_acquire held;
        return watch(iteration, residual);
      };
      const Backend backend;
      result = std::visit(
          [&](const auto& M) {
            return cg(backend, p.stiffness, M, b, x, {tolerance, max_iterations, flexible},
                      guarded);
          },
          preconditioner.kind);
    }
    return py::make_tuple(to_numpy<double>(x, {p.body->n_nodes(), 3}), result.converged,
                          result.broken_down, result.iterations, result.residuals);
  });
}

}  // namespace femcrust
