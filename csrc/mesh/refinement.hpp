/// Uniform refinement of a tetrahedral mesh: each cell into eight, again and again [Bey00].
///
/// A cell x0 x1 x2 x3 is taken as a path of the steps v_i = x_i − x_(i−1). Its edges' middles cut
/// off four corners; the octahedron between them is cut along the diagonal x02 x13. Written as
/// paths again, all descendants consist of the steps v_i / 2^k in some order: three shapes, told
/// apart by the step in the middle. Of the twelve paths through a coarse cell it starts with the
/// one whose worst shape is best, so cells decay once and no further.
#pragma once
#include <algorithm>
#include <vector>

#include "core/array.hpp"
#include "mesh/edges.hpp"

namespace femcrust {

/// A mesh on its way, and what is followed through it.
struct Refinement {
  /// Children as paths of quadratic nodes. Five of the seven steps from one to the next cross a
  /// face, the others an edge: more is not possible, as four children are corners.
  static constexpr int kChildren[8][4] = {{0, 4, 6, 7}, {4, 6, 7, 8}, {4, 6, 5, 8}, {4, 1, 5, 8},
                                          {6, 5, 8, 9}, {6, 5, 2, 9}, {6, 7, 8, 9}, {7, 8, 9, 3}};
  /// The order in which these meet the nodes.
  static constexpr int kMeeting[10] = {0, 4, 6, 7, 8, 5, 1, 9, 2, 3};

  Array<double> points;             // [n_vertices][3], m
  Array<Index> tets;                // [n_tets][4]
  std::vector<std::int64_t> faces;  // 4 e + i: opposite to vertex i of tetrahedron e; each becomes
                                    // four that follow one another
  std::vector<Index> triangles;     // [n][3] vertices; each becomes four of the same orientation

  Index n_vertices() const { return static_cast<Index>(points.size() / 3); }
  Index n_tets() const { return static_cast<Index>(tets.size() / 4); }

  void refine(int times) {
    require(times >= 0 && times < 11 && (tets.size() / 4) << 3 * times <= INT32_MAX,
            "more than 2³¹ tetrahedra");
    choose_paths();
    for (int k = 0; k < times; ++k) refine_once();
    orient();
  }

 private:
  static constexpr Index kBlock = 4096;  // cells whose nodes one thread numbers in turn

  const double* point(Index vertex) const {
    return points.data() + 3 * static_cast<std::size_t>(vertex);
  }

  /// Largest sum of squared edges among the three shapes of a path; their volumes are equal.
  double worst_shape(const Index path[4]) const {
    double v[3][3], all = 0, of_pair[3] = {};  // pairs of steps: 12, 13, 23
    for (int c = 0; c < 3; ++c) {
      for (int i = 0; i < 3; ++i) v[i][c] = point(path[i + 1])[c] - point(path[i])[c];
      const double whole = v[0][c] + v[1][c] + v[2][c];
      all += v[0][c] * v[0][c] + v[1][c] * v[1][c] + v[2][c] * v[2][c] + whole * whole;
      of_pair[0] += (v[0][c] + v[1][c]) * (v[0][c] + v[1][c]);
      of_pair[1] += (v[0][c] + v[2][c]) * (v[0][c] + v[2][c]);
      of_pair[2] += (v[1][c] + v[2][c]) * (v[1][c] + v[2][c]);
    }
    // a path has the edges of both pairs that hold its middle step
    return all + of_pair[0] + of_pair[1] + of_pair[2] -
           std::min({of_pair[0], of_pair[1], of_pair[2]});
  }

