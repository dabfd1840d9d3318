/// Past flow of the tetrahedra that relax: the state of their branches at the vertices, between
/// which stress is linear, taken through the stages of a step (materials/branch.hpp), and the nodal
/// forces ∫ Bᵀ 2 μ/(1+z) v* dV of it.
#pragma once
#include <utility>
#include <vector>

#include "backends/cpu.hpp"
#include "operators/body.hpp"
#include "timestepping/branches.hpp"
#include "timestepping/flow_kernels.hpp"

namespace femcrust {

template <class B>
class TetFlow;

template <>
class TetFlow<Cpu> {
 public:
  /// listed: the elements that flow, ascending
  TetFlow(const Body& body, const ElementBlocks& blocks, const std::vector<Index>& listed,
          const Branches& branches)
      : blocks_(blocks),
        n_branches_(branches.number),
        vertices_(4 * static_cast<std::size_t>(body.n_vertices)) {
    for (std::size_t v = 0; v < vertices_.size(); ++v)
      vertices_[v] = v % 4 < 3 ? body.nodes[v / 4 * 3 + v % 4] : 0;
    cut(listed);
    const std::size_t n_batches = static_cast<std::size_t>(batch_begin_.back());
    const std::size_t n = n_batches * static_cast<std::size_t>(n_branches_) * kLanes;
    local_ = Array<std::uint16_t>(n_batches * (tet10::kNodes * kLanes));
    for (auto* values : {&moduli_, &rates_}) *values = Array<double>(n);
    if (branches.creep())
      for (auto* values : {&powers_, &exponents_, &held_}) *values = Array<double>(n);
    for (auto* state : {&v_, &rate_, &middle_, &next_}) *state = Array<double>(n * kState);
    for (std::size_t k = 0; k < listed.size(); ++k) place(k, listed[k], branches);
    offset_rows_.assign(n_batches, -1);
  }

  Index size() const { return cell_begin_.back(); }
  int n_branches() const { return n_branches_; }
  std::size_t bytes() const {
    return 4 * v_.bytes() + 2 * moduli_.bytes() + 3 * held_.bytes() + local_.bytes() +
           vertices_.bytes();
  }

  /// Eigenstrains that the strain of cells does not count: rows [·][4][6] and their cells.
  void set_offsets(const std::vector<Index>& cells, const double* strains) {
    std::fill(offset_rows_.begin(), offset_rows_.end(), Index(-1));
    Index rows = 0;
    for (const Index cell : cells) {
      Index& row = offset_rows_[slot_[static_cast<std::size_t>(cell)] / kLanes];
      if (row < 0) row = rows++;
    }
    offsets_.assign(static_cast<std::size_t>(rows) * (kState * kLanes), 0.0);
    for (std::size_t k = 0; k < cells.size(); ++k) {
      const std::size_t slot = slot_[static_cast<std::size_t>(cells[k])];
      const auto row = static_cast<std::size_t>(offset_rows_[slot / kLanes]);
      for (std::size_t p = 0; p < kPoints; ++p) {
        double e[kDeviator];
        deviator(strains + (k * kPoints + p) * 6, e);
        for (std::size_t m = 0; m < kDeviator; ++m)
          offsets_[(row * kState + p * kDeviator + m) * kLanes + slot % kLanes] = e[m];
      }
    }
  }

  /// Rates of flow under u, which may have jumped.
  void restart(const double* u) {
    each_block([&](const FlowBlock& block, Index, double* scratch) {
      if (block.elements.n_batches > 0)
        (creeps() ? kernels().creep_restart : kernels().restart)(block, u, scratch);
    });
  }
  /// f: nodal forces of the first stage, [n_nodes][3]
  void first(double dt, double* f) {
    sum_blocks(f, [&](const FlowBlock& block, double* scratch) {
      kernels().first(block, dt, f, scratch);
    });
  }
  /// Takes u of the first stage; f: forces of the second.
  void second(double dt, const double* u, double* f) {
    sum_blocks(f, [&](const FlowBlock& block, double* scratch) {
      kernels().second(block, dt, u, f, scratch);
    });
  }
  /// Takes u of the second stage: the state at the end of the step, until `accept` is none. Norms
  /// are added in the order of the blocks.
  FlowNorms<> last(double dt, const double* u) {
    std::vector<FlowNorms<>> parts(static_cast<std::size_t>(blocks_.n_blocks));
    each_block([&](const FlowBlock& block, Index number, double* scratch) {
      if (block.elements.n_batches > 0)
        parts[static_cast<std::size_t>(number)] =
            (creeps() ? kernels().creep_last : kernels().last)(block, dt, u, scratch);
    });
    return total(parts);
  }
  /// The state at the end of the step is the present one. Keeps the old one for `stress`.
  void accept() {
    std::swap(v_, next_);
    std::swap(rate_, middle_);
  }
  /// Σ 2 μ v at the vertices, at part θ of the step that was accepted last. [n_cells][4][6]
  void stress(double dt, double theta, double* out) {
    const FlowBetween between(dt, theta);
    each_block([&](const FlowBlock& block, Index number, double*) {
      const auto first = static_cast<std::size_t>(cell_begin_[static_cast<std::size_t>(number)]);
      kernels().stress(block, between, out + first * (6 * kPoints));
    });
  }

