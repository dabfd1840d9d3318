/// The element product of a device, for the tests: its layout as arrays, and products of words.
#pragma once
#include <functional>
#include <memory>

#include "backends/device/device_copy.hpp"
#include "bindings/arrays.hpp"
#include "bindings/storage.hpp"
#include "operators/device_layout.hpp"
#include "operators/ebe_device_mma.hpp"
#include "operators/vertex_fields_device.hpp"

namespace femcrust {

/// Copies in device memory that live as long as this.
class DeviceCopies {
 public:
  explicit DeviceCopies(const DeviceRuntime& runtime) : runtime_(runtime) {}
  template <class T>
  const T* operator()(const T* values, std::size_t n) {
    if (n == 0) return nullptr;
    auto copy = std::make_shared<DeviceCopy<T>>(runtime_, values, n);
    held_.push_back(copy);
    return copy->data();
  }

 private:
  const DeviceRuntime& runtime_;
  std::vector<std::shared_ptr<void>> held_;
};

inline py::dict layout_arrays(const DeviceLayout& layout) {
  py::list blocks;
  for (const DeviceBlock& b : layout.blocks)
    blocks.append(py::make_tuple(b.first_node, b.first_part, b.first_element, b.n_elements,
                                 b.n_nodes, b.n_vertices, b.n_guests));
  const auto listed = [](const auto& a) {
    using T = std::remove_cvref_t<decltype(*a.data())>;
    return to_numpy<T>(a, {static_cast<py::ssize_t>(a.size())});
  };
  using namespace py::literals;
  return py::dict("blocks"_a = blocks, "nodes"_a = listed(layout.nodes),
                  "places"_a = listed(layout.places), "ranks"_a = listed(layout.ranks),
                  "guests"_a = listed(layout.guests), "met"_a = listed(layout.met),
                  "rows"_a = listed(layout.rows), "row_begin"_a = listed(layout.row_begin),
                  "bytes"_a = layout.bytes());
}

inline void bind_device_layout(py::module_& m) {
  py::class_<DeviceLayout, std::shared_ptr<DeviceLayout>>(m, "DeviceLayout")
      .def(py::init([](const Dense<Index>& elements, Index n_nodes, Index n_vertices,
                       int of_a_block, const Dense<Index>& order) {
             require_shape(elements, {-1, tet10::kNodes}, "elements");
             return std::make_shared<DeviceLayout>(
                 elements.data(), static_cast<Index>(elements.shape(0)), n_nodes, n_vertices,
                 DeviceLimits::of(of_a_block), to_vector(order));
           }),
           py::arg("elements"), py::arg("n_nodes"), py::arg("n_vertices"),
           py::arg("of_a_block") = 256, py::arg("order") = Dense<Index>(0))
      .def_property_readonly("arrays", layout_arrays);
}

/// One product in format F: `kind` is product, linear or atomics, in float mma1 or mma2 too; x and
/// what it returns are words.
template <class F>
py::array device_product(const DeviceRuntime& runtime, const DeviceEbeKernels& kernels,
                         const DeviceMmaKernels& mma, const DeviceLayout& layout,
                         const Dense<double>& nodes, const Dense<double>& lam,
                         const Dense<double>& mu, double unit, const std::string& kind, int width,
                         const py::array& x) {
  using T = typename F::Real;
  using Word = typename F::Word;
  const auto& table = kernels.of(F{});
  constexpr bool kOneColumn = std::size(decltype(table.product){}) == 1;
  const int slot = width_slot(width);
  require(slot >= 0 && (slot == 0 || !kOneColumn), "width: no kernel for it");
  const bool linear = kind == "linear";
  const auto per_node = static_cast<std::size_t>(F::kWords * width);
  const std::size_t in = linear ? 3 * static_cast<std::size_t>(width * layout.n_vertices)
                                : per_node * static_cast<std::size_t>(layout.n_nodes);
  require(static_cast<std::size_t>(x.size()) == in && (x.flags() & py::array::c_style) != 0 &&
              static_cast<std::size_t>(x.itemsize()) == (linear ? sizeof(T) : sizeof(Word)),
          "x: wrong shape or type");
  require_shape(nodes, {layout.n_nodes, 3}, "nodes");
  require_shape(lam, {layout.n_elements}, "lam");
  require_shape(mu, {layout.n_elements}, "mu");

  DeviceCopies copies(runtime);
  const Array<T> moduli = device_moduli<T>(lam.data(), mu.data(), layout.n_elements, unit);
  DeviceCopy<T> parts(
      runtime, std::max<std::size_t>(1, 3 * static_cast<std::size_t>(width) * layout.rows.size()));
  const DeviceBody<T> body{layout.view(std::ref(copies)),
                           copies(nodes.data(), 3 * static_cast<std::size_t>(layout.n_vertices)),
                           copies(moduli.data(), moduli.size()), parts.data()};
  DeviceCopy<Word> y(runtime, per_node * static_cast<std::size_t>(layout.n_nodes));
  const auto at = static_cast<std::size_t>(slot);
  if (linear) {
    table.linear[at](body, copies(static_cast<const T*>(x.data()), in), y.data());
  } else if (kind == "product") {
    table.product[at](body, copies(static_cast<const Word*>(x.data()), in), y.data());
  } else if (kind == "mma1" || kind == "mma2") {
    constexpr int kFirst = DeviceMmaKernels::kFirstWidth;
    require(slot >= kFirst, "width: Tensor Cores serve 8 and 16 columns");
    if constexpr (std::is_same_v<F, Fp32>)
      mma.product[kind == "mma2"][slot - kFirst](
          body, copies(static_cast<const Word*>(x.data()), in), y.data());
  } else {
    if constexpr (kOneColumn)
      throw ArgumentError("kind: numbers that share words have no atomics");
    else
      table.product_by_atomics[at](body, copies(static_cast<const Word*>(x.data()), in), y.data());
  }
  py::array_t<Word> out(
      {static_cast<py::ssize_t>(layout.n_nodes), static_cast<py::ssize_t>(per_node)});
  y.to_host(out.mutable_data());
  return out;
}

inline void bind_device_ebe(py::module_ m, const DeviceRuntime& runtime,
                            const DeviceEbeKernels& kernels, const DeviceMmaKernels& mma,
                            const VertexFieldKernels& fields) {
  m.def("element_product",
        [&](const DeviceLayout& layout, const Dense<double>& nodes, const Dense<double>& lam,
            const Dense<double>& mu, double unit, const std::string& format,
            const std::string& kind, int width, const py::array& x) {
          return with_format(format, [&](auto f) {
            return device_product<decltype(f)>(runtime, kernels, mma, layout, nodes, lam, mu, unit,
                                               kind, width, x);
          });
        });
  const auto with_list = [&runtime](const Dense<Index>& elements, const Dense<double>& nodes,
                                    const Dense<Index>& listed, const auto& use) {
    const ElementListLayout layout(elements.data(), listed.data(),
                                   static_cast<Index>(listed.size()));
    DeviceCopies copies(runtime);
    DeviceCopy<double> forces(runtime, std::max<std::size_t>(1, 3 * layout.rows.size()));
    use(copies,
        layout.view(std::ref(copies), copies(nodes.data(), static_cast<std::size_t>(nodes.size())),
                    forces.data()));
  };
  m.def("strain", [&runtime, &fields, with_list](
                      const Dense<Index>& elements, const Dense<double>& nodes,
                      const Dense<Index>& listed, const Dense<double>& u) {
    py::array_t<double> out({listed.size(), py::ssize_t{4}, py::ssize_t{6}});
    with_list(elements, nodes, listed, [&](DeviceCopies& copies, const DeviceElementList& list) {
      DeviceCopy<double> strain(runtime, static_cast<std::size_t>(out.size()));
      fields.strain(list, copies(u.data(), static_cast<std::size_t>(u.size())), strain.data());
      strain.to_host(out.mutable_data());
    });
    return out;
  });
  m.def("stress_divergence", [&runtime, &fields, with_list](
                                 const Dense<Index>& elements, const Dense<double>& nodes,
                                 const Dense<Index>& listed, const Dense<double>& stress,
                                 const Dense<double>& f) {
    py::array_t<double> out({f.shape(0), f.shape(1)});
    with_list(elements, nodes, listed, [&](DeviceCopies& copies, const DeviceElementList& list) {
      DeviceCopy<double> sum(runtime, f.data(), static_cast<std::size_t>(f.size()));
      fields.divergence(list, copies(stress.data(), static_cast<std::size_t>(stress.size())),
                        sum.data());
      sum.to_host(out.mutable_data());
    });
    return out;
  });
}

}  // namespace femcrust
