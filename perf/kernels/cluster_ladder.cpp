// How a device solves on clusters of strongly coupled nodes: substitution, inverses as they are,
// and inverses in one and two FP16 numbers by Tensor Cores, for 1 to 16 columns. Every version is
// checked against substitution in double on the host, then timed on a flat lattice of cubes in six
// tetrahedra each, most of whose nodes lie on lines across it.
//
//   cmake --build build --target cluster_ladder
//   build/perf/kernels/cluster_ladder [levels, 5] [cubes, 256] [flatness, 30]
//
// One line of JSON a version: seconds are medians of 15 turns; bytes are those of the matrices,
// once, and of r, d and x; of_copy is their rate in parts of a copy's. The flatter the cubes, the
// fewer clusters bear the rounding of mma1. No device has run it yet.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "preconditioners/cluster_solve.hpp"

namespace femcrust {
namespace {

/// A lattice of cubes, `levels` high and `flatness` times as wide as high; its nodes are those of
/// the lattice twice as fine, vertices first.
struct Lattice {
  Index n_vertices = 0, n_nodes = 0;
  std::vector<Index> elements;
  std::vector<double> nodes, lam, mu;

  Lattice(Index wide, Index levels, double flatness)
      : size_{2 * wide + 1, 2 * wide + 1, 2 * levels + 1} {
    const auto all = static_cast<std::size_t>(size_[0]) * static_cast<std::size_t>(size_[1]) *
                     static_cast<std::size_t>(size_[2]);
    std::vector<Index> number(all);
    for (const bool vertices : {true, false}) {
      for (std::size_t k = 0; k < all; ++k) {
        const std::array<Index, 3> at = place(k);
        if ((at[0] % 2 + at[1] % 2 + at[2] % 2 == 0) != vertices) continue;
        number[k] = n_nodes++;
        for (int c = 0; c < 3; ++c) nodes.push_back(at[c] * (c < 2 ? flatness : 1.0) / 2);
      }
      if (vertices) n_vertices = n_nodes;
    }
    for (std::size_t k = 0; k < all; ++k) {
      const std::array<Index, 3> at = place(k);
      const bool cube = at[0] % 2 + at[1] % 2 + at[2] % 2 == 0 && at[0] + 1 < size_[0] &&
                        at[1] + 1 < size_[1] && at[2] + 1 < size_[2];
      if (cube) split(at, number);
    }
    lam.assign(elements.size() / tet10::kNodes, 3e10);
    mu = lam;
  }

  Body body() const {
    const double unit = 0x1p35;
    return {elements.data(), nodes.data(), lam.data(), mu.data(), static_cast<Index>(lam.size()),
            n_nodes,         n_vertices,   nullptr,    unit};
  }

 private:
  std::array<Index, 3> place(std::size_t k) const {
    const auto i = static_cast<Index>(k);
    return {i / (size_[1] * size_[2]), i / size_[2] % size_[1], i % size_[2]};
  }

  /// Six paths along the axes from one corner of a cube to the opposite one.
  void split(const std::array<Index, 3>& cube, const std::vector<Index>& number) {
    std::array<int, 3> axes{0, 1, 2};
    do {
      std::array<std::array<Index, 3>, 4> corner;
      corner.fill(cube);
      for (std::size_t i = 0; i < 3; ++i)
        for (std::size_t later = i + 1; later < 4; ++later)
          corner[later][static_cast<std::size_t>(axes[i])] += 2;
      const bool odd = (axes[0] > axes[1]) ^ (axes[0] > axes[2]) ^ (axes[1] > axes[2]);
      if (odd) std::swap(corner[1], corner[2]);
      for (int a = 0; a < tet10::kNodes; ++a) {
        const auto& p = corner[static_cast<std::size_t>(a < 4 ? a : tet10::edge_end(a - 4, 0))];
        const auto& q = corner[static_cast<std::size_t>(a < 4 ? a : tet10::edge_end(a - 4, 1))];
        const auto half = [&](std::size_t c) { return (p[c] + q[c]) / 2; };
        elements.push_back(
            number[static_cast<std::size_t>((half(0) * size_[1] + half(1)) * size_[2] + half(2))]);
      }
    } while (std::next_permutation(axes.begin(), axes.end()));
  }

