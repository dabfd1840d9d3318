// How the element product of a device came to be what it is: every version is checked against the
// CPU, then timed. Needs the library of the build, which holds the runtime:
//
//   cmake --build build --target ebe_ladder && build/ebe_ladder [--cubes 128] [--only fp64]
//
// One line of JSON a version: 1 naive, 2 atomics in shared memory, 3 slots and atomics where blocks
// meet, 4 slots and owners (what ships), 5 slots and colours. Seconds are medians; memory is
// flushed before each turn. bytes: those that no version can do without.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "ladder_data.hpp"
#include "ladder_naive.cuh"

namespace femcrust::FEMCRUST_DEVICE {
namespace {

using ladder::Data;
const DeviceRuntime& kRuntime = device_runtime;

struct Options {
  Index cubes = 128, check = 10;  // an axis, of the bodies that are timed and checked
  int turns = 15;
  std::string only;
  std::FILE* json = nullptr;
};

template <class T>
FEMCRUST_KERNEL void fill_random(std::size_t n, T* gX) {
  const std::size_t i = std::size_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i < n) gX[i] = static_cast<T>(ladder::random_number(i));
}
template <class F>
FEMCRUST_KERNEL void fill_random_nodes(std::size_t n, typename F::Word* gX) {
  const std::size_t i = std::size_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i >= n) return;
  typename F::Real v[3];
  for (int c = 0; c < 3; ++c)
    v[c] = static_cast<typename F::Real>(ladder::random_number(3 * i + c));
  F::store(gX + i * F::kWords, v);
}

template <class F, int W>
using Run = void (*)(Data& data, const DeviceBody<typename F::Real>& body, const ladder::Blocks&,
                     const typename F::Word* x, typename F::Word* y);

/// One version of K x.
template <class F, int W>
struct Version {
  const char* name;
  int of_a_block;
  bool in_colours;
  Run<F, W> run;
};

template <class F, int W>
void run_naive(Data& data, const DeviceBody<typename F::Real>&, const ladder::Blocks&,
               const typename F::Word* x, typename F::Word* y) {
  using T = typename F::Real;
  const ladder::Body& body = data.body();
  kRuntime.fill_zero(y, 3 * W * static_cast<std::size_t>(body.n_nodes) * sizeof(T));
  const auto threads = static_cast<std::size_t>(body.n_elements) * W;
  FEMCRUST_LAUNCH_FREE((naive_product<T, W>), static_cast<unsigned>((threads + 127) / 128), 128, 0,
                       PlainElements{body.n_elements, data.elements()}, data.vertices(),
                       data.moduli(T{}), x, y);
}
template <class F, int W, class Tile>
void run_shared_atomics(Data&, const DeviceBody<typename F::Real>& body, const ladder::Blocks&,
                        const typename F::Word* x, typename F::Word* y) {
  using T = typename F::Real;
  kRuntime.fill_zero(y, 3 * W * static_cast<std::size_t>(body.blocks.n_nodes) * sizeof(T));
  FEMCRUST_LAUNCH((shared_atomics<F, W, Tile>), static_cast<unsigned>(body.blocks.n_blocks),
                  Tile::kElements, (Tiles<T, Tile>::bytes(body.blocks)), body, x, y);
}
template <class F, int W, class Tile>
void run_atomics(Data&, const DeviceBody<typename F::Real>& body, const ladder::Blocks&,
                 const typename F::Word* x, typename F::Word* y) {
  product_by_atomics<F, W, Tile>(body, x, y);
}
template <class F, int W, class Tile>
void run_owners(Data&, const DeviceBody<typename F::Real>& body, const ladder::Blocks&,
                const typename F::Word* x, typename F::Word* y) {
  product<F, W, Tile>(body, x, y);
}
template <class F, int W, class Tile>
void run_colours(Data&, const DeviceBody<typename F::Real>& body, const ladder::Blocks& blocks,
                 const typename F::Word* x, typename F::Word* y) {
  using T = typename F::Real;
  for (std::size_t c = 0; c + 1 < blocks.colour_begin.size(); ++c) {
    const Index first = blocks.colour_begin[c], n = blocks.colour_begin[c + 1] - first;
    FEMCRUST_LAUNCH((coloured_product<F, W, Tile>), static_cast<unsigned>(n), Tile::kElements,
                    (Tiles<T, Tile>::bytes(body.blocks)), body, first, x, y);
  }
}

