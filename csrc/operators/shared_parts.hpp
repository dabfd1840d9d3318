/// Parts of sums at the rows that ranks share, where a backend works: out into messages, and whole
/// sums back. Parts are added in the order of the ranks on every backend, with the same bits.
#pragma once
#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "backends/listed_rows.hpp"
#include "backends/message_memory.hpp"
#include "comm/halo.hpp"
#include "operators/part_kernels.hpp"

namespace femcrust {

/// Vectors are [n_rows][per] numbers, three where their format F packs them; one exchange at a
/// time.
template <class B>
class SharedParts;

template <>
class SharedParts<Cpu> {
 public:
  explicit SharedParts(std::shared_ptr<const Halo> halo)
      : halo_(std::move(halo)), rows_(halo_->nodes()) {}

  /// Sends this rank's parts of y; the shared rows stay as they are until `finish`.
  template <class F>
  void start(std::size_t per, const typename F::Word* y) const {
    using T = typename F::Real;
    T* const values = space<T>(table_, per);
    if constexpr (kPlain<F>) {
      rows_.fetch(per, y, values);
    } else {
      auto* const words = space<typename F::Word>(packed_, F::kWords);
      rows_.fetch(F::kWords, y, words);
      for (std::size_t k = 0; k < size(); ++k) F::load(words + F::kWords * k, values + 3 * k);
    }
    halo_->start(per, values);
  }

  /// y's parts → whole sums
  template <class F>
  void finish(std::size_t per, typename F::Word* y) const {
    using T = typename F::Real;
    T* const values = space<T>(table_, per);
    halo_->finish(per, values);
    if constexpr (kPlain<F>) {
      rows_.put(per, values, y);
    } else {
      auto* const words = space<typename F::Word>(packed_, F::kWords);
      for (std::size_t k = 0; k < size(); ++k) F::store(words + F::kWords * k, values + 3 * k);
      rows_.put(F::kWords, words, y);
    }
  }

 private:
  std::size_t size() const { return halo_->nodes().size(); }
  template <class T>
  T* space(Array<std::uint64_t>& memory, std::size_t per) const {
    const std::size_t words = (size() * per * sizeof(T) + 7) / 8;
    if (memory.size() < words) memory = Array<std::uint64_t>(words);
    return reinterpret_cast<T*>(memory.data());
  }

  std::shared_ptr<const Halo> halo_;
  ListedRows<Cpu> rows_;
  mutable Array<std::uint64_t> table_, packed_;  // as numbers, and as words of a format
};

/// Rows are gathered and sums taken on the device. Messages leave from there and come there where
/// the ranks' messages may lie on a device, else they pass through pinned memory of the host.
template <>
class SharedParts<Cuda> {
 public:
  explicit SharedParts(std::shared_ptr<const Halo> halo) : halo_(std::move(halo)) {
    const std::vector<Index>& nodes = halo_->nodes();
    require(halo_->parts().size() <= INT32_MAX, "halo: more than 2³¹ parts");
    std::vector<Index> sent;
    for (const std::size_t place : halo_->sent()) sent.push_back(nodes[place]);
    const auto placed = [](const auto& values, DeviceArray<Index>& to) {
      const std::vector<Index> narrow(values.begin(), values.end());
      Cuda::copy_in(narrow.data(), narrow.size(), to);
    };
    placed(sent, sent_);
    placed(nodes, rows_);
    placed(halo_->part_begin(), begin_);
    placed(halo_->parts(), parts_);
  }

  template <class F>
  void start(std::size_t per, const typename F::Word* y) const {
    using T = typename F::Real;
    Traffic& traffic = traffic_of(per * sizeof(T));
    kernels().of(F{}).gather(static_cast<Index>(sent_.size()), sent_.data(), per, y,
                             static_cast<T*>(traffic.out.data()));
    if (traffic.staged)
      Cuda::runtime().copy_out(traffic.out_host.data(), traffic.out.data(), traffic.out.bytes());
    // MPI knows nothing of the stream. A message must not leave before its rows are there, nor one
    // come where the sums of the exchange before still read: all work given to the stream ends
    // here.
    Cuda::runtime().synchronize();
    traffic.channel->start();
  }

  template <class F>
  void finish(std::size_t per, typename F::Word* y) const {
    using T = typename F::Real;
    Traffic& traffic = traffic_of(per * sizeof(T));
    traffic.channel->finish();
    if (traffic.staged)
      Cuda::runtime().copy_in(traffic.in.data(), traffic.in_host.data(), traffic.in.bytes());
    kernels().of(F{}).add(
        {static_cast<Index>(rows_.size()), rows_.data(), begin_.data(), parts_.data()}, per,
        static_cast<const T*>(traffic.in.data()), y);
  }

 private:
  struct Traffic {
    MessageMemory out, in;
    PinnedMemory out_host, in_host;  // where messages are staged
    bool staged = false;
    std::unique_ptr<Channel> channel;  // ends before its memory does
  };
  static const PartKernels& kernels() { return FEMCRUST_FOR_THIS_DEVICE(part_kernels); }

  Traffic& traffic_of(std::size_t bytes) const {
    Traffic& traffic = traffic_[bytes];
    if (!traffic.channel) {
      const std::size_t size = std::max<std::size_t>(1, sent_.size() * bytes);
      traffic.staged = !halo_->comm().takes_device();
      traffic.out = MessageMemory(size);
      traffic.in = MessageMemory(size);
      if (traffic.staged) {
        traffic.out_host = PinnedMemory(size);
        traffic.in_host = PinnedMemory(size);
        traffic.channel =
            halo_->channel(bytes, traffic.out_host.data(), traffic.in_host.data(), false);
      } else {
        traffic.channel = halo_->channel(bytes, traffic.out.data(), traffic.in.data(), true);
      }
    }
    return traffic;
  }

  std::shared_ptr<const Halo> halo_;
  DeviceArray<Index> sent_, rows_, begin_, parts_;
  mutable std::map<std::size_t, Traffic> traffic_;  // by bytes a node
};

}  // namespace femcrust