  /// Of creep: what the matrix of a step may take of the modulus, at the vertices. [n_cells][4]
  void softness(double dt, double* parts) {
    each_block([&](const FlowBlock& block, Index number, double*) {
      const auto first = static_cast<std::size_t>(cell_begin_[static_cast<std::size_t>(number)]);
      kernels().softness(block, dt, parts + first * kPoints);
    });
  }
  /// What it takes. [n_cells]
  void hold(const double* parts) {
    for (std::size_t cell = 0; cell < slot_.size(); ++cell) held_[slot_[cell]] = parts[cell];
  }
  /// f: forces of a trial u of the first stage, or of the second once `middle` took the first.
  void trial(bool second, double dt, const double* u, double* f) {
    const auto work = second ? kernels().creep_second : kernels().creep_first;
    sum_blocks(f, [&](const FlowBlock& block, double* scratch) { work(block, dt, u, f, scratch); });
  }
  void middle(double dt, const double* u) {
    each_block([&](const FlowBlock& block, Index, double* scratch) {
      if (block.elements.n_batches > 0) kernels().creep_middle(block, dt, u, scratch);
    });
  }

  /// What is carried from step to step, the same on every backend:
  /// [n_cells][n_branches][4][kDeviator].
  void state(FlowPart part, double* out) {
    Array<double>& kept = part == FlowPart::strain ? v_ : rate_;
    each_value([&](std::size_t i, std::size_t place) { out[i] = kept[place]; });
  }
  void set_state(FlowPart part, const double* in) {
    Array<double>& kept = part == FlowPart::strain ? v_ : rate_;
    each_value([&](std::size_t i, std::size_t place) { kept[place] = in[i]; });
  }

 private:
  static constexpr std::size_t kPoints = tet10::kVertices, kState = kPoints * kDeviator;

  bool creeps() const { return held_.size() > 0; }
  static const FlowKernels& kernels() { return FEMCRUST_FOR_THIS_CPU(flow_kernels); }

  /// Batches of the cells of each block.
  void cut(const std::vector<Index>& listed) {
    cell_begin_.assign(static_cast<std::size_t>(blocks_.n_blocks) + 1, 0);
    batch_begin_ = cell_begin_;
    for (const Index e : listed) ++cell_begin_[static_cast<std::size_t>(e / kBlock) + 1];
    for (std::size_t b = 1; b < cell_begin_.size(); ++b) {
      batch_begin_[b] = batch_begin_[b - 1] + (cell_begin_[b] + kLanes - 1) / kLanes;
      cell_begin_[b] += cell_begin_[b - 1];
    }
    slot_.resize(listed.size());
    for (std::size_t k = 0; k < listed.size(); ++k) {
      const auto b = static_cast<std::size_t>(listed[k] / kBlock);
      slot_[k] = static_cast<std::size_t>(batch_begin_[b]) * kLanes + k -
                 static_cast<std::size_t>(cell_begin_[b]);
    }
  }

