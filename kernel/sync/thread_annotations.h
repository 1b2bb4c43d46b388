// Clang's thread safety analysis: which lock guards what, checked by -Wthread-safety -Werror.
// Macros, because attributes with arguments have no other spelling.
// Source: https://clang.llvm.org/docs/ThreadSafetyAnalysis.html
#pragma once

// A type that is a lock, and one that holds a lock while it lives.
#define CAPABILITY(name) __attribute__((capability(name)))
#define SCOPED_CAPABILITY __attribute__((scoped_lockable))

// Data: only touched while the lock is held; a pointer: what it points to.
#define GUARDED_BY(lock) __attribute__((guarded_by(lock)))
#define PT_GUARDED_BY(lock) __attribute__((pt_guarded_by(lock)))

// Functions: called with the locks held, or without.
#define REQUIRES(...) __attribute__((requires_capability(__VA_ARGS__)))
#define EXCLUDES(...) __attribute__((locks_excluded(__VA_ARGS__)))

// Functions that take and give locks.
#define ACQUIRE(...) __attribute__((acquire_capability(__VA_ARGS__)))
#define TRY_ACQUIRE(...) __attribute__((try_acquire_capability(__VA_ARGS__)))
#define RELEASE(...) __attribute__((release_capability(__VA_ARGS__)))

// For code whose discipline the analysis cannot see; says why beside it.
#define NO_THREAD_SAFETY_ANALYSIS __attribute__((no_thread_safety_analysis))
