// Odd meshes and matrices for what the core makes of them: numbering of edges, the boundary,
// refinement, sums over faces, aggregation. Bindings refuse numbers that lie outside, so all lie
// inside here; whatever else may be wrong is: cells that are twice there, vertices that are equal,
// rows without a diagonal, nan. `require` may refuse; nothing may crash, hang or read beyond.
//
// The entry is that of libFuzzer, which can take the place of driver.cpp.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <numeric>
#include <set>
#include <vector>

#include "aggregation/hierarchy.hpp"
#include "mesh/edges.hpp"
#include "mesh/exterior.hpp"
#include "mesh/refinement.hpp"
#include "operators/face_rows.hpp"

namespace femcrust {
namespace {

class Bytes {
 public:
  Bytes(const std::uint8_t* data, std::size_t size) : at_(data), end_(data + size) {}
  bool empty() const { return at_ == end_; }
  std::uint8_t next() { return empty() ? 0 : *at_++; }
  Index below(Index n) { return n > 0 ? next() % n : 0; }
  double number() {  // small whole numbers mostly, and those that break sums
    static constexpr double kOdd[] = {0.0, -0.0, 1e-300, 1e300, -1.0, 0.5};
    const std::uint8_t b = next();
    if (b == 255) return std::numeric_limits<double>::quiet_NaN();
    if (b == 254) return std::numeric_limits<double>::infinity();
    return b > 247 ? kOdd[b - 248] : (b - 124) / 8.0;
  }

