/// Flow of rock that relaxes, in Python. No maths here.
#pragma once
#include <pybind11/stl.h>

#include <optional>
#include <tuple>

#include "bindings/problem.hpp"
#include "timestepping/face_flow.hpp"
#include "timestepping/tet_flow.hpp"

namespace femcrust {

/// Branches of n cells: moduli and rates of shape (n, n_branches).
inline Branches to_branches(const Dense<double>& moduli, const Dense<double>& rates, py::ssize_t n,
                            const char* name) {
  require_shape(moduli, {n, -1}, name);
  require_shape(rates, {n, moduli.shape(1)}, name);
  return {static_cast<int>(moduli.shape(1)), to_vector(moduli), to_vector(rates), {}, {}};
}

/// Of n cells that creep by a power of the stress: one branch with powers and exponents, (n,).
inline Branches to_creep(Branches branches, const Dense<double>& powers,
                         const Dense<double>& exponents, py::ssize_t n, const char* name) {
  require(branches.number == 1, std::string(name) + ": rock that creeps has one branch");
  require_shape(powers, {n}, name);
  require_shape(exponents, {n}, name);
  branches.powers = to_vector(powers);
  branches.exponents = to_vector(exponents);
  return branches;
}

using Creep = std::optional<std::tuple<Dense<double>, Dense<double>>>;  // powers, exponents

/// Tetrahedra of a body, and its infinite elements, which stay on the host.
template <class B>
struct BodyFlow {
  std::shared_ptr<const OwnedBody<B>> body;
  TetFlow<B> tets;
  FaceFlow faces;

