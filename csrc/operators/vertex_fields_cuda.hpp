/// Strain at vertices and forces of vertex stresses, of listed elements, on a device;
/// displacements, stresses and forces come from the host and return to it.
#pragma once
#include <memory>
#include <vector>

#include "operators/elastic_ebe_cuda.hpp"
#include "operators/vertex_fields_device.hpp"

namespace femcrust {

/// Listed elements of a body, in device memory while it lives.
class DeviceFields {
 public:
  DeviceFields(const Body& body, const DeviceElementBlocks& blocks, const Index* listed, Index n)
      : forces_(30 * static_cast<std::size_t>(n)) {
    const ElementListLayout layout(body.elements, listed, n);
    list_ = layout.view(
        [this](const auto* data, std::size_t count) {
          using T = std::remove_cvref_t<decltype(*data)>;
          auto kept = std::make_shared<DeviceArray<T>>();
          Cuda::copy_in(data, count, *kept);
          const T* const at = kept->data();
          arrays_.push_back(std::move(kept));
          return at;
        },
        blocks.vertices(), forces_.data());
  }

  /// u: [n_nodes][3]; out: [n][4][6]
  void strain(const double* u, Index n_nodes, double* out) const {
    DeviceArray<double> values, found(24 * static_cast<std::size_t>(list_.n));
    Cuda::copy_in(u, 3 * static_cast<std::size_t>(n_nodes), values);
    kernels().strain(list_, values.data(), found.data());
    Cuda::copy_out(found, out);
  }

  /// stress: [n][4][6]; f: [n_nodes][3], set
  void divergence(const double* stress, Index n_nodes, double* f) const {
    DeviceArray<double> values, found(3 * static_cast<std::size_t>(n_nodes));
    Cuda::copy_in(stress, 24 * static_cast<std::size_t>(list_.n), values);
    kernels().divergence(list_, values.data(), found.data());
    Cuda::copy_out(found, f);
  }

 private:
  static const VertexFieldKernels& kernels() {
    return FEMCRUST_FOR_THIS_DEVICE(vertex_field_kernels);
  }

  std::vector<std::shared_ptr<void>> arrays_;
  DeviceArray<double> forces_;
  DeviceElementList list_{};
};

}  // namespace femcrust
