/// Faces of a tetrahedral mesh that belong to one tetrahedron only: its boundary.
///
/// Most faces meet their twin in the same block of elements, where threads match them; the others
/// are matched in order.
#pragma once
#include <algorithm>
#include <utility>
#include <vector>

#include "core/meeting_table.hpp"
#include "core/types.hpp"
#include "mesh/chains.hpp"

namespace femcrust {

/// Vertices of a face in ascending order.
struct Face {
  Index low, middle, high;
  bool operator==(const Face&) const = default;
  std::uint64_t bits() const {
    return (static_cast<std::uint64_t>(low) << 32 | static_cast<std::uint64_t>(middle)) ^
           static_cast<std::uint64_t>(high) << 16;
  }
};

/// The face of a tetrahedron opposite to its vertex i.
inline Face opposite_face(const Index* tet, int i) {
  Index v[3] = {tet[(i + 1) % 4], tet[(i + 2) % 4], tet[(i + 3) % 4]};
  if (v[0] > v[1]) std::swap(v[0], v[1]);
  if (v[1] > v[2]) std::swap(v[1], v[2]);
  if (v[0] > v[1]) std::swap(v[0], v[1]);
  return {v[0], v[1], v[2]};
}

/// A face and where it was met: 4 e + i, or kTwice.
struct MetFace {
  static constexpr std::int64_t kTwice = -1;
  Face face;
  std::int64_t met;
};

/// Faces that a block of elements has once, in the order of their meeting.
inline std::vector<MetFace> single_faces_of_block(const Index* tets, Index first, Index last,
                                                  MeetingTable<Face>& table) {
  std::vector<std::int64_t> met;
  table.clear();
  for (Index e = first; e < last; ++e)
    for (int i = 0; i < 4; ++i) {
      const auto number = static_cast<std::size_t>(
          table.number(opposite_face(tets + 4 * static_cast<std::size_t>(e), i)));
      if (number == met.size())
        met.push_back(4 * static_cast<std::int64_t>(e) + i);
      else
        met[number] = MetFace::kTwice;
    }
  std::vector<MetFace> single;
  for (std::size_t k = 0; k < met.size(); ++k)
    if (met[k] != MetFace::kTwice) single.push_back({table.met()[k], met[k]});
  return single;
}

/// Numbers 4 e + i of the faces opposite to vertex i of tetrahedron e that occur once, ascending.
/// At most two tetrahedra share a face.
inline std::vector<std::int64_t> single_faces(const Index* tets, Index n_tets, Index n_vertices) {
  constexpr Index kBlock = 512;  // elements: their faces fit the cache
  const Index n_blocks = (n_tets + kBlock - 1) / kBlock;
  std::vector<std::vector<MetFace>> of_block(static_cast<std::size_t>(n_blocks));
#pragma omp parallel
  {
    MeetingTable<Face> table(4 * kBlock);
#pragma omp for schedule(static)
    for (Index b = 0; b < n_blocks; ++b)
      of_block[static_cast<std::size_t>(b)] =
          single_faces_of_block(tets, b * kBlock, std::min(n_tets, (b + 1) * kBlock), table);
  }
  VertexChains chains(n_vertices, 0);
  std::vector<MetFace> open;
  for (const auto& faces : of_block)
    for (const MetFace& one : faces) {
      const Index twin = chains.find(one.face.low, [&](Index k) {
        return open[static_cast<std::size_t>(k)].face == one.face;
      });
      if (twin == VertexChains::kNone) {
        chains.add(one.face.low);
        open.push_back(one);
      } else {
        open[static_cast<std::size_t>(twin)].met = MetFace::kTwice;
      }
    }
  std::vector<std::int64_t> single;  // ascending: `open` is in the order of meeting
  for (const MetFace& one : open)
    if (one.met != MetFace::kTwice) single.push_back(one.met);
  return single;
}

}  // namespace femcrust
