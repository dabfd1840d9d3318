/// The element product on a device: the layout of ebe_device.hpp in device memory, shared by all
/// precisions, and what one precision adds.
#pragma once
#include <memory>
#include <vector>

#include "operators/device_layout.hpp"
#include "operators/ebe_device_mma.hpp"
#include "operators/elastic_ebe.hpp"
#include "operators/element_choice.hpp"

namespace femcrust {

/// The blocks of a body and its vertices, in device memory.
class DeviceElementBlocks {
 public:
  explicit DeviceElementBlocks(const Body& body) {
    const DeviceLayout layout(body.elements, body.n_elements, body.n_nodes, body.n_vertices);
    blocks_ = layout.view([this](const auto* data, std::size_t count) {
      using T = std::remove_cvref_t<decltype(*data)>;
      auto kept = std::make_shared<DeviceArray<T>>();
      Cuda::copy_in(data, count, *kept);
      bytes_ += kept->bytes();
      const T* const at = kept->data();
      arrays_.push_back(std::move(kept));
      return at;
    });
    Cuda::copy_in(body.nodes, 3 * static_cast<std::size_t>(body.n_vertices), vertices_);
    bytes_ += vertices_.bytes();
  }

  const DeviceBlocks& view() const { return blocks_; }
  const double* vertices() const { return vertices_.data(); }
  std::size_t bytes() const { return bytes_ + parts_.bytes(); }

  /// Room for the sums of guests, of one product at a time.
  template <class T>
  T* parts(int width) const {
    const std::size_t values =
        3 * static_cast<std::size_t>(blocks_.n_parts) * static_cast<std::size_t>(width);
    parts_.resize((values * sizeof(T) + sizeof(double) - 1) / sizeof(double));
    return reinterpret_cast<T*>(parts_.data());
  }

 private:
  DeviceBlocks blocks_{};
  std::size_t bytes_ = 0;
  std::vector<std::shared_ptr<void>> arrays_;
  DeviceArray<double> vertices_;  // [n_vertices][3], m
  mutable DeviceArray<double> parts_;
};

template <>
struct BlocksOf<Cuda> {
  using Type = DeviceElementBlocks;
};

template <class T>
class ElasticEbe<T, Cuda> {
 public:
  ElasticEbe(const Body& body, std::shared_ptr<const DeviceElementBlocks> blocks)
      : blocks_(std::move(blocks)),
        moduli_(Cuda::placed(device_moduli<T>(body.lam, body.mu, body.n_elements, body.unit))) {
    if constexpr (std::is_same_v<T, float>) choose_kernels(element_choice().by_width());
  }

  Index n_nodes() const { return blocks_->view().n_nodes; }
  std::size_t bytes() const { return moduli_.bytes(); }
  /// Of one product with one right-hand side: 620 by hand count of tet10_product.hpp, and
  /// gradients.
  std::int64_t flops() const { return std::int64_t{680} * blocks_->view().n_elements; }

  /// y = K x; x and y are [n_nodes][3][width] in format F.
  template <class F>
  void apply(int width, const Words<Cuda, F>& x, Words<Cuda, F>& y) const {
    DeviceProduct<F> product = pick(kernels<F>().product, width);
    if constexpr (std::is_same_v<F, Fp32>) {
      const DeviceProduct<Fp32> chosen = chosen_[width_slot(width)];
      if (chosen != nullptr) product = chosen;
    }
    product(body(width), x.data(), y.data());
  }

  /// y = K P x with x on the vertices, [n_vertices][3][width].
  template <class F>
  void apply_linear(int width, const DeviceArray<T>& x, Words<Cuda, F>& y) const {
    pick(kernels<F>().linear, width)(body(width), x.data(), y.data());
  }

  /// What the kernels read, with room for the sums of guests of `width` columns.
  DeviceBody<T> body(int width) const {
    return {blocks_->view(), blocks_->vertices(), moduli_.data(),
            blocks_->template parts<T>(width)};
  }

 private:
  template <class F>
  static const auto& kernels() {
    static_assert(std::is_same_v<typename F::Real, T>);
    return FEMCRUST_FOR_THIS_DEVICE(ebe_kernels).of(F{});
  }

  void choose_kernels(const std::vector<ElementKernel>& kinds) {
    const DeviceMmaKernels& mma = FEMCRUST_FOR_THIS_DEVICE(ebe_mma_kernels);
    constexpr std::size_t kFirst = DeviceMmaKernels::kFirstWidth;
    for (std::size_t slot = kFirst; slot < kinds.size(); ++slot)
      if (kinds[slot] != ElementKernel::plain)
        chosen_[slot] = mma.product[kinds[slot] == ElementKernel::mma2][slot - kFirst];
  }

  std::shared_ptr<const DeviceElementBlocks> blocks_;
  DeviceArray<T> moduli_;               // [n_elements][2]
  DeviceProduct<Fp32> chosen_[4] = {};  // by width; null: the plain one
};

}  // namespace femcrust
