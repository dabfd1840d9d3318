/// A fixed-size array on a cache-line boundary whose pages are touched first by the threads that
/// will work on them, so that on machines with several memories each thread reads its own.
#pragma once
#include <sys/mman.h>

#include <cstdlib>
#include <memory>
#include <new>

#include "core/counters.hpp"
#include "core/types.hpp"

namespace femcrust {

template <class T>
class Array {
 public:
  Array() = default;
  explicit Array(std::size_t size, T value = T{})
      : size_(size), capacity_(size), data_(allocate(size)) {
    fill(value);
  }

  /// Another size; the memory and what it holds stay where they suffice, else all is new.
  void resize(std::size_t size) {
    if (size > capacity_) {
      *this = Array();  // room for the new one
      *this = Array(size);
    }
    size_ = size;
  }

  /// Memory of someone else, who outlives this.
  static Array borrowed(T* data, std::size_t size) {
    Array out;
    out.data_ = Memory(data, Free{0, false});
    out.size_ = out.capacity_ = size;
    return out;
  }

  /// Memory that nobody has touched: whoever writes it first places its pages.
  static Array unwritten(std::size_t size) {
    Array out;
    out.data_ = allocate(size);
    out.size_ = out.capacity_ = size;
    return out;
  }

  T* data() { return data_.get(); }
  const T* data() const { return data_.get(); }
  std::size_t size() const { return size_; }
  std::size_t bytes() const { return capacity_ * sizeof(T); }
  bool empty() const { return size_ == 0; }
  T& operator[](std::size_t i) { return data_.get()[i]; }
  const T& operator[](std::size_t i) const { return data_.get()[i]; }
  T* begin() { return data(); }
  T* end() { return data() + size_; }
  const T* begin() const { return data(); }
  const T* end() const { return data() + size_; }

  void set_zero() { fill(T{}); }
  void fill(T value) {
    T* const p = data();
    const auto n = static_cast<std::ptrdiff_t>(size_);
#pragma omp parallel for schedule(static)
    for (std::ptrdiff_t i = 0; i < n; ++i) p[i] = value;
  }

 private:
  static constexpr std::size_t kLine = 64, kLargePage = std::size_t{1} << 21;
  // Arrays that begin at equal places of their pages meet in the same few lines of a cache.
  static constexpr std::size_t kStagger = 4096 + 5 * kLine;
  struct Free {
    std::size_t stagger = 0;
    bool owned = true;
    void operator()(T* p) const {
      if (owned) std::free(reinterpret_cast<char*>(p) - stagger);
    }
  };
  using Memory = std::unique_ptr<T[], Free>;
  static Memory allocate(std::size_t size) {
    if (size == 0) return {};
    const auto count = allocations.fetch_add(1, std::memory_order_relaxed);
    // Large arrays in large pages, where the system has them: a fault for 2 MiB, not for 4 KiB.
    const bool large = size * sizeof(T) >= 2 * kLargePage;
    const std::size_t border = large ? kLargePage : kLine;
    const std::size_t stagger = large ? static_cast<std::size_t>(count % 16) * kStagger : 0;
    const std::size_t bytes = (size * sizeof(T) + kLine - 1) / kLine * kLine + stagger;
    void* p = nullptr;
    if (posix_memalign(&p, border, bytes) != 0) throw std::bad_alloc();
#ifdef MADV_HUGEPAGE
    if (large) madvise(p, bytes, MADV_HUGEPAGE);  // advice: without it all is as well, but slower
#endif
    return Memory(reinterpret_cast<T*>(static_cast<char*>(p) + stagger), Free{stagger});
  }

  std::size_t size_ = 0, capacity_ = 0;
  Memory data_;
};

}  // namespace femcrust
