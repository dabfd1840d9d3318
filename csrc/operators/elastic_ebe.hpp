/// y = K u on quadratic tetrahedra, element by element: no matrix in memory.
#pragma once
#include <memory>

#include "backends/cpu.hpp"
#include "core/array.hpp"
#include "elements/geometry.hpp"
#include "elements/tet10.hpp"
#include "operators/ebe_kernels.hpp"
#include "operators/element_blocks.hpp"
#include "operators/nodal_vectors.hpp"

namespace femcrust {

/// Borrowed arrays of a discretised body.
struct Body {
  const Index* elements = nullptr;  // [n_elements][10]
  const double* nodes = nullptr;    // [n_nodes][3], m
  const double* lam = nullptr;      // [n_elements], Pa
  const double* mu = nullptr;       // [n_elements], Pa
  Index n_elements = 0, n_nodes = 0;
  Index n_vertices = 0;                   // nodes are numbered vertices first
  const ElementBlocks* blocks = nullptr;  // of these elements; sums at nodes go by them
  double unit = 1;                        // N/m: operators come in multiples of it

  const Index* element(Index e) const {
    return elements + static_cast<std::size_t>(e) * tet10::kNodes;
  }
  double lambda(Index e) const { return lam[e] / unit; }
  double shear(Index e) const { return mu[e] / unit; }
  double gradients(Index e, double g[3][3]) const {
    const Index* const of = element(e);
    return barycentric_gradients([&](int i) { return nodes + 3 * static_cast<std::size_t>(of[i]); },
                                 g);
  }
};

template <class T>
class ElasticEbe {
 public:
  ElasticEbe(const Body& body, std::shared_ptr<const ElementBlocks> blocks)
      : n_vertices_(body.n_vertices),
        blocks_(std::move(blocks)),
        gradients_(padded() * 9),
        moduli_(padded() * 2) {
#pragma omp parallel for schedule(static)
    for (Index e = 0; e < body.n_elements; ++e) {
      double g[3][3];
      const double weight = body.gradients(e, g) / 20;
      for (int k = 0; k < 9; ++k)
        gradients_[ElementBlocks::slot(e, k, 9)] = static_cast<T>(g[k / 3][k % 3]);
      moduli_[ElementBlocks::slot(e, 0, 2)] = static_cast<T>(weight * body.lambda(e));
      moduli_[ElementBlocks::slot(e, 1, 2)] = static_cast<T>(weight * body.shear(e));
    }
  }

  Index n_nodes() const { return blocks_->n_nodes; }
  std::size_t bytes() const { return gradients_.bytes() + moduli_.bytes(); }
  /// Flops by hand count of tet10_product.hpp, and bytes if each array were read once.
  double flops_per_apply() const { return 620.0 * blocks_->n_elements; }
  double bytes_per_apply() const {
    return static_cast<double>(bytes() + blocks_->bytes()) + 6.0 * sizeof(T) * n_nodes();
  }

  /// y = K x; x and y are [n_nodes][3][width] in format F.
  template <class F>
  void apply(int width, const Words<F>& x, Words<F>& y) const {
    run<F>(pick(kernels<F>().product, width), width, x.data(), y);
  }

  /// y = K P x with x on the vertices, [n_vertices][3][width]: a third of the work of K x.
  template <class F>
  void apply_linear(int width, const Array<T>& x, Words<F>& y) const {
    run<F>(pick(kernels<F>().linear, width), width, x.data(), y);
  }

 private:
  static constexpr std::size_t kPaddedNode = 4;

  std::size_t padded() const { return static_cast<std::size_t>(blocks_->n_blocks) * kBlock; }

  template <class F>
  static const auto& kernels() {
    static_assert(std::is_same_v<typename F::Real, T>);
    return FEMCRUST_FOR_THIS_CPU(ebe_kernels).of(F{});
  }

  template <class Kernel, std::size_t N>
  static Kernel pick(const Kernel (&by_width)[N], int width) {
    const int slot = width_slot(width);
    require(slot >= 0, "a product takes 1, 4, 8 or 16 right-hand sides");
    require(slot < static_cast<int>(N), "packed storage serves one right-hand side at a time");
    return by_width[slot];
  }

  /// Colour after colour, each block by one thread.
  template <class F, class Kernel, class Word>
  void run(Kernel kernel, int width, const Word* x, Words<F>& y) const {
    const ElementBlocks& b = *blocks_;
    const std::size_t scratch =
        width == 1 ? 2 * kPaddedNode * static_cast<std::size_t>(b.most_nodes) : 0;
#pragma omp parallel
    for (int c = 0; c < b.n_colours(); ++c) {
      const Index first = b.colour_begin[static_cast<std::size_t>(c)];
      const Index last = b.colour_begin[static_cast<std::size_t>(c) + 1];
#pragma omp for schedule(static)
      for (Index k = first; k < last; ++k)
        kernel(view(k, k + 1 < last), x, y.data(), Cpu::scratch<T>(scratch));
    }
    const std::size_t per_node = F::kWords * static_cast<std::size_t>(width);
    for (const Index node : b.untouched)
      std::fill_n(y.data() + static_cast<std::size_t>(node) * per_node, per_node,
                  typename F::Word{});
  }

  EbeBlock<T> view(Index place, bool more) const {
    const ElementBlocks& b = *blocks_;
    const Index block = b.order[static_cast<std::size_t>(place)];
    const auto next = static_cast<std::size_t>(b.order[static_cast<std::size_t>(place + more)]);
    const auto at = static_cast<std::size_t>(block);
    const std::size_t batch = at * kBatches * kLanes;
    return {b.nodes.data() + b.node_begin[at],
            b.node_begin[at + 1] - b.node_begin[at],
            b.set_end[at] - b.node_begin[at],
            n_vertices_,
            b.batches(block),
            b.local.data() + batch * tet10::kNodes,
            gradients_.data() + batch * 9,
            moduli_.data() + batch * 2,
            std::min<Index>(kBlock, b.n_elements - block * kBlock),
            b.nodes.data() + b.node_begin[next],
            more ? b.node_begin[next + 1] - b.node_begin[next] : 0};
  }

  Index n_vertices_;
  std::shared_ptr<const ElementBlocks> blocks_;
  Array<T> gradients_;  // [n_blocks][kBatches][9][kLanes], 1/m
  Array<T> moduli_;     // [n_blocks][kBatches][2][kLanes], V/20 λ and V/20 μ, Pa m³
};

}  // namespace femcrust
