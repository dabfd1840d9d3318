/// A value that is made when it is first asked for, by whichever thread.
#pragma once
#include <functional>
#include <mutex>
#include <optional>
#include <utility>

namespace femcrust {

template <class T>
class Lazily {
 public:
  explicit Lazily(std::function<T()> make) : make_(std::move(make)) {}

  const T& get() const {
    std::call_once(once_, [this] { made_.emplace(make_()); });
    return *made_;
  }

 private:
  std::function<T()> make_;
  mutable std::once_flag once_;
  mutable std::optional<T> made_;
};

}  // namespace femcrust
