/// A discretised body as the operators see it: borrowed arrays on the host.
#pragma once
#include "comm/halo.hpp"
#include "elements/geometry.hpp"
#include "elements/tet10.hpp"
#include "operators/element_blocks.hpp"

namespace femcrust {

struct Body {
  const Index* elements = nullptr;  // [n_elements][10]
  const double* nodes = nullptr;    // [n_nodes][3], m
  const double* lam = nullptr;      // [n_elements], Pa
  const double* mu = nullptr;       // [n_elements], Pa
  Index n_elements = 0, n_nodes = 0;
  Index n_vertices = 0;                   // nodes are numbered vertices first
  const ElementBlocks* blocks = nullptr;  // of these elements; sums at nodes go by them
  double unit = 1;                        // N/m: operators come in multiples of it
  const Halo* halo = nullptr;             // nodes that other ranks have too; null: there are none

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

}  // namespace femcrust
