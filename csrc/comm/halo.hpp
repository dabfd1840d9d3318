/// Nodes that ranks share. At such a node every rank has a part of a sum; `start` and `finish` give
/// all of them the whole. Parts are added in the order of the ranks, so the whole is the same to
/// the bit wherever it is.
#pragma once
#include <algorithm>
#include <cstdint>
#include <map>
#include <utility>

#include "comm/comm.hpp"
#include "core/array.hpp"
#include "core/error.hpp"

namespace femcrust {

/// Another rank and what both have, in an order that both agree on.
struct Neighbour {
  int rank;
  std::vector<Index> nodes;
};

class Halo {
 public:
  /// neighbours: ranks ascending
  Halo(std::shared_ptr<const Comm> comm, std::vector<Neighbour> neighbours)
      : comm_(std::move(comm)), neighbours_(std::move(neighbours)) {
    for (std::size_t k = 0; k < neighbours_.size(); ++k) {
      const int rank = neighbours_[k].rank;
      require(rank >= 0 && rank < comm_->size() && rank != comm_->rank() &&
                  (k == 0 || neighbours_[k - 1].rank < rank),
              "halo: ranks of neighbours ascend, and none is one's own");
      nodes_.insert(nodes_.end(), neighbours_[k].nodes.begin(), neighbours_[k].nodes.end());
    }
    std::sort(nodes_.begin(), nodes_.end());
    nodes_.erase(std::unique(nodes_.begin(), nodes_.end()), nodes_.end());
    list_parts();
  }

  const Comm& comm() const { return *comm_; }
  const std::shared_ptr<const Comm>& shared_comm() const { return comm_; }
  const std::vector<Neighbour>& neighbours() const { return neighbours_; }
  /// Shared nodes, ascending.
  const std::vector<Index>& nodes() const { return nodes_; }
  /// Those that a lower rank owns, ascending: who sums over all nodes leaves them out.
  const std::vector<Index>& ghosts() const { return ghosts_; }
  /// Of a shared node its place among them.
  std::size_t place(Index node) const {
    return static_cast<std::size_t>(std::lower_bound(nodes_.begin(), nodes_.end(), node) -
                                    nodes_.begin());
  }

  /// What a message holds, neighbour after neighbour: places among the shared nodes.
  const std::vector<std::size_t>& sent() const { return sent_; }
  /// The parts of shared node k in the order of the ranks: parts()[part_begin()[k]] … are places in
  /// what came, or -1 for the own one.
  const std::vector<std::size_t>& part_begin() const { return part_begin_; }
  const std::vector<std::int64_t>& parts() const { return parts_; }

  /// Messages of so many bytes a node, from and to memory in the order of sent().
  std::unique_ptr<Channel> channel(std::size_t bytes, void* out, void* in, bool on_device) const {
    std::vector<Message> sent, came;
    std::size_t first = 0;
    for (const Neighbour& neighbour : neighbours_) {
      const std::size_t size = neighbour.nodes.size() * bytes;
      sent.push_back({neighbour.rank, static_cast<char*>(out) + first, size, on_device});
      came.push_back({neighbour.rank, static_cast<char*>(in) + first, size, on_device});
      first += size;
    }
    return comm_->channel(sent, came);
  }

  /// The shared nodes that `wanted(node)` takes, of which all ranks that have one must say the
  /// same.
  template <class F>
  Halo only(const F& wanted) const {
    std::vector<Neighbour> some;
    for (const Neighbour& neighbour : neighbours_) {
      some.push_back({neighbour.rank, {}});
      std::copy_if(neighbour.nodes.begin(), neighbour.nodes.end(),
                   std::back_inserter(some.back().nodes), wanted);
      if (some.back().nodes.empty()) some.pop_back();
    }
    return {comm_, std::move(some)};
  }
  /// Shared nodes below n: the vertices, where nodes are numbered vertices first.
  Halo first(Index n) const {
    return only([n](Index node) { return node < n; });
  }