  void choose_paths() {
    std::vector<std::uint8_t> place(tets.size());  // of the old vertex i
    const Index n = n_tets();
#pragma omp parallel for schedule(static)
    for (Index e = 0; e < n; ++e) {
      Index* const tet = tets.data() + 4 * static_cast<std::size_t>(e);
      int order[4] = {0, 1, 2, 3}, best[4] = {0, 1, 2, 3};
      double least = worst_shape(tet);
      while (std::next_permutation(order, order + 4)) {
        if (order[0] > order[3]) continue;  // the same path backwards
        const Index path[4] = {tet[order[0]], tet[order[1]], tet[order[2]], tet[order[3]]};
        const double worst = worst_shape(path);
        if (worst < least) {
          least = worst;
          std::copy(order, order + 4, best);
        }
      }
      const Index path[4] = {tet[best[0]], tet[best[1]], tet[best[2]], tet[best[3]]};
      std::copy(path, path + 4, tet);
      for (int i = 0; i < 4; ++i)
        place[4 * static_cast<std::size_t>(e) + static_cast<std::size_t>(best[i])] =
            static_cast<std::uint8_t>(i);
    }
    for (std::int64_t& face : faces) face = face / 4 * 4 + place[static_cast<std::size_t>(face)];
  }

  void refine_once() {
    const Index n = n_tets(), n_old = n_vertices();
    Array<Index> quadratic = Array<Index>::unwritten(10 * static_cast<std::size_t>(n));
    const Edges edges(tets.data(), n, n_old, quadratic.data());
    const std::vector<Index> number = number_nodes(quadratic, n_old, edges.size());
    tets = Array<Index>::unwritten(32 * static_cast<std::size_t>(n));
#pragma omp parallel for schedule(static)
    for (Index e = 0; e < n; ++e) {
      const Index* const node = quadratic.data() + 10 * static_cast<std::size_t>(e);
      Index* to = tets.data() + 32 * static_cast<std::size_t>(e);
      for (const auto& child : kChildren)
        for (const int a : child) *to++ = number[static_cast<std::size_t>(node[a])];
    }
    follow_faces();
    follow_triangles(edges, number);
  }

  /// How many vertices and edges the cells before one have met: both are numbered in that order.
  struct Met {
    Index vertices = 0, edges = 0;
    void add(const Index* node, Index n_old) {
      for (int a = 0; a < 4; ++a) vertices = std::max(vertices, node[a] + 1);
      for (int a = 4; a < 10; ++a) edges = std::max(edges, node[a] - n_old + 1);
    }
  };

  /// New numbers of the quadratic nodes, in the order in which the children meet them, so that a
  /// parent's new ones follow those of all parents before it; `points` become those of all nodes.
  std::vector<Index> number_nodes(const Array<Index>& quadratic, Index n_old, Index n_edges) {
    const Index n = static_cast<Index>(quadratic.size() / 10);
    const Index n_blocks = (n + kBlock - 1) / kBlock;
    std::vector<Met> before(static_cast<std::size_t>(n_blocks) + 1);
    const auto node_of = [&](Index e) {
      return quadratic.data() + 10 * static_cast<std::size_t>(e);
    };
#pragma omp parallel for schedule(static)
    for (Index b = 0; b < n_blocks; ++b)
      for (Index e = b * kBlock; e < std::min(n, (b + 1) * kBlock); ++e)
        before[static_cast<std::size_t>(b) + 1].add(node_of(e), n_old);
    for (std::size_t b = 1; b < before.size(); ++b) {
      before[b].vertices = std::max(before[b].vertices, before[b - 1].vertices);
      before[b].edges = std::max(before[b].edges, before[b - 1].edges);
    }
    const auto n_new = static_cast<std::size_t>(n_old) + static_cast<std::size_t>(n_edges);
    std::vector<Index> number(n_new, 0);
    Array<double> positions = Array<double>::unwritten(3 * n_new);
    Index out_of_turn = before.back().vertices == n_old ? 0 : 1;
#pragma omp parallel for schedule(static) reduction(+ : out_of_turn)
    for (Index b = 0; b < n_blocks; ++b) {
      Met met = before[static_cast<std::size_t>(b)];
      Index next = met.vertices + met.edges;
      for (Index e = b * kBlock; e < std::min(n, (b + 1) * kBlock); ++e) {
        const Index* const node = node_of(e);
        for (const int a : kMeeting) {
          if (a < 4 ? node[a] < met.vertices : node[a] - n_old < met.edges) continue;
          if (static_cast<std::size_t>(next) < n_new)
            place(node, a, positions.data() + 3 * static_cast<std::size_t>(next));
          number[static_cast<std::size_t>(node[a])] = next++;
        }
        met.add(node, n_old);
        out_of_turn += next == met.vertices + met.edges ? 0 : 1;
      }
    }
    require(out_of_turn == 0, "vertices are not numbered in the order in which elements meet them");
    points = std::move(positions);
    return number;
  }

