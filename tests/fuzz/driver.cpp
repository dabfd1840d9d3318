// A search for inputs that reach new branches, where clang and its libFuzzer are absent:
//
//   fuzz_core RUNS SEED FOLDER      leaves the input of a crash or a hang in FOLDER/input
//   fuzz_core FILE                  runs that input once
//
// g++ -fsanitize-coverage=trace-pc calls __sanitizer_cov_trace_pc at each branch; pairs of branches
// that follow one another are marked in a table, with how often in powers of two. An input that
// marks a new place joins those from which the next are made.
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using Input = std::vector<std::uint8_t>;
constexpr std::size_t kPlaces = 1 << 16, kLongest = 1024;
constexpr unsigned kPatience = 60;  // s for one input; they take milliseconds
std::uint8_t counts[kPlaces];
std::uint8_t seen[kPlaces];
thread_local std::size_t before = 0;

std::size_t new_places() {
  std::size_t found = 0;
  for (std::size_t k = 0; k < kPlaces; ++k) {
    const auto how_often = static_cast<std::uint8_t>(std::bit_ceil(unsigned{counts[k]}) & 255);
    if (how_often & ~seen[k]) ++found;
    seen[k] |= how_often;
  }
  return found;
}

Input changed(const Input& from, const Input& other, std::mt19937_64& chance) {
  Input out = from;
  const auto below = [&](std::size_t n) { return n ? chance() % n : 0; };
  for (std::size_t k = 1 + below(6); k > 0; --k) {
    const auto at = static_cast<std::ptrdiff_t>(below(out.size() + 1));
    switch (below(6)) {
      case 0:
        if (!out.empty()) out[below(out.size())] ^= static_cast<std::uint8_t>(1 << below(8));
        break;
      case 1:
        if (!out.empty()) out[below(out.size())] = static_cast<std::uint8_t>(chance());
        break;
      case 2:
        out.insert(out.begin() + at, 1 + below(16), static_cast<std::uint8_t>(chance()));
        break;
      case 3:
        out.erase(
            out.begin() + at,
            out.begin() + std::min<std::ptrdiff_t>(at + 1 + static_cast<std::ptrdiff_t>(below(16)),
                                                   static_cast<std::ptrdiff_t>(out.size())));
        break;
      case 4: {
        const std::size_t from_here = below(other.size() + 1);
        const std::size_t n = below(other.size() - from_here + 1);
        const auto first = other.begin() + static_cast<std::ptrdiff_t>(from_here);
        out.insert(out.begin() + at, first, first + static_cast<std::ptrdiff_t>(n));
        break;
      }
      default:
        for (std::size_t n = below(64); n > 0; --n)
          out.push_back(static_cast<std::uint8_t>(chance()));
    }
  }
  if (out.size() > kLongest) out.resize(kLongest);
  return out;
}

}  // namespace

extern "C" void __sanitizer_cov_trace_pc() {
  const auto here = reinterpret_cast<std::uintptr_t>(__builtin_return_address(0));
  std::uint8_t& count = counts[(here ^ before) % kPlaces];
  if (count < 255) ++count;
  before = here >> 1;
}

int main(int n, char** words) {
  if (n == 2) {
    std::ifstream file(words[1], std::ios::binary);
    const Input input((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    return LLVMFuzzerTestOneInput(input.data(), input.size());
  }
  if (n != 4) {
    std::fprintf(stderr, "fuzz_core RUNS SEED FOLDER, or fuzz_core FILE\n");
    return 2;
  }
  const unsigned long runs = std::stoul(words[1]);
  std::mt19937_64 chance(std::stoull(words[2]));
  std::vector<Input> kept{{}};
  const std::string path = std::string(words[3]) + "/input";
  std::size_t places = 0;
  for (unsigned long k = 0; k < runs; ++k) {
    const Input input = changed(kept[chance() % kept.size()], kept[chance() % kept.size()], chance);
    std::FILE* const file = std::fopen(path.c_str(), "wb");  // what a crash leaves behind
    if (file == nullptr) return 2;
    if (!input.empty()) std::fwrite(input.data(), 1, input.size(), file);
    std::fclose(file);
    std::memset(counts, 0, sizeof counts);
    before = 0;
    alarm(kPatience);
    LLVMFuzzerTestOneInput(input.data(), input.size());
    alarm(0);
    if (const std::size_t found = new_places()) {
      places += found;
      kept.push_back(input);
    }
  }
  std::remove(path.c_str());
  std::printf("fuzz_core: %lu inputs, seed %s: %zu kept, %zu places reached; nothing found\n", runs,
              words[2], kept.size(), places);
}
