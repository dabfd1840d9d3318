/// Inverses of small clusters for a device, made from their factors: A = C⁻¹ with C = L D Lᵀ.
///
/// What is kept is a rounded Ã, symmetric entry by entry. With G = L √D the eigenvalues of Ã C are
/// those of I + Gᵀ (Ã − A) G, so that they differ from one by at most the Frobenius norm of the
/// second term. Where that exceeds kMostChange for one cluster of a batch, the batch keeps its
/// factors. So what is kept is positive definite, and Chebyshev's interval, which λ_max and a
/// margin of a tenth set, still holds the spectrum.
#pragma once
#include <cmath>
#include <vector>

#include "core/lanes.hpp"
#include "preconditioners/cluster_substitution.hpp"
#include "preconditioners/clusters.hpp"
#include "preconditioners/small_cluster_kernels.hpp"

namespace femcrust {

constexpr double kMostChange = 1.0 / 16;

/// A matrix of one cluster in double, by rows.
struct ClusterMatrix {
  int rows;
  std::vector<double> of;

  explicit ClusterMatrix(int n) : rows(n), of(static_cast<std::size_t>(n * n)) {}
  double& operator()(int i, int j) { return of[static_cast<std::size_t>(i * rows + j)]; }
  double operator()(int i, int j) const { return of[static_cast<std::size_t>(i * rows + j)]; }
};

/// One cluster: its factors among those of its batch, its inverse, and what rounding does to it.
template <class T>
class SmallCluster {
 public:
  SmallCluster(const ClusterBatch<const T>& batch, int lane)
      : batch_(batch), lane_(lane), nodes_(count()), inverse_(3 * nodes_) {
    using V = Lanes<double, kLanes>;
    V y[3 * kMostSmall];
    for (int first = 0; first < inverse_.rows; first += kLanes) {
      for (int i = 0; i < inverse_.rows; ++i)
        for (int k = 0; k < kLanes; ++k) y[i][k] = i == first + k ? 1.0 : 0.0;
      substitute(nodes_, batch.reach, [&](int k) { return factor(k); }, y);
      for (int i = 0; i < inverse_.rows; ++i)
        for (int k = 0; k < kLanes && first + k < inverse_.rows; ++k)
          inverse_(i, first + k) = y[i][k];
    }
    for (int i = 0; i < inverse_.rows; ++i)
      for (int j = 0; j < i; ++j)
        inverse_(i, j) = inverse_(j, i) = (inverse_(i, j) + inverse_(j, i)) / 2;
  }

  int nodes() const { return nodes_; }
  const ClusterMatrix& inverse() const { return inverse_; }

  /// ‖Gᵀ (kept − A) G‖
  double change(const ClusterMatrix& kept) const {
    const int n = inverse_.rows;
    ClusterMatrix g(n), product(n);
    for (int i = 0; i < n; ++i) {
      const int base = i * width() - 3 * (i / 3 - batch_.reach);
      for (int j = first_column(i, batch_.reach); j <= i; ++j)
        g(i, j) = (j == i ? 1.0 : factor(base + j)) / std::sqrt(inverse_pivot(j));
    }
    for (int i = 0; i < n; ++i)
      for (int k = 0; k < n; ++k) {
        const double off = kept(i, k) - inverse_(i, k);
        for (int j = first_column(k, batch_.reach); j <= k; ++j) product(i, j) += off * g(k, j);
      }
    double square = 0;
    std::vector<double> row(static_cast<std::size_t>(n));
    for (int i = 0; i < n; ++i) {
      std::fill(row.begin(), row.end(), 0.0);
      for (int k = i; k < n; ++k)
        for (int j = 0; j < n; ++j) row[static_cast<std::size_t>(j)] += g(k, i) * product(k, j);
      for (const double entry : row) square += entry * entry;
    }
    return std::sqrt(square);
  }

 private:
  static constexpr int kLanes = 16;

  int count() const {
    int n = 0;
    while (n < batch_.n && batch_.nodes[n * kClusterLanes + lane_] >= 0) ++n;
    return n;
  }
  int width() const { return 3 * (batch_.reach + 1); }
  double factor(int k) const {
    return static_cast<double>(batch_.factors[static_cast<std::size_t>(k * kClusterLanes + lane_)]);
  }
  double inverse_pivot(int i) const { return factor(i * width() - 3 * (i / 3 - batch_.reach) + i); }

  ClusterBatch<const T> batch_;
  int lane_, nodes_;
  ClusterMatrix inverse_;
};

/// Numbers as they are: [kClusterLanes][3 n][3 n] for each batch.
template <class T>
struct PlainInverse {
  using Number = T;
  static std::size_t size(int n) { return static_cast<std::size_t>(9 * n * n); }