  void place(std::size_t cell, Index element, const Branches& branches) {
    const std::size_t batch = slot_[cell] / kLanes, lane = slot_[cell] % kLanes;
    for (std::size_t a = 0; a < tet10::kNodes; ++a)
      local_[(batch * tet10::kNodes + a) * kLanes + lane] =
          blocks_.local[ElementBlocks::slot(element, static_cast<int>(a))];
    const auto n = static_cast<std::size_t>(n_branches_);
    for (std::size_t b = 0; b < n; ++b) {
      moduli_[(batch * n + b) * kLanes + lane] = branches.modulus(cell * n + b);
      rates_[(batch * n + b) * kLanes + lane] = branches.rates[cell * n + b];
    }
    if (!branches.creep()) return;
    powers_[slot_[cell]] = branches.powers[cell];
    exponents_[slot_[cell]] = branches.exponents[cell];
    held_[slot_[cell]] = 1;
  }

  /// work(i, place) for every value of the state: its number in the order of `state`, and where it
  /// is kept.
  template <class Work>
  void each_value(const Work& work) const {
    const std::size_t n = static_cast<std::size_t>(n_branches_) * kState;
#pragma omp parallel for schedule(static)
    for (std::ptrdiff_t cell = 0; cell < static_cast<std::ptrdiff_t>(slot_.size()); ++cell) {
      const auto k = static_cast<std::size_t>(cell);
      const std::size_t first = slot_[k] / kLanes * n * kLanes + slot_[k] % kLanes;
      for (std::size_t j = 0; j < n; ++j) work(k * n + j, first + j * kLanes);
    }
  }

  /// work(block, its number, scratch), in any order.
  template <class Work>
  void each_block(const Work& work) {
#pragma omp parallel for schedule(static)
    for (Index number = 0; number < blocks_.n_blocks; ++number)
      work(view(static_cast<std::size_t>(number)), number, scratch());
  }
  /// f = Σ of what work(block, scratch) gives, colour after colour: no two threads meet at a node.
  template <class Work>
  void sum_blocks(double* f, const Work& work) {
#pragma omp parallel
    for (std::size_t c = 0; c + 1 < blocks_.colour_begin.size(); ++c) {
#pragma omp for schedule(static)
      for (Index k = blocks_.colour_begin[c]; k < blocks_.colour_begin[c + 1]; ++k)
        work(view(static_cast<std::size_t>(blocks_.order[static_cast<std::size_t>(k)])), scratch());
    }
    for (const Index node : blocks_.untouched)
      std::fill_n(f + 3 * static_cast<std::size_t>(node), 3, 0.0);
  }
  double* scratch() const {
    return Cpu::scratch<double>(8 * static_cast<std::size_t>(blocks_.most_nodes));
  }

  FlowBlock view(std::size_t b) {
    const auto batch = static_cast<std::size_t>(batch_begin_[b]);
    const std::size_t branch = batch * static_cast<std::size_t>(n_branches_) * kLanes;
    EbeBlock<double> elements{};
    elements.nodes = blocks_.nodes.data() + blocks_.node_begin[b];
    elements.n_nodes = blocks_.node_begin[b + 1] - blocks_.node_begin[b];
    elements.n_first = blocks_.set_end[b] - blocks_.node_begin[b];
    elements.n_batches = batch_begin_[b + 1] - batch_begin_[b];
    elements.n_elements = cell_begin_[b + 1] - cell_begin_[b];
    elements.local = local_.data() + batch * (tet10::kNodes * kLanes);
    elements.data.vertices = vertices_.data();
    const FlowState state{v_.data(), rate_.data(), middle_.data(), next_.data(), kLanes};
    const FlowRates rates{rates_.data(), powers_.data(), exponents_.data(), held_.data()};
    return {elements,
            n_branches_,
            moduli_.data() + branch,
            rates + branch,
            state + branch * kState,
            offset_rows_.data() + batch,
            offsets_.data()};
  }

  const ElementBlocks& blocks_;
  int n_branches_;
  Array<double> vertices_;                       // [n_vertices][4], m
  std::vector<Index> cell_begin_, batch_begin_;  // [n_blocks + 1]
  std::vector<std::size_t> slot_;                // [n_cells] its batch times 16, and its lane
  Array<std::uint16_t> local_;                   // [n_batches][10][16]
  Array<double> moduli_, rates_;                 // [n_batches][n_branches][16]
  Array<double> powers_, exponents_, held_;      // alike, or empty
  Array<double> v_, rate_, middle_, next_;       // FlowBlock::state
  std::vector<Index> offset_rows_;               // [n_batches]
  std::vector<double> offsets_;                  // [·][4][kDeviator][16]
};

}  // namespace femcrust
