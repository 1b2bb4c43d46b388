#include "testing/boot/hostile/write_file.h"

#include <cstdio>
#include <cstdlib>

void WriteFile(const std::string& path, std::string_view bytes) {
  std::FILE* const file = std::fopen(path.c_str(), "wb");
  const bool written =
      file != nullptr && std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
  if (file != nullptr && std::fclose(file) == 0 && written) return;
  std::perror(path.c_str());
  std::exit(1);
}
