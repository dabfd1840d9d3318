/// What the rungs of the ladder read, on the host and on the device, and what K x should be.
#pragma once
#include <algorithm>
#include <functional>
#include <map>
#include <memory>

#include "backends/device/device_copy.hpp"
#include "elements/geometry.hpp"
#include "elements/tet10_product.hpp"
#include "ladder_body.hpp"
#include "operators/device_layout.hpp"

namespace femcrust::ladder {

/// Copies in device memory that live as long as this.
class Copies {
 public:
  explicit Copies(const DeviceRuntime& runtime) : runtime_(&runtime) {}
  template <class T>
  const T* operator()(const T* values, std::size_t n) {
    if (n == 0) return nullptr;
    auto copy = std::make_shared<DeviceCopy<T>>(*runtime_, values, n);
    held_.push_back(copy);
    return copy->data();
  }

 private:
  const DeviceRuntime* runtime_;
  std::vector<std::shared_ptr<void>> held_;
};

/// Blocks of one size in device memory, as they come or colour by colour.
struct Blocks {
  DeviceBlocks view;
  std::vector<Index> colour_begin;  // [n_colours + 1] blocks; empty where they are not coloured
};

/// Greedy: each block takes the first colour that none of its nodes has seen. The blocks, colour by
/// colour, and where each colour begins.
inline std::vector<Index> coloured(const DeviceLayout& layout, std::vector<Index>& begin) {
  std::vector<std::uint64_t> seen(static_cast<std::size_t>(layout.n_nodes), 0);
  std::vector<std::vector<Index>> of_colour;
  for (std::size_t b = 0; b < layout.blocks.size(); ++b) {
    const DeviceBlock& block = layout.blocks[b];
    const std::uint32_t* const nodes = layout.nodes.data() + block.first_node;
    std::uint64_t used = 0;
    for (int k = 0; k < block.n_nodes; ++k) used |= seen[nodes[k] & DeviceNode::kNumber];
    const auto colour = static_cast<std::size_t>(__builtin_ctzll(~used));
    for (int k = 0; k < block.n_nodes; ++k) seen[nodes[k] & DeviceNode::kNumber] |= 1ULL << colour;
    if (of_colour.size() <= colour) of_colour.resize(colour + 1);
    of_colour[colour].push_back(static_cast<Index>(b));
  }
  std::vector<Index> order;
  begin.assign(1, 0);
  for (const auto& blocks : of_colour) {
    order.insert(order.end(), blocks.begin(), blocks.end());
    begin.push_back(static_cast<Index>(order.size()));
  }
  return order;
}

/// One body in every form that a version asks for.
class Data {
 public:
  Data(const DeviceRuntime& runtime, Index cubes)
      : runtime_(runtime), copies_(runtime), body_(cubes) {
    vertices_ = copies_(body_.vertices.data(), body_.vertices.size());
    const auto n = static_cast<std::size_t>(body_.n_elements);
    std::vector<Index> by_node(body_.elements.size());
    for (std::size_t k = 0; k < by_node.size(); ++k)
      by_node[k % 10 * n + k / 10] = body_.elements[k];
    elements_ = copies_(by_node.data(), by_node.size());
    moduli64_ = moduli<double>();
    moduli32_ = moduli<float>();
  }

  const Body& body() const { return body_; }
  const Index* elements() const { return elements_; }  // [10][n]
  const double* vertices() const { return vertices_; }
  const double* moduli(double) const { return moduli64_; }
  const float* moduli(float) const { return moduli32_; }

  const Blocks& blocks(int of_a_block, bool in_colours) {
    Blocks& found = blocks_[{of_a_block, in_colours}];
    if (found.view.n_blocks > 0) return found;
    std::vector<Index> order;
    if (in_colours) order = coloured(layout(of_a_block, {}), found.colour_begin);
    const DeviceLayout laid_out = layout(of_a_block, order);
    found.view = laid_out.view(std::ref(copies_));
    return found;
  }

  /// Bytes that no version can do without: x and y once, moduli, vertices, and 20 an element that
  /// say which nodes it has.
  double least_bytes(double node_bytes, double real_bytes) const {
    return 2 * node_bytes * body_.n_nodes + (20 + 2 * real_bytes) * body_.n_elements +
           24.0 * body_.n_vertices;
  }

  /// K x of the CPU, element after element in double, by the element function that ships.
  /// x: [n_nodes][3][width]
  std::vector<double> product(const std::vector<double>& x, int width) const {
    std::vector<double> y(x.size(), 0.0);
    for (Index e = 0; e < body_.n_elements; ++e) {
      const Index* const of = body_.elements.data() + 10 * static_cast<std::size_t>(e);
      double g[3][3], data[tet10::kData];
      const double weight =
          barycentric_gradients(
              [&](int i) { return body_.vertices.data() + 3 * std::size_t(of[i]); }, g) /
          (20 * Body::kUnit);
      tet10::product_data(&g[0][0], weight * body_.lam[static_cast<std::size_t>(e)],
                          weight * body_.mu[static_cast<std::size_t>(e)], data);
      const auto at = [&](int a, int c, int j) {
        return (3 * static_cast<std::size_t>(of[a]) + static_cast<std::size_t>(c)) *
                   static_cast<std::size_t>(width) +
               static_cast<std::size_t>(j);
      };
      for (int j = 0; j < width; ++j)
        tet10::stiffness_product<double, false>(
            [&](int a, int c) { return x[at(a, c, j)]; }, [&](int k) { return data[k]; },
            [&](int a, int c, double f) { y[at(a, c, j)] += f; });
    }
    return y;
  }

 private:
  template <class T>
  const T* moduli() {
    const Array<T> made =
        device_moduli<T>(body_.lam.data(), body_.mu.data(), body_.n_elements, Body::kUnit);
    return copies_(made.data(), made.size());
  }
  DeviceLayout layout(int of_a_block, const std::vector<Index>& order) const {
    return {body_.elements.data(),
            body_.n_elements,
            body_.n_nodes,
            body_.n_vertices,
            DeviceLimits::of(of_a_block),
            order};
  }

  const DeviceRuntime& runtime_;
  Copies copies_;
  Body body_;
  const Index* elements_ = nullptr;
  const double *vertices_ = nullptr, *moduli64_ = nullptr;
  const float* moduli32_ = nullptr;
  std::map<std::pair<int, bool>, Blocks> blocks_;
};

}  // namespace femcrust::ladder
