"""fuzz_test: a libFuzzer target: a plain test run exercises it a little, --config=fuzz a lot."""

def fuzz_test(*, name, srcs, deps = [], runs = 20000, tags = [], **kwargs):
    """A test around `LLVMFuzzerTestOneInput`.

    The plain configuration tries `runs` inputs, the same ones each time, and instruments `srcs` only.
    To search:
      ./bazelw run --config=fuzz //some:fuzz_test -- -runs=-1 -max_total_time=600

    Args:
      name: the test.
      srcs: defines `extern "C" int LLVMFuzzerTestOneInput(const uint8_t*, size_t)`.
      deps: what is fuzzed.
      runs: inputs tried by the test.
      tags: more tags.
      **kwargs: size.
    """
    native.cc_test(
        name = name,
        srcs = srcs,
        args = [
            "-runs=%d" % runs,
            "-seed=1",
        ],
        data = ["@sysroot_gnu//:loader"],
        env = {
            # Vectors that cross between instrumented and plain code are annotated by only one of
            # them.
            "ASAN_OPTIONS": "detect_container_overflow=0",
        },
        features = [
            "asan",
            "fuzzer",
            "libfuzzer_main",
            "pinned_loader",
            "ubsan",
        ],
        # Left out of --config=tsan and the like; --config=fuzz includes it.
        tags = tags + [
            "fuzz",
            "own_sanitizer",
        ],
        deps = deps,
        **kwargs
    )