/// Blocks of E elements, directions and columns of force at once, blocks a multiprocessor.
template <class F, int W, int E, int Together, int Columns, int Each>
constexpr Version<F, W> owners(const char* name) {
  return {name, E, false, run_owners<F, W, Tiling<E, Together, Columns, Each>>};
}
/// What is not shipped, with the shipped tiling; then versions of what is.
template <class F, int W>
std::vector<Version<F, W>> rungs(std::vector<Version<F, W>> shipped) {
  using Tile = ShippedTiling<F, W>;
  std::vector<Version<F, W>> all = {{"1 naive", 256, false, run_naive<F, W>},
                                    {"2 shared atomics 256", 256, false,
                                     run_shared_atomics<F, W, Tiling<256, 1, Tile::kColumns, 1>>},
                                    {"3 slots, atomics 256", 256, false, run_atomics<F, W, Tile>},
                                    {"5 slots, colours 256", 256, true, run_colours<F, W, Tile>}};
  all.insert(all.end(), shipped.begin(), shipped.end());
  return all;
}

/// x of a format on the device; poisoned y beside it.
template <class F, int W>
struct Vectors {
  using Word = typename F::Word;
  std::size_t n_nodes, words;
  DeviceCopy<Word> x, y;

  explicit Vectors(const Data& data)
      : n_nodes(static_cast<std::size_t>(data.body().n_nodes)),
        words(n_nodes * F::kWords * W),
        x(kRuntime, words),
        y(kRuntime, words) {
    if constexpr (kPackedRows<F>)
      FEMCRUST_LAUNCH_FREE((fill_random_nodes<F>), flat_grid(n_nodes), kFlatThreads, 0, n_nodes,
                           x.data());
    else
      FEMCRUST_LAUNCH_FREE((fill_random<Word>), flat_grid(words), kFlatThreads, 0, words, x.data());
  }

  /// Numbers of a vector, in double. [n_nodes][3][W]
  std::vector<double> values(const DeviceCopy<Word>& of) const {
    std::vector<Word> host(words);
    of.to_host(host.data());
    std::vector<double> out(3 * W * n_nodes);
    for (std::size_t k = 0; k < n_nodes; ++k) {
      typename F::Real v[3];
      if constexpr (kPackedRows<F>) {
        F::load(host.data() + F::kWords * k, v);
        for (std::size_t c = 0; c < 3; ++c) out[3 * k + c] = v[c];
      } else {
        for (std::size_t i = 3 * W * k; i < 3 * W * (k + 1); ++i) out[i] = host[i];
      }
    }
    return out;
  }
  void poison() {
    const std::vector<unsigned char> bytes(words * sizeof(Word), 0xff);
    kRuntime.copy_in(y.data(), bytes.data(), bytes.size());
  }
};

template <class F, int W>
class Format {
 public:
  using T = typename F::Real;
  Format(Data& small, Data& large, const Options& options, DeviceCopy<unsigned char>& flush,
         std::size_t flush_bytes)
      : small_(small), large_(large), options_(options), flush_(flush), flush_bytes_(flush_bytes) {}

  /// Whether all are right; those that are not are not timed.
  bool run(const std::vector<Version<F, W>>& versions) {
    const auto name = [](const Version<F, W>& version) {
      return std::string(F::kName) + " w" + std::to_string(W) + " " + version.name;
    };
    const auto asked = [&](const Version<F, W>& version) {
      return name(version).find(options_.only) != std::string::npos;
    };
    if (std::none_of(versions.begin(), versions.end(), asked)) return true;
    Vectors<F, W> few(small_);
    const std::vector<double> expected = small_.product(few.values(few.x), W);
    std::vector<Version<F, W>> right;
    for (const auto& version : versions) {
      if (!asked(version)) continue;
      const double error = error_of(version, few, expected);
      if (error <= kMostError)
        right.push_back(version);
      else
        std::printf("%s: WRONG by %.1e, %.1e is allowed\n", name(version).c_str(), error,
                    kMostError);
      all_right_ = all_right_ && error <= kMostError;
    }
    Vectors<F, W> many(large_);
    for (const auto& version : right) report(name(version), median_seconds(version, many));
    return all_right_;
  }