  std::array<Index, 3> size_;
};

/// C⁻¹ r in double, column by column.
std::vector<double> reference(const Clusters<float>& clusters, const std::vector<float>& r, int w) {
  std::vector<double> z(r.size());
  const std::vector<ClusterPlace> places = clusters.places();
  const ClusterBatches<float> batches{places.data(), clusters.nodes().data(),
                                      clusters.factors().data(), clusters.most_nodes()};
  for (Index b = 0; b < static_cast<Index>(places.size()); ++b)
    for (int lane = 0; lane < kClusterLanes; ++lane)
      for (int column = 0; column < w; ++column) {
        const ClusterBatch<const float> batch = batches[b];
        double y[3 * kMostInCluster];
        int n = 0;
        const auto at = [&](int k, int c) {
          const auto node = static_cast<std::size_t>(batch.nodes[k * kClusterLanes + lane]);
          return (3 * node + static_cast<std::size_t>(c)) * static_cast<std::size_t>(w) +
                 static_cast<std::size_t>(column);
        };
        for (; n < batch.n && batch.nodes[n * kClusterLanes + lane] >= 0; ++n)
          for (int c = 0; c < 3; ++c) y[3 * n + c] = static_cast<double>(r[at(n, c)]);
        substitute(
            n, batch.reach,
            [&](int k) { return static_cast<double>(batch.factors[k * kClusterLanes + lane]); }, y);
        for (int k = 0; k < n; ++k)
          for (int c = 0; c < 3; ++c) z[at(k, c)] = y[3 * k + c];
      }
  return z;
}

struct Version {
  const char* name;
  double most_error;  // of the largest number
};

/// Whether the version is right; it is timed if so.
bool run(const Version& version, const Clusters<float>& clusters, Index n_nodes, int w) {
  cluster_choice().ask_for(version.name);
  const ClusterSolve<float, Cuda> solve(clusters);
  std::vector<float> r(3 * static_cast<std::size_t>(n_nodes) * static_cast<std::size_t>(w));
  for (std::size_t k = 0; k < r.size(); ++k)
    r[k] = static_cast<float>(std::sin(0.7 * static_cast<double>(k % 100003)));
  DeviceArray<float> in, d(r.size()), x(r.size());
  Cuda::copy_in(r.data(), r.size(), in);
  const auto add = [&] { solve.add<Fp32>(Cuda(), w, in.data(), 1.0F, d.data(), x.data()); };
  add();
  std::vector<float> found(r.size());
  Cuda::copy_out(d, found.data());
  const std::vector<double> known = reference(clusters, r, w);
  double largest = 0, error = 0;
  for (std::size_t k = 0; k < found.size(); ++k) {
    largest = std::max(largest, std::abs(known[k]));
    const double off = std::abs(static_cast<double>(found[k]) - known[k]);
    if (!(off <= error)) error = off;  // and NaN stays
  }
  if (!(error <= version.most_error * largest)) {
    std::printf("%s w%d: WRONG by %.1e\n", version.name, w, error / largest);
    return false;
  }
  std::vector<double> seconds;
  for (int turn = -2; turn < 15; ++turn) {
    void* const from = Cuda::runtime().mark();
    add();
    void* const to = Cuda::runtime().mark();
    const double took = Cuda::runtime().seconds(from, to);
    Cuda::runtime().forget(from);
    Cuda::runtime().forget(to);
    if (turn >= 0) seconds.push_back(took);
  }
  std::nth_element(seconds.begin(), seconds.begin() + 7, seconds.end());
  std::size_t nodes = 0;
  for (const Index node : clusters.nodes()) nodes += node >= 0 ? 1 : 0;
  cluster_choice().ask_for("substitution");
  const std::size_t factors = ClusterSolve<float, Cuda>(clusters).bytes();
  const std::size_t inverses = solve.bytes() - factors;
  if (inverses == 0 && std::string_view(version.name) != "substitution") {
    std::printf("clusters %s w%d: every cluster keeps its factors\n", version.name, w);
    return true;
  }
  const double bytes = static_cast<double>(inverses > 0 ? inverses : factors) +
                       60.0 * w * static_cast<double>(nodes);
  static const double copy = Cuda::runtime().copy_bandwidth(std::size_t{1} << 27, 15);
  std::printf(
      "{\"version\": \"clusters %s w%d\", \"nodes\": %zu, \"seconds\": %.3e, "
      "\"giga_per_s\": %.2f, \"bytes\": %.0f, \"of_copy\": %.3f, \"error\": %.1e}\n",
      version.name, w, nodes, seconds[7], 3.0 * static_cast<double>(nodes) * w / seconds[7] / 1e9,
      bytes, bytes / seconds[7] / copy, error / largest);
  return true;
}

}  // namespace
}  // namespace femcrust

int main(int count, char** words) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);  // lines stay where time ends
  using namespace femcrust;
  try {
    Cpu::choose("v2");  // of setup
#ifdef FEMCRUST_HAS_CUDA
    Cuda::emulate(false);
#else
    Cuda::emulate(true);
#endif
    const Index levels = count > 1 ? std::atoi(words[1]) : 5;
    const Index cubes = count > 2 ? std::atoi(words[2]) : 256;
    const double flatness = count > 3 ? std::atof(words[3]) : 30;
    const Lattice lattice(cubes, levels, flatness);
    const Clusters<float> clusters(lattice.body(), SurfaceRows{}, Constraints{}, kClusterShape);
    bool right = true;
    for (const int w : {1, 4, 8, 16})
      for (const Version& version : {Version{"substitution", 1e-4}, Version{"inverse", 1e-4},
                                     Version{"mma1", 1e-2}, Version{"mma2", 1e-4}})
        if (w >= 8 || version.name[0] != 'm')
          right = run(version, clusters, lattice.n_nodes, w) && right;
    return right ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "cluster_ladder: %s\n", error.what());
    return 2;
  }
}
