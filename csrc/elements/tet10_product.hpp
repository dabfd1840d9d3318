/// y = K_e u on the straight-edged quadratic tetrahedron, without K_e: the mean displacement
/// gradient and how it differs at the vertices, in 620 operations.
///
/// A displacement that is quadratic in the element has a linear gradient, so with the gradients g_k
/// of the barycentric coordinates, and node ij half way from vertex i to vertex j,
///   H̄ = (u_12 − u_03) ⊗ (g_1 + g_2) + (u_13 − u_02) ⊗ (g_1 + g_3) + (u_23 − u_01) ⊗ (g_2 + g_3)
///   H_i − H_0 = 4 E_i,   E_i = Σ_k h_ik ⊗ g_k,   i, k = 1, 2, 3
///   h_ii = (u_i − u_0i) − (u_0i − u_0),   h_ik = h_ki = (u_ik − u_0i) − (u_0k − u_0)
/// are its mean and its changes from vertex 0. With C the elastic moduli, ∫ L_i L_j dV = V (1 +
/// δ_ij) / 20 makes of the energy ∫ H:C H dV = V [ H̄:C H̄ + ⅘ Σ_i E_i:C (E_i − ¼ Σ_k E_k) ], and the
/// forces are the transpose of the differences above on
///   V C H̄ (g_i + g_k)   and   T_i g_k + T_k g_i,   T_i = ⅘ V C (E_i − ¼ Σ_k E_k).
/// No rounding but that of K_e: the sums see differences of u only.
#pragma once
#include "core/types.hpp"
#include "elements/tet10.hpp"

