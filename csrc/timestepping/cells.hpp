/// Where rock flows: cells with a few points each, that find the strain at their points and turn
/// stresses there into nodal forces.
#pragma once
#include <vector>

#include "backends/cpu.hpp"
#include "operators/block_sums.hpp"
#include "operators/body.hpp"

namespace femcrust {

/// Tetrahedra of a body; the points are their vertices, between which stress is linear.
class FlowingTets {
 public:
  static constexpr int kPoints = tet10::kVertices, kNodes = tet10::kNodes;

  FlowingTets(const Body& body, std::vector<Index> listed)
      : body_(body), listed_(std::move(listed)), cell_(static_cast<std::size_t>(body.n_elements)) {
    std::fill(cell_.begin(), cell_.end(), Index(-1));
    for (std::size_t k = 0; k < listed_.size(); ++k)
      cell_[static_cast<std::size_t>(listed_[k])] = static_cast<Index>(k);
  }

  Index size() const { return static_cast<Index>(listed_.size()); }

  /// A view of one cell: its shape, and what follows from it.
  struct Cell {
    double g[3][3], volume;
    const Index* nodes;

    void strain(const double* u, double out[kPoints][6]) const {
      double values[kNodes][3];
      for (int a = 0; a < kNodes; ++a)
        for (int c = 0; c < 3; ++c)
          values[a][c] = u[3 * static_cast<std::size_t>(nodes[a]) + static_cast<std::size_t>(c)];
      for (int i = 0; i < kPoints; ++i) {
        double h[3][3];
        tet10::vertex_gradient(values, g, i, h);
        for (int c = 0; c < 3; ++c)
          for (int d = c; d < 3; ++d) out[i][tet10::voigt(c, d)] = (h[c][d] + h[d][c]) / 2;
      }
    }
    /// ∫ Bᵀ σ dV; the stress is used up.
    void forces(double stress[kPoints][6], double out[kNodes][3]) const {
      for (int i = 0; i < kPoints; ++i)
        for (int m = 0; m < 6; ++m) stress[i][m] *= volume / 20;
      tet10::stress_divergence(stress, g, out);
    }
    double weight(int) const { return volume / kPoints; }
  };
  Cell operator[](Index k) const {
    Cell cell;
    const Index e = listed_[static_cast<std::size_t>(k)];
    cell.volume = body_.gradients(e, cell.g);
    cell.nodes = body_.element(e);
    return cell;
  }

  /// f = the sum over cells of what `work(cell, forces)` gives; every cell is worked on once.
  template <class Work>
  void sum(double* f, const Work& work) const {
    sum_at_nodes<3>(*body_.blocks, 0, f, [&](Index e, const auto& at) {
      const Index k = cell_[static_cast<std::size_t>(e)];
      if (k < 0) return;
      double forces[kNodes][3];
      work(k, forces);
      for (int a = 0; a < kNodes; ++a)
        for (int c = 0; c < 3; ++c) at(a)[c] += forces[a][c];
    });
  }

 private:
  Body body_;
  std::vector<Index> listed_, cell_;  // elements of cells, and the other way: -1 for none
};

/// Infinite elements: strain keeps its direction along a ray, so points on the face are enough.
class FlowingFaces {
 public:
  static constexpr int kPoints = 6, kNodes = 6;

  /// nodes: [n][6]; gradients: [n][6 points][6 nodes][3] of the shape functions on the face;
  /// weights: [n][6 points] of the integral over the face and along the ray
  FlowingFaces(std::vector<Index> nodes, std::vector<double> gradients, std::vector<double> weights)
      : nodes_(std::move(nodes)), gradients_(std::move(gradients)), weights_(std::move(weights)) {}

  Index size() const { return static_cast<Index>(nodes_.size() / kNodes); }

  struct Cell {
    const Index* nodes;
    const double (*b)[kNodes][3];  // [kPoints]
    const double* weights;         // [kPoints]

    void strain(const double* u, double out[kPoints][6]) const {
      for (int q = 0; q < kPoints; ++q) {
        double h[3][3] = {};
        for (int a = 0; a < kNodes; ++a)
          for (int c = 0; c < 3; ++c)
            for (int d = 0; d < 3; ++d)
              h[c][d] += u[3 * static_cast<std::size_t>(nodes[a]) + static_cast<std::size_t>(c)] *
                         b[q][a][d];
        for (int c = 0; c < 3; ++c)
          for (int d = c; d < 3; ++d) out[q][tet10::voigt(c, d)] = (h[c][d] + h[d][c]) / 2;
      }
    }
    void forces(const double stress[kPoints][6], double out[kNodes][3]) const {
      for (int a = 0; a < kNodes; ++a)
        for (int c = 0; c < 3; ++c) {
          out[a][c] = 0;
          for (int q = 0; q < kPoints; ++q)
            for (int d = 0; d < 3; ++d)
              out[a][c] += weights[q] * stress[q][tet10::voigt(c, d)] * b[q][a][d];
        }
    }
    double weight(int q) const { return weights[q]; }
  };
  Cell operator[](Index k) const {
    const auto i = static_cast<std::size_t>(k);
    return {
        nodes_.data() + kNodes * i,
        reinterpret_cast<const double (*)[kNodes][3]>(gradients_.data() + 3 * kNodes * kPoints * i),
        weights_.data() + kPoints * i};
  }

  /// f += …: faces are few, one thread takes them in order.
  template <class Work>
  void sum(double* f, const Work& work) const {
    for (Index k = 0; k < size(); ++k) {
      double forces[kNodes][3];
      work(k, forces);
      for (int a = 0; a < kNodes; ++a)
        for (int c = 0; c < 3; ++c)
          f[3 * static_cast<std::size_t>(
                    nodes_[static_cast<std::size_t>(k) * kNodes + static_cast<std::size_t>(a)]) +
            static_cast<std::size_t>(c)] += forces[a][c];
    }
  }

 private:
  std::vector<Index> nodes_;
  std::vector<double> gradients_, weights_;
};

}  // namespace femcrust