  /// Sends this rank's parts, table [nodes][per]; it may change once `finish` has returned.
  template <class T>
  void start(std::size_t per, const T* table) const {
    Traffic& traffic = traffic_of(per * sizeof(T));
    T* to = reinterpret_cast<T*>(traffic.out.data());
    for (const std::size_t place : sent_) {
      std::copy_n(table + place * per, per, to);
      to += per;
    }
    traffic.channel->start();
  }

  /// Takes the parts of the others; in the table are whole sums then.
  template <class T>
  void finish(std::size_t per, T* table) const {
    Traffic& traffic = traffic_of(per * sizeof(T));
    traffic.channel->finish();
    const T* const came = reinterpret_cast<const T*>(traffic.in.data());
    const auto n = static_cast<std::ptrdiff_t>(nodes_.size());
#pragma omp parallel
    {
      std::vector<T> own(per);
#pragma omp for schedule(static)
      for (std::ptrdiff_t k = 0; k < n; ++k) {
        const auto node = static_cast<std::size_t>(k);
        T* const sum = table + node * per;
        std::copy_n(sum, per, own.data());
        for (std::size_t p = part_begin_[node]; p < part_begin_[node + 1]; ++p) {
          const T* const part =
              parts_[p] < 0 ? own.data() : came + static_cast<std::size_t>(parts_[p]) * per;
          for (std::size_t i = 0; i < per; ++i)
            sum[i] = p == part_begin_[node] ? part[i] : sum[i] + part[i];
        }
      }
    }
  }

  template <class T>
  void sum(std::size_t per, T* table) const {
    start(per, table);
    finish(per, table);
  }

  /// Of all ranks: how many nodes there are, where each counts once.
  double count(Index n_nodes) const {
    double n = static_cast<double>(n_nodes) - static_cast<double>(ghosts_.size());
    comm_->sum(&n, 1);
    return n;
  }

 private:
  struct Traffic {
    Array<std::uint64_t> out, in;
    std::unique_ptr<Channel> channel;
  };

  /// Which received part, or -1 the own one, adds to each shared node, in the order of the ranks.
  void list_parts() {
    std::vector<std::vector<std::int64_t>> parts(nodes_.size());
    bool own = false;
    const auto add_own = [&] {
      for (auto& list : parts) list.push_back(-1);
      own = true;
    };
    std::int64_t came = 0;
    std::vector<char> lower(nodes_.size(), 0);
    for (const Neighbour& neighbour : neighbours_) {
      if (!own && neighbour.rank > comm_->rank()) add_own();
      for (const Index node : neighbour.nodes) {
        parts[place(node)].push_back(came++);
        sent_.push_back(place(node));
        if (neighbour.rank < comm_->rank()) lower[place(node)] = 1;
      }
    }
    if (!own) add_own();
    part_begin_.push_back(0);
    for (std::size_t k = 0; k < nodes_.size(); ++k) {
      parts_.insert(parts_.end(), parts[k].begin(), parts[k].end());
      part_begin_.push_back(parts_.size());
      if (lower[k]) ghosts_.push_back(nodes_[k]);
    }
  }

  Traffic& traffic_of(std::size_t bytes) const {
    Traffic& traffic = traffic_[bytes];
    if (!traffic.channel) {
      const std::size_t words = (sent_.size() * bytes + 7) / 8 + 1;
      traffic.out = Array<std::uint64_t>(words);
      traffic.in = Array<std::uint64_t>(words);
      traffic.channel = channel(bytes, traffic.out.data(), traffic.in.data(), false);
    }
    return traffic;
  }

  std::shared_ptr<const Comm> comm_;
  std::vector<Neighbour> neighbours_;
  std::vector<Index> nodes_, ghosts_;
  std::vector<std::size_t> sent_;  // places among the shared nodes, neighbour after neighbour
  std::vector<std::size_t> part_begin_;
  std::vector<std::int64_t> parts_;
  mutable std::map<std::size_t, Traffic> traffic_;  // by bytes a node; one exchange at a time
};

}  // namespace femcrust