namespace femcrust::tet10 {

/// What a product reads of an element, in this order, moduli multiplied by its volume.
enum Datum : int {
  kGradient = 0,      // g_1, g_2, g_3
  kPairGradient = 9,  // g_1 + g_2, g_1 + g_3, g_2 + g_3
  kMeanLambda = 18,
  kMeanMu,
  kChangeLambda,  // ⅘ of the mean's
  kChangeMu,
  kData
};
/// H̄ is a sum over pairs of opposite edges: plus side 0, minus side 1 of pair k.
FEMCRUST_INLINE constexpr int opposite(int k, int side) {
  constexpr int of[3][2] = {{5, 7}, {8, 6}, {9, 4}};
  return of[k][side];
}
/// i (side 0) and k (side 1) of h_ik; the last three in the order of the pair gradients.
FEMCRUST_INLINE constexpr int second(int p, int side) {
  constexpr int of[6][2] = {{0, 0}, {1, 1}, {2, 2}, {0, 1}, {0, 2}, {1, 2}};
  return of[p][side];
}
/// Mid-edge node between vertex 0 and vertex 1 + k.
FEMCRUST_INLINE constexpr int spoke_node(int k) {
  constexpr int of[3] = {4, 6, 7};
  return of[k];
}

/// Moduli and pair gradients of an element.
template <class S>
FEMCRUST_INLINE void product_data(const S gradients[9], S lam, S mu, S data[kData]) {
  for (int k = 0; k < 9; ++k) data[kGradient + k] = gradients[k];
  for (int c = 0; c < 3; ++c) {
    data[kPairGradient + c] = gradients[c] + gradients[3 + c];
    data[kPairGradient + 3 + c] = gradients[c] + gradients[6 + c];
    data[kPairGradient + 6 + c] = gradients[3 + c] + gradients[6 + c];
  }
  data[kMeanLambda] = 20 * lam;
  data[kMeanMu] = 20 * mu;
  data[kChangeLambda] = 16 * lam;
  data[kChangeMu] = 16 * mu;
}

/// strain[c d] += component c of v times gradient, symmetric; `of(k)` is a datum of the element.
template <class V, class Of>
FEMCRUST_INLINE void add_dyad(V v, int c, Of of, int gradient, V strain[6]) {
  FEMCRUST_UNROLL(3)
  for (int d = 0; d < 3; ++d) strain[voigt(c, d)] += v * of(gradient + d);
}

/// Stress from sums of h ⊗ g: twice the strain off the diagonal, once on it.
template <class V, class S>
FEMCRUST_INLINE void stress(S lam, S mu, V s[6]) {
  const V trace = lam * (s[0] + s[1] + s[2]);
  const S two_mu = mu + mu;
  FEMCRUST_UNROLL(3)
  for (int c = 0; c < 3; ++c) s[c] = two_mu * s[c] + trace;
  FEMCRUST_UNROLL(3)
  for (int m = 3; m < 6; ++m) s[m] = mu * s[m];
}

/// Component c of a stress times a gradient.
template <class V, class Of>
FEMCRUST_INLINE V traction(const V s[6], int c, Of of, int gradient) {
  return s[voigt(c, 0)] * of(gradient) + s[voigt(c, 1)] * of(gradient + 1) +
         s[voigt(c, 2)] * of(gradient + 2);
}

template <class V, class U, class Of>
FEMCRUST_INLINE void mean_stress(U u, Of of, V s[6]) {
  FEMCRUST_UNROLL(6)
  for (int m = 0; m < 6; ++m) s[m] = V{};
  FEMCRUST_UNROLL(3)
  for (int c = 0; c < 3; ++c) FEMCRUST_UNROLL(3)
  for (int k = 0; k < 3; ++k)
    add_dyad(u(opposite(k, 0), c) - u(opposite(k, 1), c), c, of, kPairGradient + 3 * k, s);
  stress(of(kMeanLambda), of(kMeanMu), s);
}

/// T_i in place of E_i.
template <class V, class Of>
FEMCRUST_INLINE void stresses_of_changes(Of of, V s[3][6]) {
  FEMCRUST_UNROLL(3)
  for (int i = 0; i < 3; ++i) stress(of(kChangeLambda), of(kChangeMu), s[i]);
  FEMCRUST_UNROLL(6)
  for (int m = 0; m < 6; ++m) {
    const V sum = s[0][m] + s[1][m] + s[2][m];
    FEMCRUST_UNROLL(3)
    for (int i = 0; i < 3; ++i) s[i][m] -= sum * 0.25f;
  }
}

/// T_1, T_2, T_3.
template <class V, class U, class Of>
FEMCRUST_INLINE void stress_changes(U u, Of of, V s[3][6]) {
  FEMCRUST_UNROLL(3)
  for (int i = 0; i < 3; ++i) FEMCRUST_UNROLL(6)
  for (int m = 0; m < 6; ++m) s[i][m] = V{};
  FEMCRUST_UNROLL(3)
  for (int c = 0; c < 3; ++c) {
    V spoke[3], half[3];
    FEMCRUST_UNROLL(3)
    for (int k = 0; k < 3; ++k) {
      spoke[k] = u(spoke_node(k), c);
      half[k] = spoke[k] - u(0, c);
    }
    FEMCRUST_UNROLL(6)
    for (int p = 0; p < 6; ++p) {
      const int i = second(p, 0), k = second(p, 1);
      const V end = u(i == k ? 1 + i : opposite(p < 3 ? 0 : p - 3, 0), c);
      const V h = (end - spoke[i]) - half[k];
      add_dyad(h, c, of, kGradient + 3 * k, s[i]);
      if (i != k) add_dyad(h, c, of, kGradient + 3 * i, s[k]);
    }
  }
  stresses_of_changes(of, s);
}

/// Stages of a product whose values are in memory read them again: to keep them would take more
/// registers than there are.
template <bool kReread>
FEMCRUST_INLINE void next_stage() {
  if constexpr (kReread) __asm__ volatile("" ::: "memory");
}

/// C H̄ and T_i: what is left of a displacement when its forces are made.
template <class V>
struct Stresses {
  V mean[6], change[3][6];
};

/// add(a, c, f): the ten forces in direction c, one call for each node.
template <class V, class Of, class Add>
FEMCRUST_INLINE void stiffness_forces(int c, const Stresses<V>& stresses, Of of, Add add) {
  V f[6], m[3];
  FEMCRUST_UNROLL(6)
  for (int p = 0; p < 6; ++p) {
    const int i = second(p, 0), k = second(p, 1);
    f[p] = traction(stresses.change[i], c, of, kGradient + 3 * k);
    if (i != k) f[p] += traction(stresses.change[k], c, of, kGradient + 3 * i);
  }
  FEMCRUST_UNROLL(3)
  for (int k = 0; k < 3; ++k) m[k] = traction(stresses.mean, c, of, kPairGradient + 3 * k);
  FEMCRUST_UNROLL(3)
  for (int k = 0; k < 3; ++k) {
    add(1 + k, c, f[k]);
    add(opposite(k, 0), c, m[k] + f[3 + k]);
  }
  add(spoke_node(0), c, -(m[2] + 2 * f[0] + f[3] + f[4]));
  add(spoke_node(1), c, -(m[1] + 2 * f[1] + f[3] + f[5]));
  add(spoke_node(2), c, -(m[0] + 2 * f[2] + f[4] + f[5]));
  add(0, c, f[0] + f[1] + f[2] + f[3] + f[4] + f[5]);
}

/// add(a, c, f): force of K_e u at node a in direction c, for u(a, c) and the data `of(k)`.
template <class V, bool kReread, class U, class Of, class Add>
FEMCRUST_INLINE void stiffness_product(U u, Of of, Add add) {
  Stresses<V> stresses;
  mean_stress(u, of, stresses.mean);
  next_stage<kReread>();
  stress_changes(u, of, stresses.change);
  next_stage<kReread>();
  FEMCRUST_UNROLL(3)
  for (int c = 0; c < 3; ++c) stiffness_forces(c, stresses, of, add);
}

/// V C H of a displacement that is linear inside the element, from its values at the vertices.
template <class V, class U, class Of>
FEMCRUST_INLINE void linear_stress(U u, Of of, V s[6]) {
  FEMCRUST_UNROLL(6)
  for (int m = 0; m < 6; ++m) s[m] = V{};
  FEMCRUST_UNROLL(3)
  for (int c = 0; c < 3; ++c) FEMCRUST_UNROLL(3)
  for (int k = 0; k < 3; ++k) add_dyad(u(1 + k, c) - u(0, c), c, of, kGradient + 3 * k, s);
  stress(of(kMeanLambda), of(kMeanMu), s);
}

/// Its six forces in direction c, at the mid-edges; those at vertices vanish, because ∫ ∇N_i dV = 0
/// there.
template <class V, class Of, class Add>
FEMCRUST_INLINE void linear_forces(int c, const V s[6], Of of, Add add) {
  FEMCRUST_UNROLL(3)
  for (int k = 0; k < 3; ++k) {
    const V f = traction(s, c, of, kPairGradient + 3 * k);
    add(opposite(k, 0), c, f);
    add(opposite(k, 1), c, -f);
  }
}

template <class V, class U, class Of, class Add>
FEMCRUST_INLINE void linear_product(U u, Of of, Add add) {
  V s[6];
  linear_stress(u, of, s);
  FEMCRUST_UNROLL(3)
  for (int c = 0; c < 3; ++c) linear_forces(c, s, of, add);
}

}  // namespace femcrust::tet10