  py::array_t<double> forces() const { return py::array_t<double>({body->n_nodes(), Index(3)}); }
  const double* nodal(const Dense<double>& u) const {
    require_shape(u, {body->n_nodes(), 3}, "u");
    return u.data();
  }
  static FlowPart part(const std::string& name) {
    require(name == "strain" || name == "rate", "part: strain or rate");
    return name == "strain" ? FlowPart::strain : FlowPart::rate;
  }
  using Shape = std::vector<py::ssize_t>;
  Shape tet_state() const { return {tets.size(), tets.n_branches(), 4, 5}; }
  Shape face_state() const { return {faces.size(), faces.n_branches(), 6, 5}; }
};

template <class B>
void bind_flow(py::module_& m) {
  using Held = BodyFlow<B>;
  py::class_<Held>(m, "Flow")
      .def(py::init([](std::shared_ptr<const OwnedBody<B>> body, const Dense<Index>& elements,
                       const Dense<double>& moduli, const Dense<double>& rates,
                       const Dense<Index>& face_nodes, const Dense<double>& face_gradients,
                       const Dense<double>& face_weights, const Dense<double>& face_moduli,
                       const Dense<double>& face_rates, const Creep& creep,
                       const Creep& face_creep) {
             require_shape(face_nodes, {-1, 6}, "face_nodes");
             require_shape(face_gradients, {face_nodes.shape(0), 6, 6, 3}, "face_gradients");
             require_shape(face_weights, {face_nodes.shape(0), 6}, "face_weights");
             require(all_inside(elements, body->n_elements()), "elements: outside the body");
             require(all_inside(face_nodes, body->n_nodes()), "face_nodes: outside the body");
             const std::vector<Index> listed = to_vector(elements);
             require(std::adjacent_find(listed.begin(), listed.end(),
                                        std::greater_equal<Index>()) == listed.end(),
                     "elements: not ascending");
             require(creep.has_value() == face_creep.has_value(), "creep: of cells and of faces");
             const auto made = [](Branches branches, const Creep& powers, py::ssize_t n,
                                  const char* name) {
               if (!powers) return branches;
               const auto& [p, exponents] = *powers;
               return to_creep(std::move(branches), p, exponents, n, name);
             };
             const py::ssize_t n_faces = face_nodes.shape(0);
             return Held{body,
                         {body->view(), *body->product_blocks, listed,
                          made(to_branches(moduli, rates, elements.size(), "moduli"), creep,
                               elements.size(), "creep")},
                         {to_vector(face_nodes), to_vector(face_gradients), to_vector(face_weights),
                          made(to_branches(face_moduli, face_rates, n_faces, "face_moduli"),
                               face_creep, n_faces, "face_creep")}};
           }),
           py::arg("body"), py::arg("elements"), py::arg("moduli"), py::arg("rates"),
           py::arg("face_nodes"), py::arg("face_gradients"), py::arg("face_weights"),
           py::arg("face_moduli"), py::arg("face_rates"), py::arg("creep"), py::arg("face_creep"))
      .def("set_offsets",
           [](Held& f, const Dense<Index>& cells, const Dense<double>& strains) {
             require_shape(strains, {cells.size(), 4, 6}, "strains");
             f.tets.set_offsets(to_vector(cells), strains.data());
           })
      .def("restart",
           [](Held& f, const Dense<double>& u) {
             f.tets.restart(f.nodal(u));
             f.faces.restart(u.data());
           })
      .def("first",
           [](Held& f, double dt) {
             auto out = f.forces();
             f.tets.first(dt, out.mutable_data());
             f.faces.first(dt, out.mutable_data());
             return out;
           })
      .def("second",
           [](Held& f, double dt, const Dense<double>& u) {
             auto out = f.forces();
             f.tets.second(dt, f.nodal(u), out.mutable_data());
             f.faces.second(dt, u.data(), out.mutable_data());
             return out;
           })
      .def("last",
           [](Held& f, double dt, const Dense<double>& u) {
             const FlowNorms<> a = f.tets.last(dt, f.nodal(u)), b = f.faces.last(dt, u.data());
             return py::make_tuple(a.error + b.error, a.stress + b.stress);
           })
      .def("accept",
           [](Held& f) {
             f.tets.accept();
             f.faces.accept();
           })
      .def("stress",
           [](Held& f, double dt, double theta) {
             py::array_t<double> out({f.tets.size(), Index(4), Index(6)});
             f.tets.stress(dt, theta, out.mutable_data());
             return out;
           })
      .def("softness",
           [](Held& f, double dt) {
             py::array_t<double> parts({f.tets.size(), Index(4)});
             f.tets.softness(dt, parts.mutable_data());
             return parts;
           })
      .def("hold",
           [](Held& f, const Dense<double>& parts, const Dense<double>& face_parts) {
             require_shape(parts, {f.tets.size()}, "parts");
             require_shape(face_parts, {f.faces.size()}, "face_parts");
             f.tets.hold(parts.data());
             f.faces.hold(face_parts.data());
           })
      .def("trial",
           [](Held& f, bool second, double dt, const Dense<double>& u) {
             auto out = f.forces();
             f.tets.trial(second, dt, f.nodal(u), out.mutable_data());
             f.faces.trial(second, dt, u.data(), out.mutable_data());
             return out;
           })
      .def("middle",
           [](Held& f, double dt, const Dense<double>& u) {
             f.tets.middle(dt, f.nodal(u));
             f.faces.middle(dt, u.data());
           })
      .def("tet_state",
           [](Held& f, const std::string& part) {
             py::array_t<double> out(f.tet_state());
             f.tets.state(Held::part(part), out.mutable_data());
             return out;
           })
      .def("face_state",
           [](Held& f, const std::string& part) {
             py::array_t<double> out(f.face_state());
             const Array<double>& kept = f.faces.state(Held::part(part));
             std::copy(kept.begin(), kept.end(), out.mutable_data());
             return out;
           })
      .def("set_tet_state",
           [](Held& f, const std::string& part, const Dense<double>& state) {
             require_shape(state, f.tet_state(), "state");
             f.tets.set_state(Held::part(part), state.data());
           })
      .def("set_face_state",
           [](Held& f, const std::string& part, const Dense<double>& state) {
             require_shape(state, f.face_state(), "state");
             std::copy_n(state.data(), state.size(), f.faces.state(Held::part(part)).begin());
           })
      .def_property_readonly("bytes",
                             [](const Held& f) { return f.tets.bytes() + f.faces.bytes(); });
}

}  // namespace femcrust
