/// A CUDA device, or its emulation on the host for tests: the same face as the CPU backend, on
/// arrays in device memory. Plain C++: what needs a CUDA compiler stands behind tables of
/// launchers.
#pragma once
#include <array>
#include <cmath>
#include <memory>
#include <string>
#include <utility>

#include "backends/device_graphs.hpp"
#include "backends/device_runtime.hpp"
#include "backends/device_times.hpp"
#include "backends/device_vectors.hpp"
#include "core/array.hpp"
#include "core/columns.hpp"
#include "core/error.hpp"

/// One of the tables cuda::table, emulated::table: those that the build holds.
#if defined(FEMCRUST_HAS_CUDA) && defined(FEMCRUST_HAS_EMULATOR)
#define FEMCRUST_FOR_THIS_DEVICE(table) \
  (::femcrust::Cuda::emulated() ? emulated::table : cuda::table)
#elif defined(FEMCRUST_HAS_CUDA)
#define FEMCRUST_FOR_THIS_DEVICE(table) (cuda::table)
#else
#define FEMCRUST_FOR_THIS_DEVICE(table) (emulated::table)
#endif

namespace femcrust {

class Cuda;

/// An array in the memory of the device; it cannot be read here.
template <class T>
class DeviceArray {
 public:
  DeviceArray() = default;
  /// Zeros.
  explicit DeviceArray(std::size_t size);

  /// Another size; the memory stays where it suffices, else all is new and zero.
  void resize(std::size_t size) {
    if (size > capacity_) {
      *this = DeviceArray();  // room for the new one
      *this = DeviceArray(size);
    }
    size_ = size;
  }
  void set_zero();

  /// Memory of someone else, who outlives this.
  static DeviceArray borrowed(T* data, std::size_t size) {
    DeviceArray out;
    out.data_ = {data, Release{0, false}};
    out.size_ = out.capacity_ = size;
    return out;
  }

  T* data() { return data_.get(); }
  const T* data() const { return data_.get(); }
  std::size_t size() const { return size_; }
  std::size_t bytes() const { return capacity_ * sizeof(T); }
  bool empty() const { return size_ == 0; }

 private:
  struct Release {
    std::size_t bytes = 0;
    bool owned = true;
    void operator()(T* p) const;
  };
  std::size_t size_ = 0, capacity_ = 0;
  std::unique_ptr<T, Release> data_;
};

class Cuda {
 public:
  template <class T>
  using Array = DeviceArray<T>;
  static constexpr const char* kName = "cuda";
  static constexpr bool kOnHost = false;

  static bool emulated() { return emulated_flag(); }
  static void emulate(bool yes) { emulated_flag() = yes; }
  static std::int64_t allocations() { return runtime().allocations(); }
  static const DeviceRuntime& runtime() { return FEMCRUST_FOR_THIS_DEVICE(device_runtime); }
  static const DeviceTimes& times() { return FEMCRUST_FOR_THIS_DEVICE(device_times); }

  void synchronize() const { runtime().synchronize(); }

  /// Launches of one piece of work, recorded at its second turn and replayed from the third on;
  /// anew whenever memory was allocated since, for what moved is then elsewhere.
  class Recording {
   public:
    Recording() = default;
    Recording(Recording&& other) noexcept { *this = std::move(other); }
    Recording& operator=(Recording&& other) noexcept {
      std::swap(graph_, other.graph_);
      std::swap(allocated_, other.allocated_);
      return *this;
    }
    ~Recording() { forget(); }

    template <class F>
    void run(const F& work) {
      if (times().running()) return work();
      const std::int64_t now = allocations();
      if (graph_ != nullptr && now == allocated_) return graphs().replay(graph_);
      const bool ready = now == allocated_;  // the turn before found all its memory
      forget();
      if (ready && graphs().begin()) {
        try {
          work();
        } catch (...) {
          graphs().cancel();
          throw;
        }
        graph_ = graphs().end();
        graphs().replay(graph_);
      } else {
        work();
      }
      allocated_ = allocations();
    }

   private:
    static const DeviceGraphs& graphs() { return FEMCRUST_FOR_THIS_DEVICE(device_graphs); }
    void forget() {
      if (graph_ != nullptr) graphs().forget(graph_);
      graph_ = nullptr;
    }
    void* graph_ = nullptr;
    std::int64_t allocated_ = -1;
  };