  /// Position of quadratic node `a` of a cell.
  void place(const Index* node, int a, double* to) const {
    const double* const one = point(node[a < 4 ? a : Edges::kEnds[a - 4][0]]);
    const double* const other = point(node[a < 4 ? a : Edges::kEnds[a - 4][1]]);
    for (int c = 0; c < 3; ++c) to[c] = (one[c] + other[c]) / 2;
  }

  static bool on_face(int a, int i) {
    return a < 4 ? a != i : Edges::kEnds[a - 4][0] != i && Edges::kEnds[a - 4][1] != i;
  }

  void follow_faces() {
    std::vector<std::int64_t> small;
    small.reserve(4 * faces.size());
    for (const std::int64_t face : faces)
      for (int c = 0; c < 8; ++c)
        for (int j = 0; j < 4; ++j) {
          bool on = true;
          for (int k = 0; k < 4; ++k)
            on = on && (k == j || on_face(kChildren[c][k], static_cast<int>(face % 4)));
          if (on) small.push_back(4 * (8 * (face / 4) + c) + j);
        }
    faces = std::move(small);
  }

  void follow_triangles(const Edges& edges, const std::vector<Index>& number) {
    std::vector<Index> small;
    small.reserve(4 * triangles.size());
    for (std::size_t t = 0; t < triangles.size(); t += 3) {
      Index corner[3], middle[3];  // middle i is opposite to corner i
      for (std::size_t i = 0; i < 3; ++i) {
        const Index edge = edges.find(triangles[t + (i + 1) % 3], triangles[t + (i + 2) % 3]);
        require(edge != VertexChains::kNone, "triangles: not faces of the mesh");
        middle[i] = number[static_cast<std::size_t>(edges.n_vertices() + edge)];
        corner[i] = number[static_cast<std::size_t>(triangles[t + i])];
      }
      for (std::size_t i = 0; i < 3; ++i)
        small.insert(small.end(), {corner[i], middle[(i + 2) % 3], middle[(i + 1) % 3]});
      small.insert(small.end(), middle, middle + 3);
    }
    triangles = std::move(small);
  }

  /// Positive volumes: the last two vertices change places where the path turns left.
  void orient() {
    const Index n = n_tets();
    std::vector<std::uint8_t> turned(static_cast<std::size_t>(n), 0);
#pragma omp parallel for schedule(static)
    for (Index e = 0; e < n; ++e) {
      Index* const tet = tets.data() + 4 * static_cast<std::size_t>(e);
      double v[3][3];
      for (int i = 0; i < 3; ++i)
        for (int c = 0; c < 3; ++c) v[i][c] = point(tet[i + 1])[c] - point(tet[0])[c];
      const double det = v[0][0] * (v[1][1] * v[2][2] - v[1][2] * v[2][1]) +
                         v[0][1] * (v[1][2] * v[2][0] - v[1][0] * v[2][2]) +
                         v[0][2] * (v[1][0] * v[2][1] - v[1][1] * v[2][0]);
      if (det < 0) {
        std::swap(tet[2], tet[3]);
        turned[static_cast<std::size_t>(e)] = 1;
      }
    }
    for (std::int64_t& face : faces)
      if (turned[static_cast<std::size_t>(face / 4)] && face % 4 >= 2) face ^= 1;
  }
};

}  // namespace femcrust
