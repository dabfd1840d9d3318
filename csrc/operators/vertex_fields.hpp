/// Fields at the four vertices of elements: strain of a displacement, and the nodal forces of a
/// stress that is linear inside each element (loads of slip, of moment tensors, of past flow).
#pragma once
#include "operators/body.hpp"

namespace femcrust {

/// ε(u) at the vertices of the listed elements, tensor components xx, yy, zz, xy, xz, yz.
/// `displacement(k, a)` points to u of local node a of the k-th listed element; out: [n][4][6]
template <class Displacement>
void vertex_strain(const Body& body, const Index* listed, Index n, const Displacement& displacement,
                   double* out) {
#pragma omp parallel for schedule(static)
  for (Index k = 0; k < n; ++k) {
    double g[3][3], u[10][3];
    body.gradients(listed[k], g);
    for (int a = 0; a < 10; ++a)
      for (int c = 0; c < 3; ++c) u[a][c] = displacement(k, a)[c];
    for (int i = 0; i < 4; ++i) {
      double h[3][3];
      tet10::vertex_gradient(u, g, i, h);
      double* const strain =
          out + (4 * static_cast<std::size_t>(k) + static_cast<std::size_t>(i)) * 6;
      for (int c = 0; c < 3; ++c)
        for (int d = c; d < 3; ++d) strain[tet10::voigt(c, d)] = (h[c][d] + h[d][c]) / 2;
    }
  }
}

/// f += ∫ Bᵀ σ dV of vertex stresses [n][4][6] on the listed elements; f: [n_nodes][3]
inline void add_stress_divergence(const Body& body, const Index* listed, Index n,
                                  const double* stress, double* f) {
  for (Index k = 0; k < n; ++k) {
    double g[3][3], s[4][6], forces[10][3];
    const double weight = body.gradients(listed[k], g) / 20;
    for (int i = 0; i < 4; ++i)
      for (int m = 0; m < 6; ++m)
        s[i][m] =
            weight * stress[(4 * static_cast<std::size_t>(k) + static_cast<std::size_t>(i)) * 6 +
                            static_cast<std::size_t>(m)];
    tet10::stress_divergence(s, g, forces);
    for (int a = 0; a < 10; ++a) {
      double* const at = f + 3 * static_cast<std::size_t>(body.element(listed[k])[a]);
      for (int c = 0; c < 3; ++c) at[c] += forces[a][c];
    }
  }
}

}  // namespace femcrust
