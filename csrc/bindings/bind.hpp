/// The Python face of one backend, written once. Bindings hold no maths and no default values.
#pragma once
#include <pybind11/functional.h>
#include <pybind11/stl.h>

#include <optional>

#include "bindings/multigrid.hpp"
#include "bindings/problem.hpp"
#include "bindings/storage.hpp"
#include "operators/assemble_p1.hpp"
#include "operators/face_rows.hpp"
#include "operators/vertex_fields.hpp"
#include "solvers/cg.hpp"

namespace femcrust {

/// Blocks for tests: who sets a node and who adds to it, colour by colour.
inline py::dict block_arrays(const ElementBlocks& blocks) {
  const auto listed = [](const auto& a) {
    return to_numpy<Index>(a, {static_cast<py::ssize_t>(a.size())});
  };
  using namespace py::literals;
  return py::dict("node_begin"_a = listed(blocks.node_begin), "set_end"_a = listed(blocks.set_end),
                  "nodes"_a = listed(blocks.nodes), "colour_begin"_a = listed(blocks.colour_begin),
                  "order"_a = listed(blocks.order), "untouched"_a = listed(blocks.untouched));
}

template <class T>
py::array element_product(const OwnedBody& body, const Dense<T>& x, int columns) {
  const ElasticEbe<T> product(body.view(), body.blocks);
  const Array<T> in = to_array(x);
  Array<T> out(in.size());
  product.template apply<Plain<T>>(columns, in, out);
  return to_numpy<T>(out, {x.shape(), x.shape() + x.ndim()});
}

/// Seconds of each of `repeats` products on a body, after one that warms up.
template <class F>
std::vector<double> time_product(const OwnedBody& body, int columns, int repeats) {
  const ElasticEbe<typename F::Real> product(body.view(), body.blocks);
  Words<F> x(words<F>(body.n_nodes(), columns)), y(x.size());
  product.template apply<F>(columns, x, y);
  std::vector<double> seconds;
  for (int k = 0; k < repeats; ++k) {
    const double start = omp_get_wtime();
    product.template apply<F>(columns, x, y);
    seconds.push_back(omp_get_wtime() - start);
  }
  return seconds;
}

/// Shape (n_nodes, 3) or (n_nodes, 3, r) of nodal values; returns r.
template <class T>
int width_of(const Dense<T>& x, Index n_nodes, const char* name) {
  require((x.ndim() == 2 || x.ndim() == 3) && x.shape(0) == n_nodes && x.shape(1) == 3,
          std::string(name) + ": shape (n_nodes, 3) or (n_nodes, 3, r)");
  const int width = x.ndim() == 3 ? static_cast<int>(x.shape(2)) : 1;
  require(width_slot(width) >= 0, std::string(name) + ": 1, 4, 8 or 16 right-hand sides");
  return width;
}

template <class T>
std::vector<py::ssize_t> shape_of(const Dense<T>& x) {
  return {x.shape(), x.shape() + x.ndim()};
}

template <class Backend>
void bind(py::module_& m) {
  py::class_<OwnedBody, std::shared_ptr<OwnedBody>>(m, "Body")
      .def(py::init<Dense<Index>, Dense<double>, Dense<double>, Dense<double>, Index>(),
           py::arg("elements"), py::arg("nodes"), py::arg("lam"), py::arg("mu"),
           py::arg("n_vertices"))
      .def("with_moduli", &OwnedBody::with_moduli, py::arg("lam"), py::arg("mu"))
      .def_property_readonly("n_nodes", &OwnedBody::n_nodes)
      .def_property_readonly("n_colours", [](const OwnedBody& b) { return b.blocks->n_colours(); })
      .def_property_readonly("blocks", [](const OwnedBody& b) { return block_arrays(*b.blocks); })
      .def("product",
           [](const OwnedBody& b, const py::array& x) -> py::array {
             if (py::isinstance<py::array_t<float>>(x)) {
               const Dense<float> values(x);
               return element_product<float>(b, values, width_of(values, b.n_nodes(), "x"));
             }
             const Dense<double> values(x);
             return element_product<double>(b, values, width_of(values, b.n_nodes(), "x"));
           })
      .def("linear_product",
           [](const OwnedBody& b, const Dense<double>& x) {
             const int width = width_of(x, b.n_vertices, "x");
             const ElasticEbe<double> product(b.view(), b.blocks);
             Array<double> out(words<Fp64>(b.n_nodes(), width));
             product.apply_linear<Fp64>(width, to_array(x), out);
             std::vector<py::ssize_t> shape = shape_of(x);
             shape[0] = b.n_nodes();
             return to_numpy<double>(out, shape);
           })
      .def("time_product",
           [](const OwnedBody& b, const std::string& storage, int columns, int repeats) {
             const py::gil_scoped_release free;
             return with_format(storage, [&](auto format) {
               return time_product<decltype(format)>(b, columns, repeats);
             });
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
      .def("assemble_p1", [](const OwnedBody& b) {
        AssembledP1<double> a;
        {
          const py::gil_scoped_release free;
          a = assemble_p1(b.view(), b.n_vertices);
        }
        const auto entries = static_cast<py::ssize_t>(a.columns.size());
        return py::make_tuple(to_numpy<Index>(a.begin, {static_cast<py::ssize_t>(a.begin.size())}),
                              handed_to_numpy(std::move(a.columns), {entries}),
                              handed_to_numpy(std::move(a.blocks), {entries, 3, 3}));
      });

  m.def("sum_faces", [](const Dense<Index>& nodes, const Dense<double>& blocks) {
    require(nodes.ndim() == 2, "nodes: shape (faces, corners)");
    require_shape(blocks, {nodes.shape(0), nodes.shape(1), nodes.shape(1), 3, 3}, "blocks");
    FaceRows a = sum_faces(nodes.data(), blocks.data(), static_cast<Index>(nodes.shape(0)),
                           static_cast<int>(nodes.shape(1)));
    const auto entries = static_cast<py::ssize_t>(a.columns.size());
    return py::make_tuple(to_numpy<Index>(a.rows, {static_cast<py::ssize_t>(a.rows.size())}),
                          to_numpy<Index>(a.begin, {static_cast<py::ssize_t>(a.begin.size())}),
                          handed_to_numpy(std::move(a.columns), {entries}),
                          handed_to_numpy(std::move(a.blocks), {entries, 3, 3}));
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
             const int width = width_of(u, p.body->n_nodes(), "u");
             const Array<double> x = to_array(u);
             Array<double> y(x.size());
             const Backend backend;
             if (constrained)
               p.stiffness.apply(backend, width, x, y);
             else
               p.stiffness.apply_unconstrained(backend, width, x, y);
             return to_numpy<double>(y, shape_of(u));
           })
      .def("project",
           [](const Problem& p, const Dense<double>& u) {
             const int width = width_of(u, p.body->n_nodes(), "u");
             Array<double> x = to_array(u);
             p.constraints->project<Fp64>(Backend(), width, x);
             return to_numpy<double>(x, shape_of(u));
           })
      .def_property_readonly(
          "bytes", [](const Problem& p) { return p.stiffness.bytes() + p.body->blocks->bytes(); })
      .def_property_readonly("flops",
                             [](const Problem& p) { return p.stiffness.elements().flops(); });

  py::class_<Preconditioner>(m, "Preconditioner")
      .def("__call__",
           [](const Preconditioner& preconditioner, const Dense<double>& r) {
             const int width = r.ndim() == 3 ? static_cast<int>(r.shape(2)) : 1;
             require(width_slot(width) >= 0, "r: 1, 4, 8 or 16 right-hand sides");
             const Array<double> in = to_array(r);
             Array<double> z(in.size());
             const Backend backend;
             PerColumn lengths = backend.dot(width, in, in);
             for (double& length : lengths.of) length = std::sqrt(length);
             std::visit([&](const auto& M) { M.apply(backend, width, lengths, in, z); },
                        preconditioner.kind);
             return to_numpy<double>(z, shape_of(r));
           })
      .def_property_readonly("most_columns",
                             [](const Preconditioner& preconditioner) {
                               return std::visit([](const auto& M) { return M.kMostColumns; },
                                                 preconditioner.kind);
                             })
      .def_property_readonly("bytes", [](const Preconditioner& preconditioner) {
        return std::visit([](const auto& M) { return M.bytes(); }, preconditioner.kind);
      });

  m.def("block_jacobi", [](const Problem& p) -> Preconditioner {
    return {BlockJacobi(p.stiffness.inverse_diagonal(p.body->view()))};
  });
  bind_multigrid(m);
  m.def("cluster_solve", [](const Problem& p, const Dense<double>& r) {
    const int columns = r.ndim() == 3 ? static_cast<int>(r.shape(2)) : 1;
    require(r.ndim() >= 2 && r.shape(0) == p.body->n_nodes() && r.shape(1) == 3,
            "r: shape (n_nodes, 3) or (n_nodes, 3, columns)");
    const Clusters<double> clusters(p.body->view(), p.stiffness, kClusterShape);
    const Array<double> in = to_array(r);
    Array<double> z(in.size());
    clusters.add<Fp64>(Backend(), columns, in.data(), 1.0, z.data(), nullptr);
    return py::make_tuple(to_numpy<double>(z, {r.shape(), r.shape() + r.ndim()}), clusters.lists());
  });
  m.def("cg", [](const Problem& p, const Preconditioner& preconditioner, const Dense<double>& load,
                 const Dense<double>& guess, double tolerance, int max_iterations, bool flexible,
                 const std::function<bool(int, double)>& watch) {
    const int width = width_of(load, p.body->n_nodes(), "load");
    require(shape_of(guess) == shape_of(load), "guess: the shape of load");
    CgVectors& vectors = preconditioner.vectors;
    py::array_t<double> found(shape_of(load));
    double* const out = found.mutable_data();
    const auto size = static_cast<std::size_t>(load.size());
    std::optional<BorrowedVectors> borrowed;
    if (width == 1) {  // the load is read, and the solution found, where they lie
      std::copy(guess.data(), guess.data() + size, out);
      borrowed.emplace(vectors, const_cast<double*>(load.data()), out, size);
    } else {  // a batch that narrows moves its columns
      copy_to(load, vectors.b);
      copy_to(guess, vectors.x);
    }
    std::vector<SolveResult> results;
    {
      const py::gil_scoped_release free;
      const auto guarded = [&](int iteration, double residual) {
        const py::gil_scoped_acquire held;
        return watch(iteration, residual);
      };
      const Backend backend;
      std::visit(
          [&](const auto& M) {
            ConjugateGradients solver(backend, p.stiffness, M, vectors, width,
                                      CgOptions{tolerance, max_iterations, flexible});
            const Array<double>& x = solver.solve(guarded);
            if (x.data() != out) std::copy(x.begin(), x.end(), out);
            results = solver.results();
          },
          preconditioner.kind);
    }
    py::list columns;
    for (const SolveResult& result : results)
      columns.append(py::make_tuple(result.converged, result.broken_down, result.iterations,
                                    result.residuals));
    return py::make_tuple(found, columns);
  });
}

}  // namespace femcrust
