/// Plain values in a message, and out of it.
#pragma once
#include <cstring>
#include <string>

#include "core/error.hpp"

namespace femcrust {

class Packer {
 public:
  template <class T>
  void put(const T* values, std::size_t n) {
    bytes_.append(reinterpret_cast<const char*>(values), n * sizeof(T));
  }
  template <class T>
  void put(const T& value) {
    put(&value, 1);
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

class Unpacker {
 public:
  explicit Unpacker(const std::string& bytes) : bytes_(&bytes) {}

  bool done() const { return at_ == bytes_->size(); }
  template <class T>
  void take(T* values, std::size_t n) {
    require(n * sizeof(T) <= bytes_->size() - at_, "a message between ranks is too short");
    if (n == 0) return;  // memcpy takes no null, not even for nothing
    std::memcpy(values, bytes_->data() + at_, n * sizeof(T));
    at_ += n * sizeof(T);
  }
  template <class T>
  T take() {
    T value;
    take(&value, 1);
    return value;
  }

 private:
  const std::string* bytes_;
  std::size_t at_ = 0;
};

}  // namespace femcrust