  /// Writes what is kept of an inverse, and rounds it in place.
  static void keep(int n, ClusterMatrix& inverse, T* to, float*) {
    for (int i = 0; i < inverse.rows; ++i)
      for (int j = 0; j < inverse.rows; ++j) {
        const T rounded = static_cast<T>(inverse(i, j));
        to[3 * n * i + j] = rounded;
        inverse(i, j) = static_cast<double>(rounded);
      }
  }
};

/// FP16 tiles of TiledClusters. Powers of two bring the diagonal to 2¹² … 2¹⁴, and entries off it
/// below that, so that what rounding leaves of them is no subnormal down to 2⁻²⁶ of the largest.
template <int Splits>
struct TiledInverse {
  using Number = std::uint16_t;
  static std::size_t size(int n) {
    return static_cast<std::size_t>(tiles_of(n) * Splits * kTileSize);
  }

  static void keep(int n, ClusterMatrix& inverse, Number* to, float* scales) {
    std::vector<double> scale;
    for (int i = 0; i < inverse.rows; ++i) {
      int exponent = 0;
      std::frexp(inverse(i, i), &exponent);  // diagonal < 2^exponent
      const int half_up = (exponent + (exponent > 0 ? 1 : 0)) / 2;
      scale.push_back(std::ldexp(1.0, half_up - kAbove));
      scales[i * kClusterLanes] = static_cast<float>(scale.back());
    }
    const int side = tiles_in_row(n);
    ClusterMatrix rounded(inverse.rows);
    for (int row = 0; row < side; ++row)
      for (int column = row; column < side; ++column, to += Splits * kTileSize)
        for (int k = 0; k < kTileSize; ++k) {
          const int i = row * kTileSide + k / kTileSide, j = column * kTileSide + k % kTileSide;
          if (i >= inverse.rows || j >= inverse.rows) continue;
          const double both =
              scale[static_cast<std::size_t>(i)] * scale[static_cast<std::size_t>(j)];
          const double kept = both * split(static_cast<float>(inverse(i, j) / both), to + k);
          rounded(i, j) = rounded(j, i) = kept;
        }
    inverse = std::move(rounded);
  }

 private:
  static constexpr int kAbove = 7;  // half of log₂ of the largest diagonal
  static double split(float value, Number* to) {
    to[0] = Fp16::narrowed(value);
    const float high = Fp16::widened(to[0]);
    if constexpr (Splits == 1) return static_cast<double>(high);
    to[kTileSize] = Fp16::narrowed(value - high);
    return static_cast<double>(high) + static_cast<double>(Fp16::widened(to[kTileSize]));
  }
};

/// Which batches are kept as inverses, and those inverses. Kept is PlainInverse or TiledInverse.
template <class T, class Kept>
struct SmallClusters {
  using Number = typename Kept::Number;
  std::vector<ClusterPlace> places, others;  // of batches kept, and of those that keep factors
  Array<Number> inverses;
  Array<float> scales;          // of tiles: [n][3][kClusterLanes], three times as many as nodes
  std::vector<double> changes;  // of each cluster of few nodes, kept or not
  Index most_nodes = 0;

  explicit SmallClusters(const Clusters<T>& clusters) {
    const std::vector<ClusterPlace> all = clusters.places();
    scales = Array<float>(3 * clusters.nodes().size());
    std::vector<std::size_t> begin(1, 0);
    for (const ClusterPlace& place : all)
      begin.push_back(begin.back() +
                      (place.n <= kMostSmall ? kClusterLanes * Kept::size(place.n) : 0));
    Array<Number> found(begin.back());
    std::vector<std::vector<double>> of(all.size());
    const ClusterBatches<T> batches{all.data(), clusters.nodes().data(), clusters.factors().data(),
                                    clusters.most_nodes()};
#pragma omp parallel for schedule(dynamic)
    for (std::size_t b = 0; b < all.size(); ++b)
      if (begin[b + 1] > begin[b])
        of[b] = keep(batches[static_cast<Index>(b)], found.data() + begin[b],
                     scales.data() + 3 * all[b].nodes);
    std::size_t total = 0;
    for (std::size_t b = 0; b < all.size(); ++b) {
      changes.insert(changes.end(), of[b].begin(), of[b].end());
      const bool small =
          !of[b].empty() && *std::max_element(of[b].begin(), of[b].end()) <= kMostChange;
      if (!small) {
        others.push_back(all[b]);
        continue;
      }
      places.push_back({all[b].n, 0, all[b].nodes, static_cast<std::int64_t>(total)});
      most_nodes = std::max(most_nodes, all[b].n);
      std::copy(found.data() + begin[b], found.data() + begin[b + 1], found.data() + total);
      total += begin[b + 1] - begin[b];
    }
    inverses = Array<Number>(total);
    std::copy(found.data(), found.data() + total, inverses.data());
  }

 private:
  /// Inverses of a batch; the change of each cluster.
  static std::vector<double> keep(const ClusterBatch<const T>& batch, Number* to, float* scales) {
    std::vector<double> changes;
    for (int lane = 0; lane < kClusterLanes; ++lane) {
      const SmallCluster<T> cluster(batch, lane);
      if (cluster.nodes() == 0) continue;
      ClusterMatrix kept = cluster.inverse();
      Kept::keep(batch.n, kept, to + static_cast<std::size_t>(lane) * Kept::size(batch.n),
                 scales + lane);
      changes.push_back(cluster.change(kept));
    }
    return changes;
  }
};

}  // namespace femcrust
