// Compiled with FEMCRUST_ISA = v2, v3, v4 and the matching -march; see flow_kernels.hpp.
#include "timestepping/flow_kernels.hpp"

#include "operators/ebe_single.hpp"

namespace femcrust::FEMCRUST_ISA {
namespace {

constexpr int N = kAtOnce<double>;
constexpr int kPoints = tet10::kVertices;
using V = Lanes<double, N>;

/// N elements of a batch, from `lane` on.
struct FlowLanes {
  const FlowBlock& block;
  std::size_t batch;
  int lane;

  const std::uint16_t* local() const { return block.elements.local + batch * 10 * kLanes + lane; }
};

/// Gradients of the barycentric coordinates; returns V/20.
FEMCRUST_INLINE V shape(const FlowLanes& lanes, V g[3][3]) {
  V flat[9];
  const V det = element_shapes<N>(lanes.block.elements, lanes.batch, lanes.lane, flat);
  for (int k = 0; k < 9; ++k) g[k / 3][k % 3] = flat[k];
  return det * (1.0 / 120);
}

/// Deviators of the elastic and viscous strain at the vertices.
FEMCRUST_INLINE void strain(const FlowLanes& lanes, const double* u_local, const V g[3][3],
                            V e[kPoints][kDeviator]) {
  const std::uint16_t* const local = lanes.local();
  V u[10][3];
#pragma GCC unroll 10
  for (int a = 0; a < 10; ++a) Transpose<double, N>::gather(u_local, local + a * kLanes, u[a]);
#pragma GCC unroll 4
  for (int p = 0; p < kPoints; ++p) {
    V h[3][3];
    tet10::vertex_gradient(u, g, p, h);
    const V both[6] = {h[0][0],
                       h[1][1],
                       h[2][2],
                       (h[0][1] + h[1][0]) / 2,
                       (h[0][2] + h[2][0]) / 2,
                       (h[1][2] + h[2][1]) / 2};
    deviator(both, e[p]);
  }
  const Index row = lanes.block.offset_rows[lanes.batch];
  if (row < 0) return;
  const double* const offsets = lanes.block.offsets +
                                static_cast<std::size_t>(row) * (kPoints * kDeviator * kLanes) +
                                lanes.lane;
  for (int p = 0; p < kPoints; ++p)
    for (int m = 0; m < kDeviator; ++m)
      e[p][m] -= load<double, N>(offsets + (p * kDeviator + m) * kLanes);
}

/// work(2 μ, step, state) of each branch.
template <template <class> class Law, class Work>
FEMCRUST_INLINE void branches(const FlowLanes& lanes, double dt, const Work& work) {
  const FlowBlock& block = lanes.block;
  const auto n = static_cast<std::size_t>(block.n_branches);
  for (std::size_t b = lanes.batch * n; b < (lanes.batch + 1) * n; ++b) {
    const std::size_t at = b * kLanes + static_cast<std::size_t>(lanes.lane);
    const auto side_by_side = [&](const double* from) __attribute__((always_inline)) {
      return load<double, N>(from + at);
    };
    work(2 * side_by_side(block.moduli), Law<V>(dt, block.rates, side_by_side),
         block.state + (at - static_cast<std::size_t>(lanes.lane)) * (kPoints * kDeviator) +
             static_cast<std::size_t>(lanes.lane));
  }
}

constexpr std::size_t kPoint = kDeviator * kLanes;  // numbers of the state at a point

/// A stage of N elements.
template <class Stage>
FEMCRUST_INLINE void flow(const FlowLanes& lanes, double dt, const double* u_local, double* f_local,
                          FlowNorms<V>& norms) {
  V g[3][3], e[kPoints][kDeviator] = {}, stress[kPoints][6] = {}, f[10][3];
  const V weight = shape(lanes, g);
  if constexpr (Stage::kTakesStrain) strain(lanes, u_local, g, e);
  using Step = typename Stage::template Law<V>;
  const auto work = [&](V two_mu, const Step& step,
                        FlowState state) __attribute__((always_inline)) {
    for (std::size_t p = 0; p < kPoints; ++p)
      Stage::template at<V>({step, two_mu, 5 * weight, state + p * kPoint}, e[p], stress[p], norms);
  };
  branches<Stage::template Law>(lanes, dt, work);
  if constexpr (Stage::kGivesForces) {
    for (auto& s : stress)
      for (V& component : s) component *= weight;
    tet10::stress_divergence(stress, g, f);
    add_at_nodes<double, N>(f, lanes.local(), f_local);
  }
}

/// A stage of a block.
template <class Stage>
FEMCRUST_INLINE FlowNorms<> flow(const FlowBlock& block, double dt, const double* u, double* f,
                                 double* scratch) {
  const EbeBlock<double>& elements = block.elements;
  double* const f_local = scratch + kPadded * elements.n_nodes;
  if constexpr (Stage::kTakesStrain)
    gather_block<Fp64>(elements, u, scratch, f_local);
  else
    for (Index k = 0; k < kPadded * elements.n_nodes; ++k) f_local[k] = 0;
  FlowNorms<V> norms{};
  for (Index batch = 0; batch < elements.n_batches; ++batch)
    for (int lane = 0; lane < kLanes; lane += N)
      flow<Stage>({block, static_cast<std::size_t>(batch), lane}, dt, scratch, f_local, norms);
  if constexpr (Stage::kGivesForces) scatter_block<Fp64>(elements, f_local, f);
  FlowNorms<> total{};
  for (int i = 0; i < N; ++i) {
    total.error += norms.error[i];
    total.stress += norms.stress[i];
  }
  return total;
}

void restart(const FlowBlock& block, const double* u, double* scratch) {
  flow<Restart>(block, 0, u, nullptr, scratch);
}
void first(const FlowBlock& block, double dt, double* f, double* scratch) {
  flow<FirstStage>(block, dt, nullptr, f, scratch);
}
void second(const FlowBlock& block, double dt, const double* u, double* f, double* scratch) {
  flow<SecondStage>(block, dt, u, f, scratch);
}
FlowNorms<> last(const FlowBlock& block, double dt, const double* u, double* scratch) {
  return flow<LastStage>(block, dt, u, nullptr, scratch);
}

void stress(const FlowBlock& block, const FlowBetween& between, double* out) {
  const Index n = block.elements.n_elements;
  for (Index first = 0; first < n; first += N) {
    const FlowLanes lanes{block, static_cast<std::size_t>(first / kLanes), first % kLanes};
    V tensors[kPoints][6] = {};
    const auto work = [&](V two_mu, const BranchStep<V>&, FlowState state)
                          __attribute__((always_inline)) {
                            for (std::size_t p = 0; p < kPoints; ++p)
                              between.at(two_mu, state + p * kPoint, tensors[p]);
                          };
    branches<BranchStep>(lanes, 0, work);
    alignas(64) double side_by_side[6 * kPoints][N];
    for (int k = 0; k < 6 * kPoints; ++k) store<double, N>(side_by_side[k], tensors[k / 6][k % 6]);
    for (Index i = 0; i < N && first + i < n; ++i)
      for (int k = 0; k < 6 * kPoints; ++k) *out++ = side_by_side[k][i];
  }
}

void creep_restart(const FlowBlock& block, const double* u, double* scratch) {
  flow<CreepRestart>(block, 0, u, nullptr, scratch);
}
void creep_first(const FlowBlock& block, double dt, const double* u, double* f, double* scratch) {
  flow<CreepTrial<CreepStage::first>>(block, dt, u, f, scratch);
}
void creep_middle(const FlowBlock& block, double dt, const double* u, double* scratch) {
  flow<CreepMiddle>(block, dt, u, nullptr, scratch);
}
void creep_second(const FlowBlock& block, double dt, const double* u, double* f, double* scratch) {
  flow<CreepTrial<CreepStage::second>>(block, dt, u, f, scratch);
}
FlowNorms<> creep_last(const FlowBlock& block, double dt, const double* u, double* scratch) {
  return flow<CreepLast>(block, dt, u, nullptr, scratch);
}

void softness_at_vertices(const FlowBlock& block, double dt, double* out) {
  const Index n = block.elements.n_elements;
  for (Index first = 0; first < n; first += N) {
    const FlowLanes lanes{block, static_cast<std::size_t>(first / kLanes), first % kLanes};
    V parts[kPoints];
    branches<CreepStep>(lanes, dt, [&](V, const CreepStep<V>& step, FlowState state) {
      for (std::size_t p = 0; p < kPoints; ++p) parts[p] = softness(step, state + p * kPoint);
    });
    for (Index i = 0; i < N && first + i < n; ++i)
      for (int p = 0; p < kPoints; ++p) *out++ = parts[p][i];
  }
}

}  // namespace

extern const FlowKernels flow_kernels = {restart,
                                         first,
                                         second,
                                         last,
                                         stress,
                                         creep_restart,
                                         creep_first,
                                         creep_middle,
                                         creep_second,
                                         creep_last,
                                         softness_at_vertices};

}  // namespace femcrust::FEMCRUST_ISA
