// A program that allocates: it keeps what it is given.
#include <stdlib.h>
#include <string.h>

int main(int argc, char** argv) {
  char* kept = NULL;
  for (int i = 0; i < argc; ++i) {
    free(kept);
    kept = strdup(argv[i]);
    if (kept == NULL) return 1;
  }
  return kept != NULL && strlen(kept) > 0 ? 0 : 1;
}
