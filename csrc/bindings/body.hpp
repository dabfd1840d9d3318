/// Bodies in Python: products, fields at vertices, the linear level. No maths here.
#pragma once
#include <omp.h>
#include <pybind11/stl.h>

#include "bindings/problem.hpp"
#include "bindings/storage.hpp"
#include "operators/assemble_p1.hpp"
#include "operators/face_rows.hpp"
#include "operators/vertex_fields.hpp"

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

template <class T, class B>
py::array element_product(const OwnedBody<B>& body, const Dense<T>& x, int columns) {
  const ElasticEbe<T, B> product(body.view(), body.product_blocks);
  const ArrayOn<B, T> in = sent<B>(x);
  ArrayOn<B, T> out(in.size());
  product.template apply<Plain<T>>(columns, in, out);
  return fetched<B>(out, {x.shape(), x.shape() + x.ndim()});
}

/// Seconds of each of `repeats` products on a body, after one that warms up.
template <class F, class B>
std::vector<double> time_product(const OwnedBody<B>& body, int columns, int repeats) {
  const ElasticEbe<typename F::Real, B> product(body.view(), body.product_blocks);
  Words<B, F> x(words<F>(body.n_nodes(), columns)), y(x.size());
  product.template apply<F>(columns, x, y);
  const B backend;
  backend.synchronize();
  std::vector<double> seconds;
  for (int k = 0; k < repeats; ++k) {
    const double start = omp_get_wtime();
    product.template apply<F>(columns, x, y);
    backend.synchronize();
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

inline void find_strain(const OwnedBody<Cpu>& b, const Dense<Index>& listed, const double* u,
                        double* out) {
  const Body body = b.view();
  const auto at = [&](Index k, int a) {
    return u + 3 * static_cast<std::size_t>(body.element(listed.data()[k])[a]);
  };
  vertex_strain(body, listed.data(), static_cast<Index>(listed.size()), at, out);
}

inline void find_divergence(const OwnedBody<Cpu>& b, const Dense<Index>& listed,
                            const double* stress, double* f) {
  std::fill_n(f, 3 * static_cast<std::size_t>(b.n_nodes()), 0.0);
  add_stress_divergence(b.view(), listed.data(), static_cast<Index>(listed.size()), stress, f);
}

template <class B>
void bind_body(py::module_& m) {
  using Owned = OwnedBody<B>;
  py::class_<Owned, std::shared_ptr<Owned>>(m, "Body")
      .def(py::init([](Dense<Index> elements, Dense<double> nodes, Dense<double> lam,
                       Dense<double> mu, Index n_vertices) {
             return std::make_shared<Owned>(std::move(elements), std::move(nodes), std::move(lam),
                                            std::move(mu), n_vertices, nullptr);
           }),
           py::arg("elements"), py::arg("nodes"), py::arg("lam"), py::arg("mu"),
           py::arg("n_vertices"))
      .def(py::init<Dense<Index>, Dense<double>, Dense<double>, Dense<double>, Index,
                    std::shared_ptr<const Halo>>(),
           py::arg("elements"), py::arg("nodes"), py::arg("lam"), py::arg("mu"),
           py::arg("n_vertices"), py::arg("halo"))
      .def("with_moduli", &Owned::with_moduli, py::arg("lam"), py::arg("mu"))
      .def_property_readonly("n_nodes", &Owned::n_nodes)
      .def_property_readonly("n_colours", [](const Owned& b) { return b.blocks().n_colours(); })
      .def_property_readonly("blocks", [](const Owned& b) { return block_arrays(b.blocks()); })
      .def("product",
           [](const Owned& b, const py::array& x) -> py::array {
             if (py::isinstance<py::array_t<float>>(x)) {
               const Dense<float> values(x);
               return element_product<float, B>(b, values, width_of(values, b.n_nodes(), "x"));
             }
             const Dense<double> values(x);
             return element_product<double, B>(b, values, width_of(values, b.n_nodes(), "x"));
           })
      .def("linear_product",
           [](const Owned& b, const Dense<double>& x) {
             const int width = width_of(x, b.n_vertices, "x");
             const ElasticEbe<double, B> product(b.view(), b.product_blocks);
             ArrayOn<B, double> out(words<Fp64>(b.n_nodes(), width));
             product.template apply_linear<Fp64>(width, sent<B>(x), out);
             std::vector<py::ssize_t> shape = shape_of(x);
             shape[0] = b.n_nodes();
             return fetched<B>(out, shape);
           })
      .def("time_product",
           [](const Owned& b, const std::string& storage, int columns, int repeats) {
             const py::gil_scoped_release free;
             return with_format(storage, [&](auto format) {
               return time_product<decltype(format), B>(b, columns, repeats);
             });
           })
      .def("strain",
           [](const Owned& b, const Dense<Index>& listed, const Dense<double>& u) {
             require_shape(u, {b.n_nodes(), 3}, "u");
             py::array_t<double> out({listed.size(), py::ssize_t{4}, py::ssize_t{6}});
             find_strain(b, listed, u.data(), out.mutable_data());
             return out;
           })
      .def("stress_divergence",
           [](const Owned& b, const Dense<Index>& listed, const Dense<double>& stress) {
             require_shape(stress, {listed.size(), 4, 6}, "stress");
             py::array_t<double> out({py::ssize_t{b.n_nodes()}, py::ssize_t{3}});
             find_divergence(b, listed, stress.data(), out.mutable_data());
             return out;
           })
      .def("assemble_p1", [](const Owned& b) {
        AssembledP1<double> a;
        {
          const py::gil_scoped_release free;
          a = assemble_p1(b.view_with_blocks(), b.n_vertices);
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
}

}  // namespace femcrust
