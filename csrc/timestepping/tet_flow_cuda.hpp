/// Flow of tetrahedra with its state in device memory; displacements come from the host, forces and
/// norms return to it.
#pragma once
#include <utility>
#include <vector>

#include "operators/elastic_ebe_cuda.hpp"
#include "timestepping/flow_device.hpp"
#include "timestepping/tet_flow.hpp"

namespace femcrust {

template <>
class TetFlow<Cuda> {
 public:
  TetFlow(const Body& body, const DeviceElementBlocks& blocks, const std::vector<Index>& listed,
          const Branches& branches)
      : blocks_(blocks),
        n_cells_(static_cast<Index>(listed.size())),
        n_branches_(branches.number),
        n_nodes_(body.n_nodes) {
    std::vector<Index> cells(static_cast<std::size_t>(body.n_elements), -1);
    for (std::size_t k = 0; k < listed.size(); ++k)
      cells[static_cast<std::size_t>(listed[k])] = static_cast<Index>(k);
    Cuda::copy_in(cells.data(), cells.size(), cells_);
    const auto n = listed.size(), many = static_cast<std::size_t>(n_branches_);
    std::vector<double> moduli(n * many), rates(n * many);
    for (std::size_t i = 0; i < moduli.size(); ++i) {
      moduli[i % many * n + i / many] = branches.modulus(i);
      rates[i % many * n + i / many] = branches.rates[i];
    }
    Cuda::copy_in(moduli.data(), moduli.size(), moduli_);
    Cuda::copy_in(rates.data(), rates.size(), rates_);
    if (branches.creep()) {
      Cuda::copy_in(branches.powers.data(), n, powers_);
      Cuda::copy_in(branches.exponents.data(), n, exponents_);
      hold(std::vector<double>(n, 1.0).data());
    }
    for (auto* state : {&v_, &rate_, &middle_, &next_})
      *state = DeviceArray<double>(n * many * (kPoints * kDeviator));
    list_offsets({});
  }

  Index size() const { return n_cells_; }
  int n_branches() const { return n_branches_; }
  std::size_t bytes() const {
    return 4 * v_.bytes() + 2 * moduli_.bytes() + 3 * held_.bytes() + cells_.bytes() +
           offset_rows_.bytes();
  }

  void set_offsets(const std::vector<Index>& cells, const double* strains) {
    if (cells != offset_cells_) list_offsets(cells);
    Cuda::copy_in(strains, cells.size() * (kPoints * 6), offsets_);
  }
  void restart(const double* u) {
    (creeps() ? kernels().creep_restart : kernels().restart)(view(), sent(u));
  }
  void first(double dt, double* f) {
    kernels().first(view(), dt, forces());
    Cuda::copy_out(f_, f);
  }
  void second(double dt, const double* u, double* f) {
    kernels().second(view(), dt, sent(u), forces());
    Cuda::copy_out(f_, f);
  }
  /// Norms are added in the order of the blocks.
  FlowNorms<> last(double dt, const double* u) {
    std::vector<FlowNorms<>> parts(static_cast<std::size_t>(blocks_.view().n_blocks));
    norms_.resize(parts.size());
    (creeps() ? kernels().creep_last : kernels().last)(view(), dt, sent(u), norms_.data());
    Cuda::copy_out(norms_, parts.data());
    return total(parts);
  }
  void accept() {
    std::swap(v_, next_);
    std::swap(rate_, middle_);
  }
  void stress(double dt, double theta, double* out) {
    found_.resize(static_cast<std::size_t>(n_cells_) * (kPoints * 6));
    kernels().stress(view(), FlowBetween(dt, theta), found_.data());
    Cuda::copy_out(found_, out);
  }
  void softness(double dt, double* parts) {
    found_.resize(static_cast<std::size_t>(n_cells_) * kPoints);
    kernels().softness(view(), dt, found_.data());
    Cuda::copy_out(found_, parts);
  }
  void hold(const double* parts) {
    Cuda::copy_in(parts, static_cast<std::size_t>(n_cells_), held_);
  }
  void trial(bool second, double dt, const double* u, double* f) {
    (second ? kernels().creep_second : kernels().creep_first)(view(), dt, sent(u), forces());
    Cuda::copy_out(f_, f);
  }
  void middle(double dt, const double* u) { kernels().creep_middle(view(), dt, sent(u)); }

  void state(FlowPart part, double* out) {
    std::vector<double> kept(v_.size());
    Cuda::copy_out(part == FlowPart::strain ? v_ : rate_, kept.data());
    each_value([&](std::size_t i, std::size_t place) { out[i] = kept[place]; });
  }
  void set_state(FlowPart part, const double* in) {
    std::vector<double> kept(v_.size());
    each_value([&](std::size_t i, std::size_t place) { kept[place] = in[i]; });
    Cuda::copy_in(kept.data(), kept.size(), part == FlowPart::strain ? v_ : rate_);
  }

 private:
  static constexpr std::size_t kPoints = tet10::kVertices;

  bool creeps() const { return held_.size() > 0; }

  /// As on the host.
  template <class Work>
  void each_value(const Work& work) const {
    const auto cells = static_cast<std::size_t>(n_cells_);
    const std::size_t n = static_cast<std::size_t>(n_branches_) * kPoints * kDeviator;
    for (std::size_t k = 0; k < cells; ++k)
      for (std::size_t j = 0; j < n; ++j) work(k * n + j, j * cells + k);
  }

  static const DeviceFlowKernels& kernels() { return FEMCRUST_FOR_THIS_DEVICE(flow_kernels); }

  void list_offsets(const std::vector<Index>& cells) {
    std::vector<Index> rows(static_cast<std::size_t>(n_cells_), -1);
    for (std::size_t k = 0; k < cells.size(); ++k)
      rows[static_cast<std::size_t>(cells[k])] = static_cast<Index>(k);
    Cuda::copy_in(rows.data(), rows.size(), offset_rows_);
    offset_cells_ = cells;
  }
  const double* sent(const double* u) {
    Cuda::copy_in(u, 3 * static_cast<std::size_t>(n_nodes_), u_);
    return u_.data();
  }
  double* forces() {
    f_.resize(3 * static_cast<std::size_t>(n_nodes_));
    return f_.data();
  }
  DeviceFlow view() {
    const DeviceBody<double> body{blocks_.view(), blocks_.vertices(), nullptr,
                                  blocks_.parts<double>(1)};
    const FlowState state{v_.data(), rate_.data(), middle_.data(), next_.data(),
                          static_cast<std::size_t>(n_cells_)};
    const FlowRates rates{rates_.data(), powers_.data(), exponents_.data(), held_.data()};
    return {body,  n_cells_, n_branches_,         cells_.data(),  moduli_.data(),
            rates, state,    offset_rows_.data(), offsets_.data()};
  }

  const DeviceElementBlocks& blocks_;
  Index n_cells_;
  int n_branches_;
  Index n_nodes_;
  DeviceArray<Index> cells_, offset_rows_;
  DeviceArray<double> moduli_, rates_;
  DeviceArray<double> powers_, exponents_, held_;  // [n_cells], or empty
  DeviceArray<double> v_, rate_, middle_, next_;   // [n_branches][4][kDeviator][n_cells]
  DeviceArray<double> u_, f_;                      // [n_nodes][3]
  // Kept from step to step: whatever is allocated anew makes recorded launches stale.
  DeviceArray<FlowNorms<>> norms_;  // [n_blocks]
  DeviceArray<double> found_;       // stress or softness
  DeviceArray<double> offsets_;     // [·][4][6]
  std::vector<Index> offset_cells_;
};

}  // namespace femcrust
