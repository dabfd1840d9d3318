// What a solver's product is held against: the kernels that one writes first.
// Compiled for REAL = double or float; nothing of femcrust is used.
#ifndef REAL
#define REAL double
#endif

// Ends of nodes 4 … 9.
__device__ const int kEnds[6][2] = {{0, 1}, {1, 2}, {0, 2}, {0, 3}, {1, 3}, {2, 3}};

// y += K x on quadratic tetrahedra: one thread an element, four points of integration, atomics.
extern "C" __global__ void naive(int n_elements, const int* elements,  // [n_elements][10]
                                 const REAL* nodes,                    // [n_nodes][3], m
                                 const REAL* lam, const REAL* mu,      // [n_elements], Pa
                                 const REAL* x, REAL* y) {             // [n_nodes][3]
  const int e = blockIdx.x * blockDim.x + threadIdx.x;
  if (e >= n_elements) return;
  const int* node = elements + 10 * static_cast<long long>(e);
  REAL edge[3][3], g[4][3];  // edges from vertex 0; gradients of the barycentric coordinates
  for (int i = 0; i < 3; ++i)
    for (int c = 0; c < 3; ++c)
      edge[i][c] = nodes[3LL * node[i + 1] + c] - nodes[3LL * node[0] + c];
  for (int i = 0; i < 3; ++i)
    for (int c = 0; c < 3; ++c) {
      const int j = (i + 1) % 3, k = (i + 2) % 3, a = (c + 1) % 3, b = (c + 2) % 3;
      g[i + 1][c] = edge[j][a] * edge[k][b] - edge[j][b] * edge[k][a];
    }
  const REAL det = edge[0][0] * g[1][0] + edge[0][1] * g[1][1] + edge[0][2] * g[1][2];
  for (int c = 0; c < 3; ++c) {
    for (int i = 1; i < 4; ++i) g[i][c] /= det;
    g[0][c] = -(g[1][c] + g[2][c] + g[3][c]);
  }
  REAL u[10][3], f[10][3] = {};
  for (int a = 0; a < 10; ++a)
    for (int c = 0; c < 3; ++c) u[a][c] = x[3LL * node[a] + c];
  for (int q = 0; q < 4; ++q) {
    REAL at[4], slope[10][3];  // barycentric coordinates of the point; gradients of the shapes
    for (int i = 0; i < 4; ++i)
      at[i] = i == q ? REAL(0.5854101966249685) : REAL(0.1381966011250105);
    for (int c = 0; c < 3; ++c) {
      for (int i = 0; i < 4; ++i) slope[i][c] = (4 * at[i] - 1) * g[i][c];
      for (int k = 0; k < 6; ++k)
        slope[4 + k][c] =
            4 * (at[kEnds[k][0]] * g[kEnds[k][1]][c] + at[kEnds[k][1]] * g[kEnds[k][0]][c]);
    }
    REAL h[3][3] = {};  // displacement gradient
    for (int a = 0; a < 10; ++a)
      for (int c = 0; c < 3; ++c)
        for (int d = 0; d < 3; ++d) h[c][d] += u[a][c] * slope[a][d];
    const REAL weight = det / 24, trace = h[0][0] + h[1][1] + h[2][2];
    for (int a = 0; a < 10; ++a)
      for (int c = 0; c < 3; ++c)
        for (int d = 0; d < 3; ++d)
          f[a][c] += weight * slope[a][d] *
                     (mu[e] * (h[c][d] + h[d][c]) + (c == d ? lam[e] * trace : REAL(0)));
  }
  for (int a = 0; a < 10; ++a)
    for (int c = 0; c < 3; ++c) atomicAdd(y + 3LL * node[a] + c, f[a][c]);
}

// y = A x with rows of 3×3 blocks: a warp a row, 27 lanes read three blocks at once.
extern "C" __global__ void block_rows(int n_rows, const long long* begin, const int* columns,
                                      const REAL* blocks,        // [entries][3][3]
                                      const REAL* x, REAL* y) {  // [n_rows][3]
  __shared__ REAL sums[8][32];
  const int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  const int row = blockIdx.x * (blockDim.x / 32) + warp;
  REAL sum = 0;
  if (row < n_rows && lane < 27)
    for (long long k = begin[row] + lane / 9; k < begin[row + 1]; k += 3)
      sum += blocks[9 * k + lane % 9] * x[3LL * columns[k] + lane % 3];
  sums[warp][lane] = sum;
  __syncwarp();
  if (row < n_rows && lane < 3) {
    REAL total = 0;
    for (int i = 0; i < 27; ++i)
      if (i % 9 / 3 == lane) total += sums[warp][i];
    y[3LL * row + lane] = total;
  }
}
