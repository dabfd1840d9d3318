/// Small clusters on a device: their inverses in its memory, by the method that is chosen for each
/// number of columns. On the host there are none.
#pragma once
#include <memory>

#include "operators/nodal_vectors.hpp"
#include "preconditioners/cluster_choice.hpp"
#include "preconditioners/small_clusters.hpp"

namespace femcrust {

template <class T, class B>
class SmallClusterSolve {
 public:
  SmallClusterSolve() = default;
  explicit SmallClusterSolve(const Clusters<T>& clusters) : methods_(cluster_choice().by_width()) {
    if (uses(ClusterMethod::inverse)) inverses_ = sent<PlainInverse<T>>(clusters);
    if constexpr (std::is_same_v<T, float>) {
      if (uses(ClusterMethod::mma1)) tiles_[0] = sent<TiledInverse<1>>(clusters);
      if (uses(ClusterMethod::mma2)) tiles_[1] = sent<TiledInverse<2>>(clusters);
    }
  }

  std::size_t bytes() const { return inverses_.bytes() + tiles_[0].bytes() + tiles_[1].bytes(); }

  /// As ClusterSolve::add, on small clusters only. Returns the places of all others, or null if it
  /// has nothing to do with this number of columns.
  template <class F>
  const ArrayOn<B, ClusterPlace>* add(int width, const Index* nodes, const typename F::Word* r,
                                      T gain, typename F::Word* d, typename F::Word* x) const {
    const auto slot = static_cast<std::size_t>(width_slot(width));
    if (methods_.empty() || methods_[slot] == ClusterMethod::substitution) return nullptr;
    if (methods_[slot] == ClusterMethod::inverse) {
      const ClusterBatches<T> batches{inverses_.places.data(), nodes, inverses_.values.data(),
                                      kMostSmall};
      if (!inverses_.places.empty())
        FEMCRUST_FOR_THIS_DEVICE(small_cluster_kernels)
            .add(F{}, width)(batches, 0, inverses_.n_batches(), r, gain, d, x);
      return &inverses_.others;
    }
    if constexpr (std::is_same_v<F, Fp32>) {
      if (slot < TiledClusterKernels::kFirstWidth) return nullptr;
      const bool two = methods_[slot] == ClusterMethod::mma2;
      const auto& kept = tiles_[two];
      const TiledClusters tiled{kept.places.data(), nodes, kept.values.data(), kept.scales.data()};
      if (!kept.places.empty())
        FEMCRUST_FOR_THIS_DEVICE(tiled_cluster_kernels)
            .add[two][slot - TiledClusterKernels::kFirstWidth](tiled, kept.n_batches(), r, gain, d,
                                                               x);
      return &kept.others;
    }
    return nullptr;
  }

 private:
  template <class Number>
  struct Kept {
    ArrayOn<B, ClusterPlace> places, others;
    ArrayOn<B, Number> values;
    ArrayOn<B, float> scales;

    Index n_batches() const { return static_cast<Index>(places.size()); }
    std::size_t bytes() const { return values.bytes() + scales.bytes(); }
  };

  bool uses(ClusterMethod method) const {
    return std::find(methods_.begin(), methods_.end(), method) != methods_.end();
  }

  template <class Inverse>
  static Kept<typename Inverse::Number> sent(const Clusters<T>& clusters) {
    const SmallClusters<T, Inverse> small(clusters);
    Kept<typename Inverse::Number> out;
    B::copy_in(small.places.data(), small.places.size(), out.places);
    B::copy_in(small.others.data(), small.others.size(), out.others);
    B::copy_in(small.inverses.data(), small.inverses.size(), out.values);
    if (!std::is_same_v<Inverse, PlainInverse<T>>)
      B::copy_in(small.scales.data(), small.scales.size(), out.scales);
    return out;
  }

  std::vector<ClusterMethod> methods_;  // by width
  Kept<T> inverses_;
  Kept<std::uint16_t> tiles_[2];  // of one and of two numbers
};

}  // namespace femcrust