 private:
  /// Sums of some hundred terms; a packed format rounds the owner's sum, then that of all.
  static constexpr double kMostError =
      kPackedRows<F> ? 4 * double(F::kRoundoff) : 50 * (sizeof(T) == 4 ? 0x1p-23 : 0x1p-52);

  void run_once(const Version<F, W>& version, Data& data, Vectors<F, W>& vectors, T* parts) {
    const ladder::Blocks& blocks = data.blocks(version.of_a_block, version.in_colours);
    const DeviceBody<T> body{blocks.view, data.vertices(), data.moduli(T{}), parts};
    version.run(data, body, blocks, vectors.x.data(), vectors.y.data());
  }
  std::size_t n_parts(const Version<F, W>& version, Data& data) const {
    const auto rows =
        static_cast<std::size_t>(data.blocks(version.of_a_block, version.in_colours).view.n_parts);
    return std::max<std::size_t>(1, 3 * W * rows);
  }

  /// Largest difference over the largest number.
  double error_of(const Version<F, W>& version, Vectors<F, W>& few,
                  const std::vector<double>& expected) {
    DeviceCopy<T> parts(kRuntime, n_parts(version, small_));
    few.poison();
    run_once(version, small_, few, parts.data());
    const std::vector<double> got = few.values(few.y);
    double largest = 0, error = 0;
    for (std::size_t k = 0; k < got.size(); ++k) {
      largest = std::max(largest, std::abs(expected[k]));
      const double difference = std::abs(got[k] - expected[k]);
      if (!(difference <= error)) error = difference;  // and NaN stays
    }
    return error / largest;
  }

  double median_seconds(const Version<F, W>& version, Vectors<F, W>& many) {
    DeviceCopy<T> parts(kRuntime, n_parts(version, large_));
    std::vector<double> seconds;
    for (int turn = -2; turn < options_.turns; ++turn) {
      kRuntime.fill_zero(flush_.data(), flush_bytes_);
      void* const from = kRuntime.mark();
      run_once(version, large_, many, parts.data());
      void* const to = kRuntime.mark();
      const double took = kRuntime.seconds(from, to);
      kRuntime.forget(from);
      kRuntime.forget(to);
      if (turn >= 0) seconds.push_back(took);
    }
    std::nth_element(seconds.begin(), seconds.begin() + options_.turns / 2, seconds.end());
    return seconds[static_cast<std::size_t>(options_.turns / 2)];
  }

  void report(const std::string& name, double seconds) const {
    const double unknowns = 3.0 * large_.body().n_nodes;
    const double node_bytes = sizeof(typename F::Word) * F::kWords * W;
    const double bytes = large_.least_bytes(node_bytes, sizeof(T));
    for (std::FILE* const file : {stdout, options_.json})
      if (file != nullptr)
        std::fprintf(
            file,
            "{\"version\": \"%s\", \"unknowns\": %.0f, \"columns\": %d, \"seconds\": %.3e, "
            "\"bytes\": %.0f, \"giga_per_s\": %.2f, \"of_copy\": %.3f}\n",
            name.c_str(), unknowns, W, seconds, bytes, unknowns * W / seconds / 1e9,
            bytes / seconds / copy_bandwidth());
  }
  static double copy_bandwidth() {
    static const double found = kRuntime.copy_bandwidth(std::size_t{1} << 30, 15);
    return found;
  }

  Data &small_, &large_;
  const Options& options_;
  DeviceCopy<unsigned char>& flush_;
  std::size_t flush_bytes_;
  bool all_right_ = true;
};

