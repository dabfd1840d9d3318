/// A body with what other ranks have at the nodes that this rank owns: sums over the elements at
/// such a node are whole, as clusters need them. Nodes that others own are left to them.
#pragma once
#include <algorithm>
#include <string>
#include <vector>

#include "comm/bytes.hpp"
#include "operators/surface_rows.hpp"
#include "preconditioners/indicator.hpp"

namespace femcrust {

class BorderedBody {
 public:
  /// Of a body with a halo every rank takes part.
  BorderedBody(const Body& body, const SurfaceRows& surface) : body_(body), given_(surface) {
    if (body.halo == nullptr) return;
    elsewhere_ = body.halo->ghosts();
    find_owners();
    receive(body.halo->comm().swap(to_owners()));
  }
  BorderedBody(const BorderedBody&) = delete;
  BorderedBody& operator=(const BorderedBody&) = delete;

  const Body& body() const { return body_; }
  const SurfaceRows& surface() const { return elements_.empty() ? given_ : surface_; }
  /// Nodes that other ranks own.
  const std::vector<Index>& elsewhere() const { return elsewhere_; }

 private:
  static constexpr int kNodes = tet10::kNodes, kNowhere = -1;
  static std::size_t at(Index k) { return static_cast<std::size_t>(k); }

  /// An element on its way to a rank that owns nodes of it.
  struct Sent {
    double lam, mu, vertices[4][3];
    Index nodes[kNodes];  // places among the nodes that both ranks have, or kNowhere
  };
  struct SentBlock {
    Index row, column;  // places, too
    double values[9];
  };

  /// The rank that owns each shared node of an element that is hard to smooth, here or elsewhere.
  void find_owners() {
    const Halo& halo = *body_.halo;
    owner_.assign(at(body_.n_nodes), kNowhere);
    std::vector<double> hard(halo.nodes().size(), 0.0);
    const std::vector<std::uint8_t> flags = hard_elements(body_);
    std::vector<std::uint8_t> touched(at(body_.n_nodes), 0);
    for (Index e = 0; e < body_.n_elements; ++e)
      if (flags[at(e)])
        for (int a = 0; a < kNodes; ++a) touched[at(body_.element(e)[a])] = 1;
    for (std::size_t k = 0; k < hard.size(); ++k) hard[k] = touched[at(halo.nodes()[k])];
    halo.sum(1, hard.data());
    for (std::size_t k = 0; k < hard.size(); ++k)
      if (hard[k] > 0) owner_[at(halo.nodes()[k])] = halo.comm().rank();
    for (const Neighbour& neighbour : halo.neighbours())
      for (const Index node : neighbour.nodes)
        if (owner_[at(node)] != kNowhere)
          owner_[at(node)] = std::min(owner_[at(node)], neighbour.rank);
  }

  /// To each rank the elements and surface blocks of this one at such nodes that it owns.
  std::vector<std::string> to_owners() const {
    const Halo& halo = *body_.halo;
    std::vector<std::string> to(at(halo.comm().size()));
    std::vector<Index> place(at(body_.n_nodes), kNowhere);
    for (const Neighbour& neighbour : halo.neighbours()) {
      if (neighbour.rank > halo.comm().rank()) break;
      for (std::size_t k = 0; k < neighbour.nodes.size(); ++k)
        place[at(neighbour.nodes[k])] = static_cast<Index>(k);
      const auto theirs = [&](Index node) { return owner_[at(node)] == neighbour.rank; };
      std::vector<Sent> elements;
      for (Index e = 0; e < body_.n_elements; ++e)
        if (std::any_of(body_.element(e), body_.element(e) + kNodes, theirs))
          elements.push_back(sent(e, place));
      std::vector<SentBlock> blocks;
      given_.for_each([&](Index row, Index column, const double* values) {
        if (!theirs(row) || !theirs(column)) return;
        blocks.push_back({place[at(row)], place[at(column)], {}});
        std::copy_n(values, 9, blocks.back().values);
      });
      Packer message;
      message.put(elements.size());
      message.put(elements.data(), elements.size());
      message.put(blocks.size());
      message.put(blocks.data(), blocks.size());
      to[at(neighbour.rank)] = message.bytes();
      for (const Index node : neighbour.nodes) place[at(node)] = kNowhere;
    }
    return to;
  }

  Sent sent(Index e, const std::vector<Index>& place) const {
    Sent out{body_.lam[e], body_.mu[e], {}, {}};
    const Index* const of = body_.element(e);
    for (int a = 0; a < kNodes; ++a) out.nodes[a] = place[at(of[a])];
    for (int i = 0; i < 4; ++i) std::copy_n(body_.nodes + 3 * at(of[i]), 3, out.vertices[i]);
    return out;
  }

  void receive(const std::vector<std::string>& came) {
    for (const Neighbour& neighbour : body_.halo->neighbours()) {
      const std::string& bytes = came[at(neighbour.rank)];
      if (bytes.empty()) continue;
      Unpacker message(bytes);
      std::vector<Sent> elements(message.take<std::size_t>());
      message.take(elements.data(), elements.size());
      std::vector<SentBlock> blocks(message.take<std::size_t>());
      message.take(blocks.data(), blocks.size());
      if (elements.empty()) continue;
      if (elements_.empty()) copy_own();
      for (const Sent& element : elements) append(element, neighbour.nodes);
      for (const SentBlock& block : blocks) {
        surface_.rows.push_back(neighbour.nodes[at(block.row)]);
        surface_.columns.push_back(neighbour.nodes[at(block.column)]);
        surface_.blocks.insert(surface_.blocks.end(), block.values, block.values + 9);
        surface_.begin.push_back(static_cast<Index>(surface_.columns.size()));
      }
    }
    if (elements_.empty()) return;
    body_.elements = elements_.data();
    body_.nodes = nodes_.data();
    body_.lam = lam_.data();
    body_.mu = mu_.data();
    body_.n_elements = static_cast<Index>(lam_.size());
    body_.n_nodes = static_cast<Index>(nodes_.size() / 3);
  }

  void copy_own() {
    surface_ = given_;
    elements_.assign(body_.elements, body_.elements + kNodes * at(body_.n_elements));
    nodes_.assign(body_.nodes, body_.nodes + 3 * at(body_.n_nodes));
    lam_.assign(body_.lam, body_.lam + body_.n_elements);
    mu_.assign(body_.mu, body_.mu + body_.n_elements);
  }

  /// Nodes that only other ranks have get numbers behind the own ones, once for each element.
  void append(const Sent& element, const std::vector<Index>& both) {
    lam_.push_back(element.lam);
    mu_.push_back(element.mu);
    for (int a = 0; a < kNodes; ++a) {
      if (element.nodes[a] != kNowhere) {
        elements_.push_back(both[at(element.nodes[a])]);
        continue;
      }
      const auto node = static_cast<Index>(nodes_.size() / 3);
      elements_.push_back(node);
      elsewhere_.push_back(node);
      const double* const where = element.vertices[a < 4 ? a : 0];  // of vertices alone it counts
      nodes_.insert(nodes_.end(), where, where + 3);
    }
  }

  Body body_;
  const SurfaceRows& given_;
  SurfaceRows surface_;  // with others' blocks, where there are others' elements
  std::vector<Index> elsewhere_;
  std::vector<int> owner_;       // [n_nodes] before others' elements came
  std::vector<Index> elements_;  // own and others'; empty: there are only the own ones
  std::vector<double> nodes_, lam_, mu_;
};

}  // namespace femcrust
