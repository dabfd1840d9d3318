/// Flat cells: tetrahedra with a small dihedral angle φ. Faces opposite to vertices i and j have
/// the normals −g_i, −g_j, so cos φ_ij = −g_i·g_j / (|g_i| |g_j|).
#pragma once

namespace femcrust {

/// Whether a dihedral angle is below φ < 90°, given cos²φ. g: [3][3], gradients of vertices 1 to 3
inline bool is_flat(const double g[3][3], double cosine_squared) {
  double all[4][3], square[4];
  for (int c = 0; c < 3; ++c) all[0][c] = -(g[0][c] + g[1][c] + g[2][c]);
  for (int i = 0; i < 3; ++i)
    for (int c = 0; c < 3; ++c) all[i + 1][c] = g[i][c];
  const auto dot = [&](int i, int j) {
    return all[i][0] * all[j][0] + all[i][1] * all[j][1] + all[i][2] * all[j][2];
  };
  for (int i = 0; i < 4; ++i) square[i] = dot(i, i);
  bool flat = false;
  for (int i = 0; i < 4; ++i)
    for (int j = 0; j < i; ++j) {
      const double towards = -dot(i, j);
      flat |= towards > 0 && towards * towards > cosine_squared * square[i] * square[j];
    }
  return flat;
}

}  // namespace femcrust
