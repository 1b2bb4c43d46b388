"""debug_flag: whether the memory manager is built to catch misuse (kernel/mm/debug.h)."""

debug_flag = rule(
    implementation = lambda ctx: [],
    build_setting = config.bool(flag = True),
)
