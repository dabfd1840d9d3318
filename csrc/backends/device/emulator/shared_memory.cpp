#include "backends/device/emulator/shared_memory.hpp"

/// Symbols of shared.ld.
extern "C" {
extern std::uint64_t femcrust_shared_begin[] __attribute__((weak, visibility("hidden")));
extern std::uint64_t femcrust_shared_end[] __attribute__((weak, visibility("hidden")));
}

namespace femcrust::emulator {
namespace {

constexpr std::uint64_t kPoisonWord = ~std::uint64_t{0};

/// Not memset: what watches memory (AddressSanitizer) would object to the gaps between variables.
__attribute__((no_sanitize("address"))) void fill(volatile std::uint64_t* first,
                                                  const volatile std::uint64_t* last) {
  for (; first < last; ++first) *first = kPoisonWord;
}

__attribute__((no_sanitize("address"))) bool written(const volatile std::uint64_t* word) {
  return *word != kPoisonWord;
}

}  // namespace

StaticShared::StaticShared() {
  static const bool once = (fill(femcrust_shared_begin, femcrust_shared_end), true);
  static_cast<void>(once);
}

void StaticShared::find_written() {
  first_ = femcrust_shared_begin;
  last_ = femcrust_shared_end;
  while (first_ < last_ && !written(first_)) ++first_;
  while (first_ < last_ && !written(last_ - 1)) --last_;
}

void StaticShared::poison() const {
  fill(first_, last_);
}

StaticShared::~StaticShared() {
  find_written();
  poison();
}

}  // namespace femcrust::emulator
