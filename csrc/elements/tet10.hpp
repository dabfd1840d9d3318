/// The straight-edged quadratic tetrahedron: displacement gradients at the four vertices, forces of
/// stresses there, and the blocks of K_e; tet10_product.hpp has the product K_e u.
///
/// B is linear inside the element, so with gradients g_j of the barycentric coordinates
///   H_i = Σ_{j≠i} (4 u_ij − 3 u_i − u_j) ⊗ g_j           displacement gradient at vertex i
///   T_i = V/20 (S_i + Σ_k S_k)                            ∫ L_i σ dV, for stresses S_i
///   f_ij += 4 T_i g_j,  f_i −= 3 T_i g_j,  f_j −= T_i g_j  for all j ≠ i
/// gives ∫ Bᵀ σ dV exactly. Rounding sees differences of u only.
///
/// Local nodes: vertices 0–3, mid-edges 4:(0,1) 5:(1,2) 6:(0,2) 7:(0,3) 8:(1,3) 9:(2,3).
/// Symmetric tensors: xx, yy, zz, xy, xz, yz.
#pragma once
#include "core/types.hpp"

namespace femcrust::tet10 {

constexpr int kNodes = 10;
constexpr int kVertices = 4;
constexpr int kEdges = 6;

// Tables stand in functions, for device code may not index arrays at namespace scope.
/// Mid-edge node between vertices i and j; -1 on the diagonal.
FEMCRUST_INLINE constexpr int edge_node(int i, int j) {
  constexpr int of[4][4] = {{-1, 4, 6, 7}, {4, -1, 5, 8}, {6, 5, -1, 9}, {7, 8, 9, -1}};
  return of[i][j];
}
/// Ends of mid-edge node 4 + k; side 0 or 1.
FEMCRUST_INLINE constexpr int edge_end(int k, int side) {
  constexpr int of[6][2] = {{0, 1}, {1, 2}, {0, 2}, {0, 3}, {1, 3}, {2, 3}};
  return of[k][side];
}
/// Place of tensor component (c, d) among the six.
FEMCRUST_INLINE constexpr int voigt(int c, int d) {
  constexpr int of[3][3] = {{0, 3, 4}, {3, 1, 5}, {4, 5, 2}};
  return of[c][d];
}

/// One row of the displacement gradient at vertex i, h[k] = ∂u/∂x_k, of one direction's values. V:
/// values (a lane vector or a number); S: geometry of the same lanes, or one number for all lanes.
/// g: gradients of L_1, L_2, L_3.
template <class V, class S>
FEMCRUST_INLINE void gradient_row(const V u[10], const S g[3][3], int i, V h[3]) {
  V d[4];
  FEMCRUST_UNROLL(4)
  for (int j = 0; j < 4; ++j)
    d[j] = j == i ? 3 * u[i] : 4 * u[edge_node(i, j) < 0 ? 0 : edge_node(i, j)] - u[j];
  // d_j − d_0 is the bracket of H_i because Σ_j g_j = 0.
  const V d1 = d[1] - d[0], d2 = d[2] - d[0], d3 = d[3] - d[0];
  FEMCRUST_UNROLL(3)
  for (int k = 0; k < 3; ++k) h[k] = d1 * g[0][k] + d2 * g[1][k] + d3 * g[2][k];
}

/// Displacement gradient at vertex i: H[c][d] = ∂u_c/∂x_d.
template <class V, class S>
FEMCRUST_INLINE void vertex_gradient(const V u[10][3], const S g[3][3], int i, V h[3][3]) {
  FEMCRUST_UNROLL(3)
  for (int c = 0; c < 3; ++c) {
    V of[10];
    FEMCRUST_UNROLL(10)
    for (int a = 0; a < 10; ++a) of[a] = u[a][c];
    gradient_row(of, g, i, h[c]);
  }
}

/// Forces ∫ Bᵀ σ dV in direction c of a stress that is linear inside the element, given as V/20 · σ
/// at its vertices.
template <class V, class S>
FEMCRUST_INLINE void stress_divergence(int c, const V s[4][6], const S g[3][3], V f[10]) {
  V total[3];
  FEMCRUST_UNROLL(3)
  for (int k = 0; k < 3; ++k) {
    const int m = voigt(c, k);
    total[k] = s[0][m] + s[1][m] + s[2][m] + s[3][m];
  }
  FEMCRUST_UNROLL(10)
  for (int a = 0; a < 10; ++a) f[a] = V{};
  FEMCRUST_UNROLL(4)
  for (int i = 0; i < 4; ++i) {
    const V t0 = s[i][voigt(c, 0)] + total[0];
    const V t1 = s[i][voigt(c, 1)] + total[1];
    const V t2 = s[i][voigt(c, 2)] + total[2];
    V t[4];  // T_i g_j
    FEMCRUST_UNROLL(3)
    for (int j = 0; j < 3; ++j) t[j + 1] = t0 * g[j][0] + t1 * g[j][1] + t2 * g[j][2];
    t[0] = -(t[1] + t[2] + t[3]);
    FEMCRUST_UNROLL(4)
    for (int j = 0; j < 4; ++j) {
      if (j == i) {
        f[i] += 3 * t[i];  // −3 Σ_{j≠i} t_j = 3 t_i
      } else {
        f[edge_node(i, j) < 0 ? 0 : edge_node(i, j)] += 4 * t[j];
        f[j] -= t[j];
      }
    }
  }
}

/// The same in all directions.
template <class V, class S>
FEMCRUST_INLINE void stress_divergence(const V s[4][6], const S g[3][3], V f[10][3]) {
  FEMCRUST_UNROLL(3)
  for (int c = 0; c < 3; ++c) {
    V of[10];
    stress_divergence(c, s, g, of);
    FEMCRUST_UNROLL(10)
    for (int a = 0; a < 10; ++a) f[a][c] = of[a];
  }
}

/// The 3×3 diagonal blocks, K_aa = (λ + μ) M_a + μ tr(M_a) I with M_a = ∫ ∇N_a ⊗ ∇N_a dV, as six
/// components each; moduli times V/20. With the gradients g_i of L_i,
///   M_i = 12 g_i ⊗ g_i,   M_ij = 16 [ g_i ⊗ g_i + g_j ⊗ g_j + (g_i + g_j) ⊗ (g_i + g_j) ]
/// and opposite edges share the last term, for the four g add to zero.
template <class S>
FEMCRUST_INLINE void diagonal_blocks(const S g[3][3], S lam, S mu, S blocks[10][6]) {
  S of[7][6];  // of g_i ⊗ g_i, then of the sums along edges (0,1), (0,2), (0,3)
  FEMCRUST_UNROLL(7)
  for (int i = 0; i < 7; ++i) {
    S v[3];
    FEMCRUST_UNROLL(3)
    for (int k = 0; k < 3; ++k) {
      const S g0 = -(g[0][k] + g[1][k] + g[2][k]);
      v[k] = i == 0 ? g0 : i < 4 ? g[i - 1][k] : g0 + g[i - 4][k];
    }
    const S trace = mu * (v[0] * v[0] + v[1] * v[1] + v[2] * v[2]), both = lam + mu;
    FEMCRUST_UNROLL(3)
    for (int c = 0; c < 3; ++c) FEMCRUST_UNROLL(3)
    for (int d = c; d < 3; ++d) of[i][voigt(c, d)] = both * v[c] * v[d] + (c == d ? trace : S(0));
  }
  FEMCRUST_UNROLL(6)
  for (int m = 0; m < 6; ++m) {
    FEMCRUST_UNROLL(4)
    for (int i = 0; i < kVertices; ++i) blocks[i][m] = 12 * of[i][m];
    FEMCRUST_UNROLL(6)
    for (int k = 0; k < kEdges; ++k) {
      const int i = edge_end(k, 0), j = edge_end(k, 1);
      // Edges (0,j) and their opposites (1,2)-(0,3), (1,3)-(0,2), (2,3)-(0,1)
      const int along = i == 0 ? j : 6 - i - j;
      blocks[kVertices + k][m] = 16 * (of[i][m] + of[j][m] + of[3 + along][m]);
    }
  }
}

/// ∇N_a at the four vertices, and their sum in row 4, of every node a.
template <class S>
FEMCRUST_INLINE void shape_gradients(int a, const S g[3][3], S at[5][3]) {
  S all[4][3];
  for (int k = 0; k < 3; ++k) {
    for (int j = 0; j < 3; ++j) all[j + 1][k] = g[j][k];
    all[0][k] = -(g[0][k] + g[1][k] + g[2][k]);
  }
  for (int i = 0; i < 4; ++i)
    for (int k = 0; k < 3; ++k)
      at[i][k] = a >= kVertices ? S(0) : i == a ? 3 * all[a][k] : -all[a][k];
  if (a >= kVertices) {
    const int i = edge_end(a - 4, 0), j = edge_end(a - 4, 1);
    for (int k = 0; k < 3; ++k) {
      at[i][k] = 4 * all[j][k];
      at[j][k] = 4 * all[i][k];
    }
  }
  for (int k = 0; k < 3; ++k) at[4][k] = at[0][k] + at[1][k] + at[2][k] + at[3][k];
}

/// The 3×3 block that couples nodes a and b, from their shape gradients:
/// λ M + μ Mᵀ + μ tr(M) I with M = ∫ ∇N_a ⊗ ∇N_b dV. Moduli times V/20.
template <class S>
FEMCRUST_INLINE void coupling_block(const S a[5][3], const S b[5][3], S lam, S mu, S block[3][3]) {
  S m[3][3];
  for (int k = 0; k < 3; ++k)
    for (int l = 0; l < 3; ++l) {
      m[k][l] = a[4][k] * b[4][l];
      for (int i = 0; i < 4; ++i) m[k][l] += a[i][k] * b[i][l];
    }
  const S trace = m[0][0] + m[1][1] + m[2][2];
  for (int k = 0; k < 3; ++k)
    for (int l = 0; l < 3; ++l)
      block[k][l] = lam * m[k][l] + mu * m[l][k] + (k == l ? mu * trace : S(0));
}

}  // namespace femcrust::tet10
