/// Small matrices of the setup, the same on the host and on a device: the inverse of a symmetric
/// block, blocks of nodes that boundaries hold, and the coupling of two vertices.
#pragma once
#include "elements/tet10.hpp"

namespace femcrust {

/// Inverse of a symmetric positive definite 3×3 block given by six components, by cofactors; false
/// when the block is not positive definite.
FEMCRUST_INLINE bool invert_symmetric(const double a[6], double inverse[6]) {
  const double xx = a[1] * a[2] - a[5] * a[5], xy = a[4] * a[5] - a[3] * a[2];
  const double xz = a[3] * a[5] - a[4] * a[1], yy = a[0] * a[2] - a[4] * a[4];
  const double yz = a[3] * a[4] - a[0] * a[5], zz = a[0] * a[1] - a[3] * a[3];
  const double det = a[0] * xx + a[3] * xy + a[4] * xz;
  if (!(a[0] > 0 && zz > 0 && det > 0)) return false;
  const double adjugate[6] = {xx, yy, zz, xy, xz, yz};
  FEMCRUST_UNROLL(6)
  for (int m = 0; m < 6; ++m) inverse[m] = adjugate[m] / det;
  return true;
}

/// Q D Q + (I − Q) tr(D)/3 of a symmetric block D of six components; q: [3][3]
FEMCRUST_INLINE void held_diagonal(const double* q, const double six[6], double out[6]) {
  const double held = (six[0] + six[1] + six[2]) / 3;
  double dq[3][3] = {};
  FEMCRUST_UNROLL(3)
  for (int i = 0; i < 3; ++i) FEMCRUST_UNROLL(3)
  for (int j = 0; j < 3; ++j) FEMCRUST_UNROLL(3)
  for (int m = 0; m < 3; ++m) dq[i][j] += six[tet10::voigt(i, m)] * q[3 * m + j];
  FEMCRUST_UNROLL(3)
  for (int i = 0; i < 3; ++i) FEMCRUST_UNROLL(3)
  for (int j = i; j < 3; ++j) {
    double sum = held * ((i == j ? 1.0 : 0.0) - q[3 * i + j]);
    FEMCRUST_UNROLL(3)
    for (int m = 0; m < 3; ++m) sum += q[3 * i + m] * dq[m][j];
    out[tet10::voigt(i, j)] = sum;
  }
}

/// out = left a right, all 3×3
FEMCRUST_INLINE void sandwich(const double* left, const double* a, const double* right,
                              double* out) {
  double half[9];
  FEMCRUST_UNROLL(3)
  for (int i = 0; i < 3; ++i) FEMCRUST_UNROLL(3)
  for (int j = 0; j < 3; ++j)
    half[3 * i + j] = left[3 * i] * a[j] + left[3 * i + 1] * a[3 + j] + left[3 * i + 2] * a[6 + j];
  FEMCRUST_UNROLL(3)
  for (int i = 0; i < 3; ++i) FEMCRUST_UNROLL(3)
  for (int j = 0; j < 3; ++j)
    out[3 * i + j] =
        half[3 * i] * right[j] + half[3 * i + 1] * right[3 + j] + half[3 * i + 2] * right[6 + j];
}

/// Block of the rows and columns of two vertices, Q_i K Q_j, where `own` and `other` are their
/// projectors, nullptr for all directions free; (I − Q_i) tr(K)/3 more on the diagonal.
FEMCRUST_INLINE void held_block(const double* own, const double* other, bool diagonal,
                                const double from[9], double to[9]) {
  constexpr double kIdentity[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
  double left[9], right[9];
  FEMCRUST_UNROLL(9)
  for (int c = 0; c < 9; ++c) {
    left[c] = own != nullptr ? own[c] : kIdentity[c];
    right[c] = other != nullptr ? other[c] : kIdentity[c];
  }
  sandwich(left, from, right, to);
  if (!diagonal) return;
  FEMCRUST_UNROLL(9)
  for (int c = 0; c < 9; ++c) to[c] += (from[0] + from[4] + from[8]) / 3 * (kIdentity[c] - left[c]);
}

}  // namespace femcrust