  /// A launcher takes the whole range.
  template <class F>
  void for_ranges(Index n, Index, const F& work) const {
    if (n > 0) work(0, n);
  }

  template <class T>
  static Array<T> placed(const femcrust::Array<T>& host) {
    Array<T> out;
    copy_in(host.data(), host.size(), out);
    return out;
  }
  template <class T>
  static void copy_in(const T* from, std::size_t n, Array<T>& to) {
    to.resize(n);
    if (n > 0) runtime().copy_in(to.data(), from, n * sizeof(T));
  }
  template <class T>
  static void copy_out(const Array<T>& from, T* to) {
    if (!from.empty()) runtime().copy_out(to, from.data(), from.size() * sizeof(T));
  }

  /// y = a x + b y, a and b of each column.
  template <class T>
  void axpby(int columns, const PerColumn& a, const Array<T>& x, const PerColumn& b,
             Array<T>& y) const {
    vectors<T>().axpby(x.size(), LaneValues<T>(a, columns).lane, x.data(),
                       LaneValues<T>(b, columns).lane, y.data());
  }
  template <class T>
  void axpby(T a, const Array<T>& x, T b, Array<T>& y) const {
    vectors<T>().axpby(x.size(), LaneValues<T>(a).lane, x.data(), LaneValues<T>(b).lane, y.data());
  }

  template <class T>
  PerColumn dot(int columns, const Array<T>& x, const Array<T>& y) const {
    double sums[kMostColumns];
    vectors<T>().dot(x.size(), x.data(), y.data(), sums);
    return of_columns(columns, sums);
  }
  template <class T>
  double dot(const Array<T>& x, const Array<T>& y) const {
    return dot(1, x, y)[0];
  }
  template <class T>
  double norm(const Array<T>& x) const {
    return std::sqrt(dot(x, x));
  }

  /// x += a p and r −= a q; returns r · r.
  template <class T>
  PerColumn advance(int columns, const PerColumn& a, const Array<T>& p, const Array<T>& q,
                    Array<T>& x, Array<T>& r) const {
    double sums[kMostColumns];
    vectors<T>().advance(x.size(), LaneValues<T>(a, columns).lane, p.data(), q.data(), x.data(),
                         r.data(), sums);
    return of_columns(columns, sums);
  }

  /// As Cpu::move_columns.
  template <class T>
  void move_columns(const Array<T>& x, int width, const int* from, Array<T>& y,
                    int to_width) const {
    vectors<T>().move_columns(x.size() / static_cast<std::size_t>(width), x.data(), width, from,
                              y.data(), to_width);
  }

  template <class T>
  void dense_product(int width, const Array<T>& a, const Array<T>& r, Array<T>& x) const {
    vectors<T>().dense_product(static_cast<Index>(r.size() / static_cast<std::size_t>(width)),
                               width, a.data(), r.data(), x.data());
  }

  template <class T>
  static const DeviceVectorTable<T>& vectors() {
    const DeviceVectors& kernels = FEMCRUST_FOR_THIS_DEVICE(vector_kernels);
    if constexpr (sizeof(T) == sizeof(float))
      return kernels.single;
    else
      return kernels.twofold;
  }

 private:
  static PerColumn of_columns(int columns, const double* sums) {
    PerColumn out;
    for (int lane = 0; lane < kMostColumns; ++lane) out[lane % columns] += sums[lane];
    return out;
  }
  static bool& emulated_flag() {
    static bool flag = false;
    return flag;
  }
};

template <class T>
DeviceArray<T>::DeviceArray(std::size_t size) : size_(size), capacity_(size) {
  if (size == 0) return;
  const std::size_t bytes = size * sizeof(T);
  data_ = {static_cast<T*>(Cuda::runtime().allocate(bytes)), Release{bytes}};
  set_zero();
}

template <class T>
void DeviceArray<T>::set_zero() {
  if (size_ > 0) Cuda::runtime().fill_zero(data(), size_ * sizeof(T));
}

template <class T>
void DeviceArray<T>::Release::operator()(T* p) const {
  if (owned) Cuda::runtime().release(p, bytes);
}

}  // namespace femcrust