 private:
  const std::uint8_t *at_, *end_;
};

void insist(bool holds) {
  if (!holds) std::abort();
}

struct Cells {
  Index n_vertices;
  std::vector<Index> tets;
  Index n() const { return static_cast<Index>(tets.size() / 4); }
};

Cells cells(Bytes& in) {
  Cells out{1 + in.below(60), {}};
  const int repeat = 1 + in.below(3) * 400;  // beyond the blocks in which threads number
  while (!in.empty() && out.tets.size() < 4 * 200)
    for (int k = 0; k < 4; ++k) out.tets.push_back(in.below(out.n_vertices));
  out.tets.resize(out.tets.size() / 4 * 4);
  const std::vector<Index> once = out.tets;
  for (int k = 1; k < repeat && out.tets.size() < 4 * 3000; ++k)
    out.tets.insert(out.tets.end(), once.begin(), once.end());
  return out;
}

void number_edges(Bytes& in) {
  const Cells mesh = cells(in);
  std::vector<Index> quadratic(10 * static_cast<std::size_t>(mesh.n()));
  const Edges edges(mesh.tets.data(), mesh.n(), mesh.n_vertices, quadratic.data());
  std::set<std::pair<Index, Index>> wanted;
  for (Index e = 0; e < mesh.n(); ++e)
    for (int k = 0; k < Edges::kOfTet; ++k) {
      const Index* const tet = mesh.tets.data() + 4 * static_cast<std::size_t>(e);
      const Index a = tet[Edges::kEnds[k][0]], b = tet[Edges::kEnds[k][1]];
      wanted.insert(std::minmax({a, b}));
      const Index node = quadratic[10 * static_cast<std::size_t>(e) + 4 + k];
      insist(node == mesh.n_vertices + edges.find(a, b));
    }
  insist(static_cast<std::size_t>(edges.size()) == wanted.size());
  insist(edges.find(-1, 0) == ConcurrentChains::kNone);
  insist(edges.find(0, mesh.n_vertices) == ConcurrentChains::kNone);
}

void find_boundary(Bytes& in) {
  const Cells mesh = cells(in);
  std::int64_t last = -1;
  for (const std::int64_t face : single_faces(mesh.tets.data(), mesh.n(), mesh.n_vertices)) {
    insist(face > last && face < 4 * std::int64_t{mesh.n()});
    last = face;
  }
}

void refine(Bytes& in) {
  const Index n_faces = in.below(20), n_triangles = in.below(20);
  const int times = in.below(3);
  std::vector<std::int64_t> faces;
  std::vector<Index> triangles;
  const std::uint8_t shift = in.next();
  const Cells mesh = cells(in);
  if (mesh.n() > 200) return;
  for (Index k = 0; k < n_faces && mesh.n() > 0; ++k)
    faces.push_back((k * 7 + shift) % (4 * mesh.n()));
  for (Index k = 0; k < 3 * n_triangles; ++k)
    triangles.push_back((k * 5 + shift) % mesh.n_vertices);
  Refinement fine{Array<double>(3 * static_cast<std::size_t>(mesh.n_vertices), 0.25),
                  Array<Index>(mesh.tets.size()), faces, triangles};
  std::copy(mesh.tets.begin(), mesh.tets.end(), fine.tets.data());
  fine.refine(times);
  insist(fine.tets.size() == mesh.tets.size() << 3 * times);
  for (const Index v : fine.tets) insist(v >= 0 && v < fine.n_vertices());
  for (const Index v : fine.triangles) insist(v >= 0 && v < fine.n_vertices());
}

void sum_rows(Bytes& in) {
  const int corners = 1 + in.below(7);
  const Index n_nodes = 1 + in.below(50);
  std::vector<Index> nodes;
  while (!in.empty() && nodes.size() < 300) nodes.push_back(in.below(n_nodes));
  const auto n_faces = static_cast<Index>(nodes.size() / static_cast<std::size_t>(corners));
  nodes.resize(static_cast<std::size_t>(n_faces) * static_cast<std::size_t>(corners));
  const std::vector<double> blocks(9 * nodes.size() * static_cast<std::size_t>(corners), 1.0);
  const FaceRows found = sum_faces(nodes.data(), blocks.data(), n_faces, corners);
  double sum = 0;
  for (const double value : found.blocks) sum += value;
  insist(sum == static_cast<double>(blocks.size()));  // whole numbers: exact
}

BlockCsr<double> matrix(Bytes& in, Index n) {
  std::vector<std::vector<Index>> rows(static_cast<std::size_t>(n));
  const bool symmetric = in.next() & 1, diagonal = in.next() & 3;
  for (Index i = 0; diagonal && i < n; ++i) rows[static_cast<std::size_t>(i)].push_back(i);
  for (int k = in.next(); k > 0; --k) {
    const Index i = in.below(n), j = in.below(n);
    rows[static_cast<std::size_t>(i)].push_back(j);
    if (symmetric) rows[static_cast<std::size_t>(j)].push_back(i);
  }
  BlockCsr<double> a;
  a.n_columns = n;
  a.begin = Array<Index>(static_cast<std::size_t>(n) + 1, 0);
  std::vector<Index> columns;
  for (Index i = 0; i < n; ++i) {
    auto& row = rows[static_cast<std::size_t>(i)];
    std::sort(row.begin(), row.end());
    row.erase(std::unique(row.begin(), row.end()), row.end());
    columns.insert(columns.end(), row.begin(), row.end());
    a.begin[static_cast<std::size_t>(i) + 1] = static_cast<Index>(columns.size());
  }
  a.allocate();
  std::copy(columns.begin(), columns.end(), a.columns.data());
  for (std::size_t k = 0; k < columns.size() * 9; ++k) a.blocks[k] = in.number();
  return a;
}

void aggregate(Bytes& in) {
  const Index n = 1 + in.below(30);
  const double strength = in.number();
  const Index coarsest = in.below(40);
  std::vector<double> points(3 * static_cast<std::size_t>(n));
  for (double& x : points) x = in.number();
  BlockCsr<double> a = matrix(in, n);
  const Aggregates groups = aggregated(a, strength);
  for (const Index of : groups.of) insist(of < groups.count);
  transposed(a);
  product(a, a);
  hierarchy(Cpu{}, std::move(a), rigid_modes(points.data(), n),
            AggregationOptions{strength, coarsest});
}

}  // namespace
}  // namespace femcrust

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using Target = void (*)(femcrust::Bytes&);
  static constexpr Target kTargets[] = {femcrust::number_edges, femcrust::find_boundary,
                                        femcrust::refine, femcrust::sum_rows, femcrust::aggregate};
  femcrust::Bytes in(data, size);
  try {
    kTargets[in.next() % std::size(kTargets)](in);
  } catch (const femcrust::Error&) {
  }
  return 0;
}
