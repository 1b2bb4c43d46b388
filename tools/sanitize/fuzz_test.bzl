"""fuzz_test: a libFuzzer target: a plain test run exercises it a little, --config=fuzz a lot."""

load("//tools/sanitize:fuzz_program_test.bzl", "fuzz_program_test")

def fuzz_test(*, name, srcs, deps = [], corpus = [], runs = 20000, max_length = 256, tags = [], **kwargs):
    """A test around `LLVMFuzzerTestOneInput`.

    A plain test run feeds it the corpus and then `runs` inputs grown from it, the same ones each
    time. It and all of `deps` are instrumented: coverage guides the inputs, ASan and UBSan judge
    what they do, and kernel/mm has its own checks on. To search for long:
      ./bazelw run //some:fuzz_test -- -runs=-1 -max_total_time=600
    A crash prints its input in Base64: mend the bug, and keep the input as a file of the corpus,
    under a name that says what it is.

    Args:
      name: the test.
      srcs: defines `extern "C" int LLVMFuzzerTestOneInput(const uint8_t*, size_t)`.
      deps: what is fuzzed.
      corpus: files, one input each; they are small, and their names say what they are for.
      runs: inputs tried by the test, those of the corpus included: a few seconds' worth.
      max_length: bytes of the longest input.
      tags: more tags.
      **kwargs: size.
    """
    native.cc_binary(
        name = name + "_program",
        testonly = True,
        srcs = srcs,
        data = ["@sysroot_gnu//:loader"],
        features = [
            "fuzzer",
            "libfuzzer_main",
            "pinned_loader",
        ],
        # Built by the test alone, which instruments what it depends on, too.
        tags = ["manual"],
        deps = deps,
    )
    fuzz_program_test(
        name = name,
        args = [
            "-runs=%d" % runs,
            "-seed=1",
            "-verbosity=0",
            "-max_len=%d" % max_length,
        ] + (["-seed_inputs=" + ",".join(["$(rootpath %s)" % file for file in corpus])] if corpus else []),
        data = corpus,
        program = name + "_program",
        # Left out of --config=tsan and the like; --config=fuzz includes it.
        tags = tags + [
            "fuzz",
            "own_sanitizer",
        ],
        **kwargs
    )
