/// Volume of a tetrahedron and the constant gradients of its barycentric coordinates.
#pragma once
#include "core/types.hpp"

namespace femcrust {

/// g[j] = ∇L_{j+1}: g_j · (x_k − x_0) = δ_jk. Returns the signed volume, m³; `corner(i)` is a
/// pointer to the three coordinates of vertex i.
template <class Corner>
FEMCRUST_INLINE double barycentric_gradients(const Corner& corner, double g[3][3]) {
  double e[3][3];
  for (int j = 0; j < 3; ++j)
    for (int k = 0; k < 3; ++k) e[j][k] = corner(j + 1)[k] - corner(0)[k];
  double det = 0;
  for (int j = 0; j < 3; ++j) {
    const double* const p = e[(j + 1) % 3];
    const double* const q = e[(j + 2) % 3];
    for (int k = 0; k < 3; ++k)
      g[j][k] = p[(k + 1) % 3] * q[(k + 2) % 3] - p[(k + 2) % 3] * q[(k + 1) % 3];
  }
  for (int k = 0; k < 3; ++k) det += e[0][k] * g[0][k];
  const double inverse = 1 / det;
  for (int j = 0; j < 3; ++j)
    for (int k = 0; k < 3; ++k) g[j][k] *= inverse;
  return det / 6;
}

}  // namespace femcrust
