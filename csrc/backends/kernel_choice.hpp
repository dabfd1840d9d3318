/// Which of several kernels does a piece of work on a device: a table says what was fastest on a
/// card for a number of columns, unless someone asks for one by name.
#pragma once
#include <initializer_list>
#include <string>
#include <vector>

#include "backends/cuda.hpp"

namespace femcrust {

/// Kind is an enumeration that counts from 0; its first is what serves everywhere.
template <class Kind>
class KernelChoice {
 public:
  struct Card {
    int major;        // of its compute capability
    Kind fastest[4];  // by width: 1, 4, 8, 16 columns
  };

  KernelChoice(std::initializer_list<const char*> names, std::initializer_list<Card> cards)
      : names_(names), cards_(cards) {}

  /// "auto": the table. Holds for operators that are made from then on.
  void ask_for(const std::string& name) {
    for (std::size_t kind = 0; kind < names_.size(); ++kind)
      if (name == names_[kind]) {
        asked_ = static_cast<int>(kind);
        return;
      }
    require(name == "auto", "kernels: '" + name + "' is none of auto, " + listed());
    asked_ = kTable;
  }

  /// Kinds for each width on the chosen device.
  std::vector<Kind> by_width() const {
    if (asked_ != kTable) return std::vector<Kind>(4, static_cast<Kind>(asked_));
    const auto& runtime = Cuda::runtime();
    const int major = runtime.properties(runtime.chosen()).compute_major;
    for (const Card& card : cards_)
      if (card.major == major) return {card.fastest, card.fastest + 4};
    return std::vector<Kind>(4, Kind{});
  }

  std::vector<std::string> names() const {
    std::vector<std::string> out;
    for (const Kind kind : by_width()) out.emplace_back(names_[static_cast<std::size_t>(kind)]);
    return out;
  }

 private:
  static constexpr int kTable = -1;
  std::string listed() const {
    std::string out;
    for (const char* name : names_) out += (out.empty() ? "" : ", ") + std::string(name);
    return out;
  }

  std::vector<const char*> names_;
  std::vector<Card> cards_;
  int asked_ = kTable;
};

}  // namespace femcrust