bool run_all(const Options& options) {
  const DeviceProperties device = kRuntime.properties(kRuntime.chosen());
  Data small(kRuntime, options.check), large(kRuntime, options.cubes);
  const std::size_t flush_bytes = 2 * device.cache_bytes;
  DeviceCopy<unsigned char> flush(kRuntime, std::max<std::size_t>(flush_bytes, 1));
  std::printf("%s: %d elements, %d nodes\n", device.name.c_str(), large.body().n_elements,
              large.body().n_nodes);
  bool right = true;
  const auto run = [&]<class F, int W>(const std::vector<Version<F, W>>& versions) {
    right = Format<F, W>(small, large, options, flush, flush_bytes).run(versions) && right;
  };
  run(rungs<Fp64, 1>({owners<Fp64, 1, 128, 3, 1, 4>("4 owners 128"),
                      owners<Fp64, 1, 256, 3, 1, 2>("4 owners 256"),
                      owners<Fp64, 1, 256, 1, 1, 2>("4 owners 256, directions apart"),
                      owners<Fp64, 1, 512, 3, 1, 1>("4 owners 512")}));
  run(rungs<Fp64, 4>({owners<Fp64, 4, 128, 3, 4, 3>("4 owners 128"),
                      owners<Fp64, 4, 128, 1, 4, 4>("4 owners 128, directions apart"),
                      owners<Fp64, 4, 256, 1, 4, 2>("4 owners 256, directions apart"),
                      owners<Fp64, 4, 256, 1, 2, 2>("4 owners 256, 2 columns")}));
  run(rungs<Fp64, 8>({owners<Fp64, 8, 128, 1, 4, 4>("4 owners 128, directions apart"),
                      owners<Fp64, 8, 256, 1, 4, 2>("4 owners 256, directions apart")}));
  run(rungs<Fp64, 16>({owners<Fp64, 16, 256, 1, 4, 2>("4 owners 256, directions apart")}));
  run(rungs<Fp32, 1>({owners<Fp32, 1, 128, 3, 1, 8>("4 owners 128"),
                      owners<Fp32, 1, 256, 3, 1, 4>("4 owners 256"),
                      owners<Fp32, 1, 256, 3, 1, 3>("4 owners 256, 80 registers"),
                      owners<Fp32, 1, 512, 3, 1, 2>("4 owners 512")}));
  run(rungs<Fp32, 4>({owners<Fp32, 4, 128, 3, 4, 6>("4 owners 128"),
                      owners<Fp32, 4, 256, 3, 4, 3>("4 owners 256"),
                      owners<Fp32, 4, 256, 1, 4, 4>("4 owners 256, directions apart")}));
  run(rungs<Fp32, 8>({owners<Fp32, 8, 128, 3, 8, 3>("4 owners 128"),
                      owners<Fp32, 8, 256, 3, 8, 2>("4 owners 256"),
                      owners<Fp32, 8, 256, 1, 8, 2>("4 owners 256, directions apart"),
                      owners<Fp32, 8, 256, 3, 4, 3>("4 owners 256, 4 columns")}));
  run(rungs<Fp32, 16>({owners<Fp32, 16, 256, 3, 8, 2>("4 owners 256"),
                       owners<Fp32, 16, 256, 3, 4, 3>("4 owners 256, 4 columns")}));
  run(std::vector{owners<Fp21, 1, 256, 3, 1, 4>("4 owners 256")});
  run(std::vector{owners<Shared18, 1, 256, 3, 1, 4>("4 owners 256")});
  run(std::vector{owners<Bf16, 1, 256, 3, 1, 4>("4 owners 256")});
  run(std::vector{owners<Fp16, 1, 256, 3, 1, 4>("4 owners 256")});
  return right;
}

/// "--name value" pairs.
Options read(int count, char** words) {
  Options options;
  for (int k = 1; k + 1 < count; k += 2) {
    const std::string name = words[k], value = words[k + 1];
    if (name == "--cubes")
      options.cubes = std::atoi(value.c_str());
    else if (name == "--check")
      options.check = std::atoi(value.c_str());
    else if (name == "--turns")
      options.turns = std::max(1, std::atoi(value.c_str()));
    else if (name == "--only")
      options.only = value;
    else if (name == "--json")
      options.json = std::fopen(value.c_str(), "w");
    else
      throw ArgumentError(name + ": is none of --cubes, --check, --turns, --only, --json");
  }
  return options;
}

}  // namespace
}  // namespace femcrust::FEMCRUST_DEVICE

int main(int count, char** words) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);  // lines stay where time ends
  try {
    return femcrust::FEMCRUST_DEVICE::run_all(femcrust::FEMCRUST_DEVICE::read(count, words)) ? 0
                                                                                             : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "ebe_ladder: %s\n", error.what());
    return 2;
  }
}
