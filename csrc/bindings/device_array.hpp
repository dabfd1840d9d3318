/// Arrays of doubles in device memory as Python sees them: they speak `__cuda_array_interface__`
/// and DLPack, so that CuPy and PyTorch use them in place, and takes theirs by DLPack.
#pragma once
#include <memory>
#include <utility>
#include <vector>

#include "backends/cuda.hpp"
#include "bindings/arrays.hpp"
#include "bindings/dlpack.hpp"

namespace femcrust {

class PythonDeviceArray {
 public:
  using Shape = std::vector<py::ssize_t>;

  PythonDeviceArray(DeviceArray<double> values, Shape shape)
      : values_(std::make_shared<DeviceArray<double>>(std::move(values))),
        shape_(std::move(shape)) {}

  static PythonDeviceArray from_numpy(const Dense<double>& a) {
    DeviceArray<double> values;
    Cuda::copy_in(a.data(), static_cast<std::size_t>(a.size()), values);
    return {std::move(values), {a.shape(), a.shape() + a.ndim()}};
  }

  /// The memory of another library's array, which lives as long as this.
  static PythonDeviceArray from_dlpack(const py::object& other) {
    const auto capsule =
        py::reinterpret_borrow<py::capsule>(other.attr("__dlpack__")(**stream_of_legacy_default()));
    auto* const managed =
        static_cast<dlpack::ManagedTensor*>(PyCapsule_GetPointer(capsule.ptr(), "dltensor"));
    if (managed == nullptr) throw py::error_already_set();
    const dlpack::Tensor& t = managed->tensor;
    require(t.device.type == device_type() && t.device.id == device_id(),
            "from_dlpack: the array is not on the device");
    require(t.type.code == dlpack::kFloat && t.type.bits == 64 && t.type.lanes == 1,
            "from_dlpack: the array does not hold doubles");
    Shape shape(t.shape, t.shape + t.ndim);
    py::ssize_t size = 1;
    for (std::size_t d = shape.size(); d-- > 0;) {
      require(t.strides == nullptr || shape[d] == 1 || t.strides[d] == size,
              "from_dlpack: the rows of the array do not lie one after another");
      size *= shape[d];
    }
    auto* const data = reinterpret_cast<double*>(static_cast<char*>(t.data) + t.byte_offset);
    require(reinterpret_cast<std::uintptr_t>(data) % kAlignment == 0,
            "from_dlpack: the array does not begin at a multiple of 16 bytes; copy it");
    PythonDeviceArray out(DeviceArray<double>::borrowed(data, static_cast<std::size_t>(size)),
                          std::move(shape));
    PyCapsule_SetName(capsule.ptr(), "used_dltensor");
    out.owner_ = std::shared_ptr<dlpack::ManagedTensor>(managed, [](dlpack::ManagedTensor* m) {
      if (m->deleter != nullptr) m->deleter(m);
    });
    return out;
  }

  const DeviceArray<double>& values() const { return *values_; }
  DeviceArray<double>& values() { return *values_; }
  const Shape& shape() const { return shape_; }
  py::ssize_t ndim() const { return static_cast<py::ssize_t>(shape_.size()); }

  py::array_t<double> numpy() const { return fetched<Cuda>(*values_, shape_); }

  /// Version 3 of the interface, after all work on the array has ended.
  py::dict cuda_array_interface() const {
    if (Cuda::emulated())
      throw py::attribute_error("__cuda_array_interface__: an emulated device is no CUDA device");
    Cuda::runtime().synchronize();
    using namespace py::literals;
    const auto address = reinterpret_cast<std::uintptr_t>(values_->data());
    return py::dict("shape"_a = py::tuple(py::cast(shape_)), "typestr"_a = "<f8",
                    "data"_a = py::make_tuple(address, false), "version"_a = 3);
  }

  py::tuple dlpack_device() const { return py::make_tuple(device_type(), device_id()); }

  py::capsule dlpack() const {
    Cuda::runtime().synchronize();
    struct Export {
      dlpack::ManagedTensor managed;
      std::shared_ptr<DeviceArray<double>> values;
      std::shared_ptr<dlpack::ManagedTensor> owner;
      std::vector<std::int64_t> shape;
    };
    auto* const e = new Export{{}, values_, owner_, {shape_.begin(), shape_.end()}};
    e->managed.tensor = {values_->data(),
                         {device_type(), device_id()},
                         static_cast<std::int32_t>(shape_.size()),
                         {dlpack::kFloat, 64, 1},
                         e->shape.data(),
                         nullptr,
                         0};
    e->managed.context = e;
    e->managed.deleter = [](dlpack::ManagedTensor* m) { delete static_cast<Export*>(m->context); };
    return py::capsule(&e->managed, "dltensor", [](PyObject* capsule) {
      if (!PyCapsule_IsValid(capsule, "dltensor")) return;  // someone took it, and will delete it
      auto* const m =
          static_cast<dlpack::ManagedTensor*>(PyCapsule_GetPointer(capsule, "dltensor"));
      m->deleter(m);
    });
  }

 private:
  static constexpr std::uintptr_t kAlignment = 16;  // of the widest loads of our kernels

  static std::int32_t device_type() { return Cuda::emulated() ? dlpack::kCpu : dlpack::kCuda; }
  static std::int32_t device_id() { return Cuda::emulated() ? 0 : Cuda::runtime().chosen(); }

  /// The producer makes its array ready on the legacy default stream (1), and our stream waits for
  /// that one by CUDA's own rule; arrays of a processor have no stream.
  static py::dict stream_of_legacy_default() {
    py::dict arguments;
    if (!Cuda::emulated()) arguments["stream"] = 1;
    return arguments;
  }

  std::shared_ptr<DeviceArray<double>> values_;
  Shape shape_;
  std::shared_ptr<dlpack::ManagedTensor> owner_;  // of borrowed memory
};

inline void bind_device_array(py::module_& m) {
  using A = PythonDeviceArray;
  py::class_<A>(m, "Array")
      .def_static("from_numpy", &A::from_numpy)
      .def_static("from_dlpack", &A::from_dlpack)
      .def("numpy", &A::numpy)
      .def_property_readonly("shape", [](const A& a) { return py::tuple(py::cast(a.shape())); })
      .def_property_readonly("__cuda_array_interface__", &A::cuda_array_interface)
      .def("__dlpack_device__", &A::dlpack_device)
      .def("__dlpack__", [](const A& a, const py::kwargs&) { return a.dlpack(); });
}

/// Shape (n_nodes, 3) or (n_nodes, 3, r); returns r.
inline int width_of(const PythonDeviceArray& x, Index n_nodes, const char* name) {
  const auto& shape = x.shape();
  require((x.ndim() == 2 || x.ndim() == 3) && shape[0] == n_nodes && shape[1] == 3,
          std::string(name) + ": shape (n_nodes, 3) or (n_nodes, 3, r)");
  const int width = x.ndim() == 3 ? static_cast<int>(shape[2]) : 1;
  require(width_slot(width) >= 0, std::string(name) + ": 1, 4, 8 or 16 right-hand sides");
  return width;
}

}  // namespace femcrust
