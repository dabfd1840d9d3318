/// y = K u on quadratic tetrahedra, element by element: no matrix in memory.
#pragma once
#include <memory>

#include "backends/cpu.hpp"
#include "core/array.hpp"
#include "elements/geometry.hpp"
#include "elements/tet10.hpp"
#include "operators/ebe_kernels.hpp"
#include "operators/element_blocks.hpp"

namespace femcrust {

/// Borrowed arrays of a discretised body.
struct Body {
  const Index* elements = nullptr;  // [n_elements][10]
  const double* nodes = nullptr;    // [n_nodes][3], m
  const double* lam = nullptr;      // [n_elements], Pa
  const double* mu = nullptr;       // [n_elements], Pa
  Index n_elements = 0, n_nodes = 0;
  const ElementBlocks* blocks = nullptr;  // of these elements; sums at nodes go by them

  const Index* element(Index e) const {
    return elements + static_cast<std::size_t>(e) * tet10::kNodes;
  }
  double gradients(Index e, double g[3][3]) const {
    const Index* const of = element(e);
    return barycentric_gradients([&](int i) { return nodes + 3 * static_cast<std::size_t>(of[i]); },
                                 g);
  }
};

inline const EbeKernels& ebe_kernels() {
#ifdef FEMCRUST_X86
  if (Cpu::instruction_set() == "v4") return v4::ebe_kernels;
  if (Cpu::instruction_set() == "v3") return v3::ebe_kernels;
#endif
  return v2::ebe_kernels;
}

template <class T>
class ElasticEbe {
 public:
  ElasticEbe(const Body& body, std::shared_ptr<const ElementBlocks> blocks)
      : blocks_(std::move(blocks)), gradients_(padded() * 9), moduli_(padded() * 2) {
#pragma omp parallel for schedule(static)
    for (Index e = 0; e < body.n_elements; ++e) {
      double g[3][3];
      const double weight = body.gradients(e, g) / 20;
      for (int k = 0; k < 9; ++k)
        gradients_[ElementBlocks::slot(e, k, 9)] = static_cast<T>(g[k / 3][k % 3]);
      moduli_[ElementBlocks::slot(e, 0, 2)] = static_cast<T>(weight * body.lam[e]);
      moduli_[ElementBlocks::slot(e, 1, 2)] = static_cast<T>(weight * body.mu[e]);
    }
  }

  Index n_nodes() const { return blocks_->n_nodes; }
  std::size_t bytes() const { return gradients_.bytes() + moduli_.bytes(); }
  /// Flops by hand count of tet10.hpp, and bytes if each array were read once.
  double flops_per_apply() const { return 780.0 * blocks_->n_elements; }
  double bytes_per_apply() const {
    return static_cast<double>(bytes() + blocks_->bytes()) + 6.0 * sizeof(T) * n_nodes();
  }

  /// y = K x; x and y are [n_nodes][3][columns], columns 1, 4, 8 or 16.
  void apply(const Array<T>& x, Array<T>& y, int columns = 1) const {
    const EbeKernel<T> kernel = pick(columns);
    const ElementBlocks& b = *blocks_;
    y.fill(T(0));
    const auto scratch_size = static_cast<std::size_t>(2 * kPaddedNode) *
                              static_cast<std::size_t>(columns == 1 ? b.most_nodes : 0);
#pragma omp parallel
    {
      const std::unique_ptr<T, void (*)(void*)> scratch(
          static_cast<T*>(std::aligned_alloc(64, (scratch_size * sizeof(T) + 127) / 64 * 64)),
          std::free);
      for (int c = 0; c < b.n_colours(); ++c) {
        const Index first = b.colour_begin[static_cast<std::size_t>(c)];
        const Index last = b.colour_begin[static_cast<std::size_t>(c) + 1];
#pragma omp for schedule(static)
        for (Index k = first; k < last; ++k)
          kernel(view(b.order[static_cast<std::size_t>(k)]), x.data(), y.data(), scratch.get());
      }
    }
  }

 private:
  static constexpr int kPaddedNode = 4;

  std::size_t padded() const { return static_cast<std::size_t>(blocks_->n_blocks) * kBlock; }

  static EbeKernel<T> pick(int columns) {
    const EbeTable<T>* table;
    if constexpr (sizeof(T) == sizeof(float))
      table = &ebe_kernels().single;
    else
      table = &ebe_kernels().twofold;
    switch (columns) {
      case 1:
        return table->one;
      case 4:
        return table->four;
      case 8:
        return table->eight;
      case 16:
        return table->sixteen;
      default:
        throw ArgumentError("a product takes 1, 4, 8 or 16 right-hand sides");
    }
  }

  EbeBlock<T> view(Index block) const {
    const ElementBlocks& b = *blocks_;
    const auto at = static_cast<std::size_t>(block);
    const std::size_t batch = at * kBatches * kLanes;
    return {b.nodes.data() + b.node_begin[at],
            b.node_begin[at + 1] - b.node_begin[at],
            b.batches(block),
            b.local.data() + batch * tet10::kNodes,
            gradients_.data() + batch * 9,
            moduli_.data() + batch * 2,
            std::min<Index>(kBlock, b.n_elements - block * kBlock)};
  }

  std::shared_ptr<const ElementBlocks> blocks_;
  Array<T> gradients_;  // [n_blocks][kBatches][9][kLanes], 1/m
  Array<T> moduli_;     // [n_blocks][kBatches][2][kLanes], V/20 λ and V/20 μ, Pa m³
};

}  // namespace femcrust
