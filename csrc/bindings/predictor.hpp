/// Predictions of the next solution of a flow, in Python. No maths here.
#pragma once
#include <pybind11/stl.h>

#include <algorithm>
#include <tuple>
#include <utility>
#include <vector>

#include "bindings/arrays.hpp"
#include "timestepping/predictor.hpp"

namespace femcrust {

/// Of one kind of increments: how many there were, pairs of slots, and the slots that are filled,
/// float [pieces][filled][piece] in the memory of `owner`, with their products.
inline py::tuple kept_kind(const Predictor& predictor, int k, const py::object& owner) {
  const Predictor::Kind& kind = predictor.kind(k);
  const auto pieces = static_cast<py::ssize_t>(predictor.pieces());
  const auto slots = static_cast<py::ssize_t>(predictor.slots());
  const auto piece = static_cast<py::ssize_t>(predictor.piece());
  const py::ssize_t filled = std::min<py::ssize_t>(kind.count, slots), size = sizeof(float);
  py::list pairs;
  for (const Predictor::Pair& pair : kind.pairs)
    pairs.append(py::make_tuple(pair.earlier, pair.next));
  return py::make_tuple(
      kind.count, pairs,
      py::array_t<float>({pieces, filled, piece}, {slots * piece * size, piece * size, size},
                         kind.columns.data(), owner),
      py::array_t<double>({pieces, slots, slots}, kind.gram.data(), owner));
}

using KeptKind = std::tuple<int, std::vector<std::pair<int, int>>, Dense<float>, Dense<double>>;

inline void set_kind(Predictor& predictor, int k, const KeptKind& kept) {
  const auto& [count, pairs, columns, gram] = kept;
  Predictor::Kind& kind = predictor.kind(k);
  const std::size_t pieces = predictor.pieces(), slots = predictor.slots(),
                    piece = predictor.piece();
  require(count >= 0, "count: negative");
  const std::size_t filled = std::min(static_cast<std::size_t>(count), slots);
  const auto length = [](std::size_t n) { return static_cast<py::ssize_t>(n); };
  require_shape(columns, {length(pieces), length(filled), length(piece)}, "columns");
  require_shape(gram, {length(pieces), length(slots), length(slots)}, "gram");
  require(pairs.size() <= slots, "pairs: too many");
  kind.count = count;
  kind.pairs.clear();
  for (const auto& [earlier, next] : pairs) {
    const bool known =
        0 <= earlier && earlier < length(slots) && 0 <= next && next < length(filled);
    require(known, "pairs: no such slot");
    kind.pairs.push_back({earlier, next});
  }
  for (std::size_t p = 0; p < pieces; ++p)
    std::copy_n(columns.data() + p * filled * piece, filled * piece,
                kind.columns.data() + p * slots * piece);
  std::copy_n(gram.data(), gram.size(), kind.gram.begin());
}

inline void bind_predictor(py::module_& m) {
  using Values = Dense<double>;
  const auto checked = [](const Predictor& predictor, const Values& u) {
    require(static_cast<std::size_t>(u.size()) == predictor.size(), "u: wrong size");
    return u.data();
  };
  py::class_<Predictor>(m, "Predictor")
      .def(py::init<std::size_t, std::size_t, int>(), py::arg("n_values"), py::arg("piece"),
           py::arg("pairs"))
      .def("learn",
           [checked](Predictor& predictor, const Values& before, const Values& after) {
             predictor.learn(checked(predictor, before), checked(predictor, after));
           })
      .def("interrupt", &Predictor::interrupt)
      .def("forget", &Predictor::forget)
      .def("predict",
           [checked](const Predictor& predictor, const Values& last) {
             py::array_t<double> out(
                 std::vector<py::ssize_t>(last.shape(), last.shape() + last.ndim()));
             predictor.predict(checked(predictor, last), out.mutable_data());
             return out;
           })
      .def("state",
           [](const py::object& self) {
             const auto& predictor = self.cast<const Predictor&>();
             return py::make_tuple(predictor.last_kind(), predictor.last_slot(),
                                   kept_kind(predictor, 0, self), kept_kind(predictor, 1, self));
           })
      .def("set_state",
           [](Predictor& predictor, int last_kind, int last_slot, const KeptKind& first,
              const KeptKind& second) {
             set_kind(predictor, 0, first);
             set_kind(predictor, 1, second);
             predictor.set_last(last_kind, last_slot);
           })
      .def_property_readonly("size", &Predictor::size)
      .def_property_readonly("pairs", &Predictor::pairs)
      .def_property_readonly("bytes", &Predictor::bytes);
}

}  // namespace femcrust
