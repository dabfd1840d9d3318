/// Ranks in Python: what femcrust/comm.py offers to the core, and halos. No maths here.
#pragma once
#include <pybind11/stl.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bindings/arrays.hpp"
#include "bindings/storage.hpp"
#include "operators/shared_nodes.hpp"

namespace femcrust {

inline py::memoryview memory_of(void* data, std::size_t bytes) {
  return py::memoryview::from_memory(data, static_cast<py::ssize_t>(bytes));
}

/// Memory of a device in a message: whoever takes `__cuda_array_interface__` gets its address,
/// which on the emulator is one of the host.
struct MemoryOnDevice {
  void* data;
  std::size_t bytes;

  py::dict interface() const {
    using namespace py::literals;
    return py::dict("shape"_a = py::make_tuple(bytes), "typestr"_a = "|u1",
                    "data"_a = py::make_tuple(reinterpret_cast<std::uintptr_t>(data), false),
                    "version"_a = 3);
  }
};

class PythonChannel : public Channel {
 public:
  explicit PythonChannel(py::object channel)
      : start_(channel.attr("start")), finish_(channel.attr("finish")) {}
  ~PythonChannel() override {
    const py::gil_scoped_acquire held;
    start_ = py::object();
    finish_ = py::object();
  }
  void start() override {
    const py::gil_scoped_acquire held;
    start_();
  }
  void finish() override {
    const py::gil_scoped_acquire held;
    finish_();
  }

 private:
  py::object start_, finish_;
};

/// An object with rank, size, takes_device, sum(memory), largest(memory), swap(list of bytes) and
/// channel(out, in) of lists of (rank, memory); memory of a device only where takes_device is true.
class PythonComm : public Comm {
 public:
  explicit PythonComm(py::object comm)
      : Comm(comm.attr("rank").cast<int>(), comm.attr("size").cast<int>(),
             comm.attr("takes_device").cast<bool>()),
        comm_(std::move(comm)) {}
  ~PythonComm() override {
    const py::gil_scoped_acquire held;
    comm_ = py::object();
  }

  void sum(double* values, std::size_t n) const override { call("sum", values, n); }
  void largest(double* values, std::size_t n) const override { call("largest", values, n); }

  std::unique_ptr<Channel> channel(const std::vector<Message>& out,
                                   const std::vector<Message>& in) const override {
    const py::gil_scoped_acquire held;
    return std::make_unique<PythonChannel>(comm_.attr("channel")(listed(out), listed(in)));
  }

  std::vector<std::string> swap(const std::vector<std::string>& to) const override {
    const py::gil_scoped_acquire held;
    py::list sent;
    for (const std::string& bytes : to) sent.append(py::bytes(bytes));
    std::vector<std::string> came;
    for (const py::handle bytes : comm_.attr("swap")(sent))
      came.push_back(bytes.cast<std::string>());
    return came;
  }

 private:
  static py::list listed(const std::vector<Message>& messages) {
    py::list out;
    for (const Message& m : messages)
      if (m.on_device)
        out.append(py::make_tuple(m.rank, MemoryOnDevice{m.data, m.bytes}));
      else
        out.append(py::make_tuple(m.rank, memory_of(m.data, m.bytes)));
    return out;
  }
  void call(const char* what, double* values, std::size_t n) const {
    const py::gil_scoped_acquire held;
    comm_.attr(what)(memory_of(values, n * sizeof(double)));
  }

  py::object comm_;
};

/// Whole sums of values (n, 3) of which ranks have parts, by way of a vector of B in format F.
template <class B, class F>
py::array_t<double> summed(const std::shared_ptr<const Halo>& halo, const Dense<double>& values) {
  using T = typename F::Real;
  require_shape(values, {-1, 3}, "values");
  const auto n = static_cast<std::size_t>(values.shape(0));
  require(halo->nodes().empty() || static_cast<std::size_t>(halo->nodes().back()) < n,
          "values: a row for each node");
  Array<typename F::Word> words(n * F::kWords);
  T v[3];
  for (std::size_t k = 0; k < n; ++k) {
    for (std::size_t i = 0; i < 3; ++i) v[i] = static_cast<T>(values.data()[3 * k + i]);
    F::store(words.data() + F::kWords * k, v);
  }
  ArrayOn<B, typename F::Word> there;
  B::copy_in(words.data(), words.size(), there);
  const SharedNodes<B> shared(halo);
  shared.template start<F>(1, there.data());
  shared.template finish<F>(1, there.data());
  B::copy_out(there, words.data());
  py::array_t<double> out({values.shape(0), py::ssize_t{3}});
  for (std::size_t k = 0; k < n; ++k) {
    F::load(words.data() + F::kWords * k, v);
    std::copy_n(v, 3, out.mutable_data() + 3 * k);
  }
  return out;
}

/// For tests of one exchange.
template <class B>
void bind_shared_sums(py::module_& m) {
  m.def(
      "shared_sums",
      [](const std::shared_ptr<Halo>& halo, const Dense<double>& values,
         const std::string& format) {
        return with_format(format, [&](auto f) { return summed<B, decltype(f)>(halo, values); });
      },
      py::arg("halo"), py::arg("values"), py::arg("format"));
}

inline void bind_comm(py::module_& m) {
  using Rows = py::array_t<double, py::array::c_style>;
  const auto per_row = [](const SharedNodes<Cpu>& shared, const Rows& values) {
    require(values.ndim() >= 1 && values.size() > 0, "values: a row for each node");
    require(shared.halo().nodes().empty() || shared.halo().nodes().back() < values.shape(0),
            "values: a row for each node");
    return static_cast<std::size_t>(values.size() / values.shape(0));
  };
  py::class_<MemoryOnDevice>(m, "MemoryOnDevice")
      .def("__len__", [](const MemoryOnDevice& memory) { return memory.bytes; })
      .def_property_readonly("__cuda_array_interface__", &MemoryOnDevice::interface);
  py::class_<Halo, std::shared_ptr<Halo>>(m, "Halo")
      .def(py::init([](py::object comm, const std::vector<int>& ranks,
                       const std::vector<Dense<Index>>& nodes) {
             require(ranks.size() == nodes.size(), "halo: a list of nodes for each rank");
             std::vector<Neighbour> neighbours;
             for (std::size_t k = 0; k < ranks.size(); ++k)
               neighbours.push_back({ranks[k], to_vector(nodes[k])});
             return std::make_shared<Halo>(std::make_shared<const PythonComm>(std::move(comm)),
                                           std::move(neighbours));
           }),
           py::arg("comm"), py::arg("ranks"), py::arg("nodes"))
      .def_property_readonly("nodes",
                             [](const Halo& h) {
                               return to_numpy<Index>(h.nodes(),
                                                      {static_cast<py::ssize_t>(h.nodes().size())});
                             })
      .def_property_readonly("ghosts",
                             [](const Halo& h) {
                               return to_numpy<Index>(
                                   h.ghosts(), {static_cast<py::ssize_t>(h.ghosts().size())});
                             })
      .def(
          "sum",
          [per_row](const std::shared_ptr<Halo>& halo, Rows values) {
            const SharedNodes<Cpu> shared(halo);
            shared.sum(per_row(shared, values), values.mutable_data());
          },
          py::arg("values").noconvert())
      .def(
          "hide_ghosts",
          [per_row](const std::shared_ptr<Halo>& halo, Rows values) {
            const SharedNodes<Cpu> shared(halo);
            shared.hide_ghosts(per_row(shared, values), values.mutable_data());
          },
          py::arg("values").noconvert());
}

}  // namespace femcrust
