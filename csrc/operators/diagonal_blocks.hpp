/// The 3×3 diagonal blocks of the operator, inverted: what its smoothers start from.
#pragma once
#include <string>

#include "operators/block_sums.hpp"
#include "operators/body.hpp"
#include "operators/constraints.hpp"
#include "operators/shared_nodes.hpp"
#include "operators/small_blocks.hpp"
#include "operators/surface_rows.hpp"

namespace femcrust {

/// Inverses of the 3×3 diagonal blocks: xx, yy, zz, xy, xz, yz. [n_nodes][6]
template <class T>
Array<T> inverse_diagonal(const Body& body, const SurfaceRows& surface,
                          const Constraints& constraints) {
  Array<T> blocks(6 * static_cast<std::size_t>(body.n_nodes));
  sum_at_nodes<6>(*body.blocks, 0, blocks.data(), [&](Index e, const auto& at) {
    double g[3][3], of[tet10::kNodes][6];
    const double weight = body.gradients(e, g) / 20;
    tet10::diagonal_blocks(g, weight * body.lambda(e), weight * body.shear(e), of);
    for (int a = 0; a < tet10::kNodes; ++a) {
      double* const sum = at(a);
      for (int m = 0; m < 6; ++m) sum[m] += of[a][m];
    }
  });
  surface.for_each([&](Index row, Index column, const double* block) {
    if (row != column) return;
    T* const sum = blocks.data() + 6 * static_cast<std::size_t>(row);
    for (int c = 0; c < 3; ++c)
      for (int d = c; d < 3; ++d)
        sum[tet10::voigt(c, d)] +=
            static_cast<T>((block[3 * c + d] + block[3 * d + c]) / (2 * body.unit));
  });
  if (body.halo != nullptr) {
    const ListedRows<Cpu> shared(body.halo->nodes());
    Array<T> table(6 * shared.rows().size());
    shared.fetch(6, blocks.data(), table.data());
    body.halo->sum(6, table.data());
    shared.put(6, table.data(), blocks.data());
  }
  constraints.constrain_diagonal(blocks.data());
  const Index n = body.n_nodes;
  Index indefinite = 0;
#pragma omp parallel for schedule(static) reduction(+ : indefinite)
  for (Index k = 0; k < n; ++k) {
    T* const block = blocks.data() + 6 * static_cast<std::size_t>(k);
    double of[6], inverse[6];
    std::copy(block, block + 6, of);
    if (!invert_symmetric(of, inverse)) {
      ++indefinite;
      continue;
    }
    for (int m = 0; m < 6; ++m) block[m] = static_cast<T>(inverse[m]);
  }
  require(indefinite == 0,
          "the stiffness is not positive definite at " + std::to_string(indefinite) + " nodes");
  return blocks;
}

}  // namespace femcrust
