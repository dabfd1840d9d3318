/// y = K u on quadratic tetrahedra, element by element: no matrix in memory.
#pragma once
#include <memory>

#include "backends/cpu.hpp"
#include "core/array.hpp"
#include "operators/body.hpp"
#include "operators/ebe_kernels.hpp"
#include "operators/nodal_vectors.hpp"

namespace femcrust {

/// How a backend cuts the elements into blocks, and its product: one specialisation a backend.
template <class B>
struct BlocksOf;
template <>
struct BlocksOf<Cpu> {
  using Type = ElementBlocks;
};
template <class B>
using BlocksOn = typename BlocksOf<B>::Type;

template <class T, class B>
class ElasticEbe;

/// Those that a product takes: at the border of a rank, or the others, which then add to its sums.
enum class Blocks { all, border, inner };

/// The kernel of a width, from a table by width.
template <class Kernel, std::size_t N>
Kernel pick(const Kernel (&by_width)[N], int width) {
  const int slot = width_slot(width);
  require(slot >= 0, "a product takes 1, 4, 8 or 16 right-hand sides");
  require(slot < static_cast<int>(N), "packed storage serves one right-hand side at a time");
  return by_width[slot];
}

/// What the kernels read of elements, and where it lies.
template <class T>
class Elements {
 public:
  Elements(const Body& body, const ElementBlocks& blocks)
      : gradients_(static_cast<std::size_t>(blocks.n_blocks) * kBlock * 9),
        moduli_(static_cast<std::size_t>(blocks.n_blocks) * kBlock * 2) {
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

  std::size_t bytes() const { return gradients_.bytes() + moduli_.bytes(); }
  ElementData<T> of_block(Index block) const {
    const std::size_t first = static_cast<std::size_t>(block) * kBlock;
    return {gradients_.data() + 9 * first, moduli_.data() + 2 * first};
  }

 private:
  Array<T> gradients_;  // [n_blocks][kBatches][9][kLanes], 1/m
  Array<T> moduli_;     // [n_blocks][kBatches][2][kLanes], V/20 λ and V/20 μ, Pa m³
};

/// In double the body's own arrays serve, but for the last block, which is padded.
template <>
class Elements<double> {
 public:
  Elements(const Body& body, const ElementBlocks& blocks)
      : lam_(body.lam),
        mu_(body.mu),
        unit_(body.unit),
        last_(blocks.n_blocks - 1),
        last_lam_(kBlock),
        last_mu_(kBlock),
        vertices_(4 * static_cast<std::size_t>(body.n_vertices)) {
    const std::size_t first = static_cast<std::size_t>(last_) * kBlock;
    const auto n = static_cast<std::size_t>(body.n_elements);
    std::copy(lam_ + first, lam_ + n, last_lam_.data());
    std::copy(mu_ + first, mu_ + n, last_mu_.data());
    const Index n_vertices = body.n_vertices;
#pragma omp parallel for schedule(static)
    for (Index v = 0; v < n_vertices; ++v)
      std::copy_n(body.nodes + 3 * static_cast<std::size_t>(v), 3,
                  vertices_.data() + 4 * static_cast<std::size_t>(v));
  }

  std::size_t bytes() const { return vertices_.bytes() + last_lam_.bytes() + last_mu_.bytes(); }
  ElementData<double> of_block(Index block) const {
    const std::size_t first = static_cast<std::size_t>(block) * kBlock;
    if (block == last_) return {vertices_.data(), last_lam_.data(), last_mu_.data(), unit_};
    return {vertices_.data(), lam_ + first, mu_ + first, unit_};
  }

 private:
  const double *lam_, *mu_;
  double unit_;
  Index last_;
  Array<double> last_lam_, last_mu_;
  Array<double> vertices_;  // [n_vertices][4]
};

template <class T>
class ElasticEbe<T, Cpu> {
 public:
  ElasticEbe(const Body& body, std::shared_ptr<const ElementBlocks> blocks)
      : n_vertices_(body.n_vertices), blocks_(std::move(blocks)), elements_(body, *blocks_) {}

  Index n_nodes() const { return blocks_->n_nodes; }
  std::size_t bytes() const { return elements_.bytes(); }
  /// Of one product with one right-hand side, by hand count of tet10_product.hpp.
  std::int64_t flops() const { return std::int64_t{620} * blocks_->n_elements; }

  /// y = K x; x and y are [n_nodes][3][width] in format F.
  template <class F>
  void apply(int width, const Words<Cpu, F>& x, Words<Cpu, F>& y,
             Blocks which = Blocks::all) const {
    run<F>(pick(kernels<F>().product, width), width, x.data(), y, which);
  }

  /// y = K P x with x on the vertices, [n_vertices][3][width]: a third of the work of K x.
  template <class F>
  void apply_linear(int width, const Array<T>& x, Words<Cpu, F>& y,
                    Blocks which = Blocks::all) const {
    run<F>(pick(kernels<F>().linear, width), width, x.data(), y, which);
  }

 private:
  static constexpr std::size_t kPaddedNode = 4;

  template <class F>
  static const auto& kernels() {
    static_assert(std::is_same_v<typename F::Real, T>);
    return FEMCRUST_FOR_THIS_CPU(ebe_kernels).of(F{});
  }

  /// Colour after colour, each block by one thread.
  template <class F, class Kernel, class Word>
  void run(Kernel kernel, int width, const Word* x, Words<Cpu, F>& y, Blocks which) const {
    const ElementBlocks& b = *blocks_;
    const int from = which == Blocks::inner ? b.border_colours : 0;
    const int to = which == Blocks::border ? b.border_colours : b.n_colours();
    const std::size_t scratch =
        width == 1 ? 2 * kPaddedNode * static_cast<std::size_t>(b.most_nodes) : 0;
#pragma omp parallel
    for (int c = from; c < to; ++c) {
      const Index first = b.colour_begin[static_cast<std::size_t>(c)];
      const Index last = b.colour_begin[static_cast<std::size_t>(c) + 1];
#pragma omp for schedule(static)
      for (Index k = first; k < last; ++k)
        kernel(view(k, k + 1 < last), x, y.data(), Cpu::scratch<T>(scratch));
    }
    if (which == Blocks::border) return;
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
            elements_.of_block(block),
            std::min<Index>(kBlock, b.n_elements - block * kBlock),
            b.nodes.data() + b.node_begin[next],
            more ? b.node_begin[next + 1] - b.node_begin[next] : 0};
  }

  Index n_vertices_;
  std::shared_ptr<const ElementBlocks> blocks_;
  Elements<T> elements_;
};

}  // namespace femcrust
