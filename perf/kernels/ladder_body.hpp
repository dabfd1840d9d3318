/// A body for the kernel ladders, made without a mesher: cubes in six tetrahedra each, in Morton
/// order, with vertices moved and moduli at random so that no symmetry hides an error.
#pragma once
#include <algorithm>
#include <cstdint>
#include <vector>

#include "core/hd.hpp"
#include "core/types.hpp"
#include "elements/tet10.hpp"

namespace femcrust::ladder {

/// A number in [-1, 1) that depends on k alone: the finaliser of splitmix64.
FEMCRUST_INLINE double random_number(std::uint64_t k) {
  k += 0x9e3779b97f4a7c15u;
  k = (k ^ (k >> 30)) * 0xbf58476d1ce4e5b9u;
  k = (k ^ (k >> 27)) * 0x94d049bb133111ebu;
  return static_cast<double>((k ^ (k >> 31)) >> 11) * 0x1p-52 - 1;
}

struct Body {
  static constexpr double kSize = 1000;    // of a cube, m
  static constexpr double kUnit = 0x1p45;  // N/m, near its stiffness
  Index n_nodes = 0, n_vertices = 0, n_elements = 0;
  std::vector<Index> elements;   // [n_elements][10], vertices numbered first
  std::vector<double> vertices;  // [n_vertices][3], m
  std::vector<double> lam, mu;   // [n_elements], Pa

  /// n cubes an axis
  explicit Body(Index n) : n_elements(6 * n * n * n), side_(2 * n + 1) {
    elements.reserve(static_cast<std::size_t>(n_elements) * tet10::kNodes);
    Index cells = 1;
    while (cells < n) cells *= 2;
    const auto all = static_cast<std::uint64_t>(cells) * cells * cells;
    for (std::uint64_t m = 0; m < all; ++m) {
      const Index cube[3] = {every_third(m), every_third(m >> 1), every_third(m >> 2)};
      if (cube[0] < n && cube[1] < n && cube[2] < n) split(cube);
    }
    number();
    for (Index e = 0; e < n_elements; ++e) {
      lam.push_back((3 + 2 * random_number(2 * static_cast<std::uint64_t>(e))) * 1e10);
      mu.push_back((3 + 2 * random_number(2 * static_cast<std::uint64_t>(e) + 1)) * 1e10);
    }
  }

 private:
  /// Bits 0, 3, 6, …
  static Index every_third(std::uint64_t m) {
    Index k = 0;
    for (int bit = 0; bit < 21; ++bit) k |= static_cast<Index>(m >> (3 * bit) & 1) << bit;
    return k;
  }

  /// Six paths along the axes from one corner of a cube to the opposite one; places in the lattice
  /// of all nodes.
  void split(const Index cube[3]) {
    int axes[3] = {0, 1, 2};
    do {
      Index corner[4][3];
      for (int i = 0; i < 4; ++i)
        for (int c = 0; c < 3; ++c)
          corner[i][c] = cube[c] + (std::find(axes, axes + i, c) - axes < i);
      const bool odd = (axes[0] > axes[1]) ^ (axes[0] > axes[2]) ^ (axes[1] > axes[2]);
      if (odd) std::swap(corner[1], corner[2]);
      for (int a = 0; a < tet10::kNodes; ++a) {
        const Index* const p = corner[a < 4 ? a : tet10::edge_end(a - 4, 0)];
        const Index* const q = corner[a < 4 ? a : tet10::edge_end(a - 4, 1)];
        elements.push_back(((p[0] + q[0]) * side_ + p[1] + q[1]) * side_ + p[2] + q[2]);
      }
    } while (std::next_permutation(axes, axes + 3));
  }

  /// Nodes in the order in which the elements meet them, vertices before mid-edges.
  void number() {
    std::vector<Index> numbers(static_cast<std::size_t>(side_) * side_ * side_, -1);
    for (const bool edges : {false, true}) {
      for (std::size_t k = 0; k < elements.size(); ++k) {
        const Index place = elements[k];
        Index& number = numbers[static_cast<std::size_t>(place)];
        if ((k % tet10::kNodes >= 4) != edges || number >= 0) continue;
        number = n_nodes++;
        if (!edges) add_vertex(place);
      }
      if (!edges) n_vertices = n_nodes;
    }
    for (Index& node : elements) node = numbers[static_cast<std::size_t>(node)];
  }

  /// Inside, up to a fifth of a cube from its place in the lattice.
  void add_vertex(Index place) {
    const Index at[3] = {place / side_ / side_, place / side_ % side_, place % side_};
    const bool inside = std::all_of(at, at + 3, [&](Index k) { return k > 0 && k < side_ - 1; });
    for (int c = 0; c < 3; ++c) {
      const double moved = inside ? 0.2 * random_number(vertices.size()) : 0;
      vertices.push_back(kSize * (at[c] / 2 + moved));
    }
  }

  Index side_;  // of the lattice of all nodes
};

}  // namespace femcrust::ladder
