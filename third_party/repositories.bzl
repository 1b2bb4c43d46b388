"""pinned_repositories: everything that is fetched, as manifest.bzl describes it and lock.bzl pins it."""

load("//third_party:lock.bzl", "LIBRARIES", "PACKAGES")
load("//third_party:manifest.bzl", "BAZEL", "NPM_PROGRAMS", "REPOSITORIES")
load("//third_party/debian:repository.bzl", "debian_repository")
load("//third_party/npm:program.bzl", "npm_program")

def _packages_of(repository):
    return [
        struct(path = path, sha256 = sha256, size = size)
        for _, _, path, size, sha256, repositories, _, _ in PACKAGES
        if repository in repositories.split(",")
    ]

def pinned_repositories():
    """Declares the repositories; Bazel fetches each when something first needs it."""
    for name, spec in REPOSITORIES.items():
        if name == BAZEL:
            continue  # installed by bazelw
        debian_repository(
            name = name,
            arguments = spec.get("arguments", {}),
            # A package that is a Bazel repository already goes to the root and brings its BUILD files.
            build_file = None if "." in spec.get("trees", {}) else Label("//third_party:%s.BUILD" % name),
            drop = spec.get("drop", []),
            environment = spec.get("environment", {}),
            libraries = LIBRARIES.get(name, {}),
            packages = [json.encode(package) for package in _packages_of(name)],
            programs = spec.get("programs", {}),
            trees = spec.get("trees", {}),
        )
    for name, spec in NPM_PROGRAMS.items():
        pinned = _packages_of(name)[0]
        npm_program(
            name = name,
            file = spec["file"],
            path = pinned.path,
            program = name,
            sha256 = pinned.sha256,
        )
