/// What the process says where memory runs out in a thread of a parallel region: no exception can
/// leave one, so C++ ends the process there. It ends as the command does elsewhere: one line with
/// the numbers, status 4. Results and checkpoints on the disk are whole at any moment.
#pragma once
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>

namespace femcrust {

class LastWords {
 public:
  /// Other exceptions go to what stood there before.
  static void prepare() {
    if (before() == nullptr) before() = std::set_terminate(end);
  }

 private:
  static constexpr int kNoMemory = 4;  // femcrust.errors.MemoryShortage
  static constexpr double kGiB = 1 << 30;

  static std::terminate_handler& before() {
    static std::terminate_handler handler = nullptr;
    return handler;
  }

  static bool no_memory() {
    try {
      if (const std::exception_ptr thrown = std::current_exception())
        std::rethrow_exception(thrown);
    } catch (const std::bad_alloc&) {
      return true;
    } catch (...) {
    }
    return false;
  }

  /// Addresses, as a limit on them counts.
  static double held() {
    char text[32] = {};
    const int file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    const long pages = read(file, text, sizeof text - 1) > 0 ? std::strtol(text, nullptr, 10) : 0;
    return static_cast<double>(pages) * static_cast<double>(sysconf(_SC_PAGE_SIZE));
  }
  static double may_use() {
    double bytes =
        static_cast<double>(sysconf(_SC_PAGE_SIZE)) * static_cast<double>(sysconf(_SC_PHYS_PAGES));
    for (const auto kind : {RLIMIT_AS, RLIMIT_DATA}) {
      rlimit limit{};
      if (getrlimit(kind, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        bytes = std::min(bytes, static_cast<double>(limit.rlim_cur));
    }
    return bytes;
  }

  /// Takes no memory itself.
  [[noreturn]] static void end() {
    if (no_memory()) {
      char line[256];
      const int n = std::snprintf(line, sizeof line,
                                  "not enough memory: the case needs more than %.2f GiB, and this "
                                  "process may use %.2f GiB; make the mesh coarser, or use a "
                                  "larger machine\n",
                                  held() / kGiB, may_use() / kGiB);
      [[maybe_unused]] const ssize_t told = write(STDERR_FILENO, line, static_cast<std::size_t>(n));
      std::_Exit(kNoMemory);
    }
    before()();
    std::abort();
  }
};

}  // namespace femcrust
