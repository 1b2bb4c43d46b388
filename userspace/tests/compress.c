// Round trips through zlib and bzip2. What comes back is compared with the data as they are made,
// not with what was kept of them, so that a page that changed on the way does not compare equal to
// itself.

#include <bzlib.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

// One byte of each kind of data, made of its position alone.
static uint8_t Zero(uint32_t position) {
  (void)position;
  return 0;
}

static uint8_t Text(uint32_t position) {
  return "the quick brown fox jumps over the lazy dog\n"[position % 44];
}

static uint8_t Runs(uint32_t position) { return (uint8_t)(position / 4096); }

// The finaliser of MurmurHash3: all bits of the result depend on all of the position.
static uint8_t Noise(uint32_t position) {
  position ^= position >> 16;
  position *= 0x85ebca6bU;
  position ^= position >> 13;
  position *= 0xc2b2ae35U;
  return (uint8_t)(position >> 16);
}

static int Zlib(int level, uint8_t* packed, size_t* packed_bytes, const uint8_t* plain,
                size_t plain_bytes) {
  uLongf written = *packed_bytes;
  const int result = compress2(packed, &written, plain, plain_bytes, level);
  *packed_bytes = written;
  return result == Z_OK;
}

static int ZlibBack(uint8_t* plain, size_t* plain_bytes, uint8_t* packed, size_t packed_bytes) {
  uLongf written = *plain_bytes;
  const int result = uncompress(plain, &written, packed, packed_bytes);
  *plain_bytes = written;
  return result == Z_OK;
}

static int Bzip2(int level, uint8_t* packed, size_t* packed_bytes, const uint8_t* plain,
                 size_t plain_bytes) {
  enum { kVerbosity = 0, kDefaultWorkFactor = 0 };
  unsigned int written = *packed_bytes;
  const int result = BZ2_bzBuffToBuffCompress((char*)packed, &written, (char*)plain, plain_bytes,
                                              level, kVerbosity, kDefaultWorkFactor);
  *packed_bytes = written;
  return result == BZ_OK;
}

static int Bzip2Back(uint8_t* plain, size_t* plain_bytes, uint8_t* packed, size_t packed_bytes) {
  enum { kSmall = 0, kVerbosity = 0 };
  unsigned int written = *plain_bytes;
  const int result = BZ2_bzBuffToBuffDecompress((char*)plain, &written, (char*)packed, packed_bytes,
                                                kSmall, kVerbosity);
  *plain_bytes = written;
  return result == BZ_OK;
}

struct Codec {
  const char* name;
  int level;
  size_t bytes;
  int (*pack)(int, uint8_t*, size_t*, const uint8_t*, size_t);
  int (*unpack)(uint8_t*, size_t*, uint8_t*, size_t);
};

struct Data {
  const char* name;
  uint8_t (*at)(uint32_t);
};

static const struct Codec kCodecs[] = {
    {"zlib", 1, 2 << 20, Zlib, ZlibBack},
    {"zlib", 9, 1 << 20, Zlib, ZlibBack},
    {"bzip2", 1, 200000, Bzip2, Bzip2Back},
    {"bzip2", 9, 1000000, Bzip2, Bzip2Back},
};

static const struct Data kData[] = {
    {"zeroes", Zero}, {"text", Text}, {"runs", Runs}, {"noise", Noise}};

// The most that either makes of data which cannot be made smaller.
static size_t MostPacked(size_t bytes) { return bytes + bytes / 100 + 1000; }

static const char* RoundTrip(const struct Codec* codec, const struct Data* data) {
  const char* wrong = NULL;
  size_t packed_bytes = MostPacked(codec->bytes);
  size_t back_bytes = codec->bytes;
  uint8_t* plain = malloc(codec->bytes);
  uint8_t* packed = malloc(packed_bytes);
  uint8_t* back = malloc(codec->bytes);
  if (plain == NULL || packed == NULL || back == NULL) {
    wrong = "no memory";
  } else {
    for (size_t position = 0; position < codec->bytes; ++position)
      plain[position] = data->at(position);
    if (!codec->pack(codec->level, packed, &packed_bytes, plain, codec->bytes))
      wrong = "does not pack";
    if (wrong == NULL && !codec->unpack(back, &back_bytes, packed, packed_bytes))
      wrong = "does not unpack";
    if (wrong == NULL && back_bytes != codec->bytes) wrong = "comes back in another size";
    for (size_t position = 0; wrong == NULL && position < codec->bytes; ++position) {
      if (back[position] != data->at(position)) wrong = "comes back changed";
    }
  }
  free(back);
  free(packed);
  free(plain);
  return wrong;
}

int main(void) {
  enum {
    kCodecCount = sizeof(kCodecs) / sizeof(kCodecs[0]),
    kDataCount = sizeof(kData) / sizeof(kData[0])
  };
  int number = 0;
  int failures = 0;
  printf("KTAP version 1\n1..%d\n", kCodecCount * kDataCount);
  for (int codec = 0; codec < kCodecCount; ++codec) {
    for (int data = 0; data < kDataCount; ++data) {
      const char* wrong = RoundTrip(&kCodecs[codec], &kData[data]);
      if (wrong != NULL) {
        ++failures;
        printf("# %s\n", wrong);
      }
      printf("%sok %d - %s level %d of %s\n", wrong == NULL ? "" : "not ", ++number,
             kCodecs[codec].name, kCodecs[codec].level, kData[data].name);
    }
  }
  return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
