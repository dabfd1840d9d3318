/// The Python face of one backend, written once. Bindings hold no maths and no default values.
#pragma once
#include <pybind11/functional.h>
#include <pybind11/stl.h>

#include <optional>

#include "bindings/body.hpp"
#include "bindings/clusters.hpp"
#include "bindings/comm.hpp"
#include "bindings/flow.hpp"
#include "bindings/multigrid.hpp"
#include "bindings/solve.hpp"

namespace femcrust {

template <class B>
void bind(py::module_& m) {
  bind_body<B>(m);
  bind_flow<B>(m);
  bind_shared_sums<B>(m);

  py::class_<Problem<B>> stiffness(m, "Stiffness");
  bind_in_place(stiffness);
  stiffness
      .def(py::init([](std::shared_ptr<const OwnedBody<B>> body, const Dense<Index>& rows,
                       const Dense<Index>& begin, const Dense<Index>& columns,
                       const Dense<double>& blocks, const Dense<Index>& held,
                       const Dense<double>& projectors) {
             SurfaceRows surface{to_vector(rows), to_vector(begin), to_vector(columns),
                                 to_vector(blocks)};
             require(surface.begin.size() == surface.rows.size() + 1 &&
                         surface.blocks.size() == 9 * surface.columns.size(),
                     "surface: rows, begin, columns and blocks do not fit together");
             return std::make_unique<Problem<B>>(
                 std::move(body), std::move(surface),
                 Constraints(to_vector(held), to_vector(projectors)));
           }),
           py::arg("body"), py::arg("rows"), py::arg("begin"), py::arg("columns"),
           py::arg("blocks"), py::arg("held_nodes"), py::arg("projectors"))
      .def("apply",
           [](const Problem<B>& p, const Dense<double>& u, bool constrained) {
             const int width = width_of(u, p.body->n_nodes(), "u");
             return fetched<B>(applied(p, width, sent<B>(u), constrained), shape_of(u));
           })
      .def("project",
           [](const Problem<B>& p, const Dense<double>& u) {
             const int width = width_of(u, p.body->n_nodes(), "u");
             ArrayOn<B, double> x = sent<B>(u);
             p.held->template project<Fp64>(B(), width, x);
             return fetched<B>(x, shape_of(u));
           })
      .def_property_readonly(
          "bytes",
          [](const Problem<B>& p) { return p.stiffness.bytes() + p.body->product_blocks->bytes(); })
      .def_property_readonly("flops", [](const Problem<B>& p) { return p.stiffness.flops(); });

  py::class_<Preconditioner<B>> preconditioner(m, "Preconditioner");
  bind_in_place(preconditioner);
  preconditioner
      .def("__call__",
           [](const Preconditioner<B>& preconditioner, const Dense<double>& r) {
             const int width = width_of(r, preconditioner.n_nodes, "r");
             return fetched<B>(preconditioned(preconditioner, width, sent<B>(r)), shape_of(r));
           })
      .def_property_readonly("most_columns",
                             [](const Preconditioner<B>& preconditioner) {
                               return std::visit([](const auto& M) { return M.kMostColumns; },
                                                 preconditioner.kind);
                             })
      .def_property_readonly("bytes", [](const Preconditioner<B>& preconditioner) {
        return std::visit([](const auto& M) { return M.bytes(); }, preconditioner.kind);
      });

  m.def("block_jacobi", [](const Problem<B>& p) -> Preconditioner<B> {
    return {BlockJacobi<B>(jacobi_blocks(p)), p.body->shared, p.body->n_nodes()};
  });
  bind_multigrid<B>(m);
  bind_clusters<B>(m);
  bind_solve_in_place<B>(m);
  m.def("cg", [](const Problem<B>& p, const Preconditioner<B>& preconditioner,
                 const Dense<double>& load, const std::optional<Dense<double>>& guess,
                 double tolerance, int max_iterations, bool flexible, const Watch& watch) {
    const int width = width_of(load, p.body->n_nodes(), "load");
    require(!guess || shape_of(*guess) == shape_of(load), "guess: the shape of load");
    CgVectors<B>& vectors = preconditioner.vectors;
    py::array_t<double> found(shape_of(load));
    double* const out = found.mutable_data();
    const auto size = static_cast<std::size_t>(load.size());
    std::optional<BorrowedVectors<B>> borrowed;
    if (B::kOnHost && width == 1) {  // the load is read, and the solution found, where they lie
      borrowed.emplace(vectors, const_cast<double*>(load.data()), out, size);
      if (guess) std::copy_n(guess->data(), size, out);
    } else {  // a batch that narrows moves its columns
      B::copy_in(load.data(), size, vectors.b);
      if (guess) B::copy_in(guess->data(), size, vectors.x);
    }
    if (!guess) {
      vectors.x.resize(size);
      vectors.x.set_zero();
    }
    const auto [columns, seconds] =
        solved(p, preconditioner, width, CgOptions{tolerance, max_iterations, flexible}, watch,
               [&](const ArrayOn<B, double>& x) {
                 if (x.data() != out) B::copy_out(x, out);
               });
    return py::make_tuple(found, columns, seconds);
  });
}

}  // namespace femcrust
