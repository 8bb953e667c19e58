#!/usr/bin/env python3
"""Lists the crates inside the shipped programs, from what Cargo resolved for Linux.

    packaging/third-party.py            writes THIRD_PARTY.md
    packaging/third-party.py --check    says whether it is current (exit code 1 where it is not)
    packaging/third-party.py --texts    prints every licence text that must go with the programs

Reads the lock file and the sources that Cargo has downloaded; asks nobody.
"""

import difflib
import hashlib
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LIST = ROOT / "THIRD_PARTY.md"
TARGETS = ("x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu")
# C sources inside a crate keep their licence a few folders down.
DEPTH_MAX = 3
TEXT_NAME = re.compile(r"(?i)^(un)?(licen[cs]e|copying|copyright|notice)([-_.].*)?$")
NO_TEXT = re.compile(r"(?i)\.(rs|py|c|h|go|json|toml|html|yml)$")
# Sources of other languages that crates carry and compile; their licences stand in the crates' folders.
BUNDLED = {
    "aws-lc-sys": "AWS-LC (Apache-2.0, ISC; parts of OpenSSL and BoringSSL)",
    "chrono-tz": "the IANA time zone database (public domain)",
    "libmimalloc-sys": "mimalloc (MIT)",
    "libsqlite3-sys": "SQLite (public domain)",
    "lz4-sys": "LZ4 (BSD-2-Clause)",
    "zstd-sys": "Zstandard (BSD-3-Clause)",
}


def cargo(*arguments):
    run = subprocess.run(["cargo", *arguments], cwd=ROOT, check=True, stdout=subprocess.PIPE)
    return run.stdout.decode()


def linked(target):
    """Names and versions of what ends up in the programs: no macros of the compiler, no build scripts."""
    tree = cargo("tree", "--locked", "--edges", "normal,no-proc-macro", "--prefix", "none", "--target", target)
    lines = [line.split() for line in tree.splitlines()]
    return {(words[0], words[1].removeprefix("v")) for words in lines if words and words[0] != "settle"}


def everything():
    names = set().union(*map(linked, TARGETS))
    packages = json.loads(cargo("metadata", "--locked", "--format-version", "1"))["packages"]
    found = {(package["name"], package["version"]): package for package in packages}
    return [found[name] for name in sorted(names)]


def spdx(package):
    licence = (package["license"] or "").replace("/", " OR ")
    return re.sub(r"\s+", " ", licence) or f"see {package['license_file']}"


def table(packages):
    lines = [
        "# Other people's work inside `settle`",
        "",
        "Crates compiled into the programs for Linux, with the licence that each states. Written by",
        "`packaging/third-party.py`; CI compares. The texts of the licences go with the Debian package, as",
        "`/usr/share/doc/settle/THIRD_PARTY_LICENSES.gz`. What only helps to compile or to test is not in it;",
        "`deny.toml` says which licences are accepted there too.",
        "",
        f"{len(packages)} crates.",
        "",
        "| crate | version | licence | carries |",
        "|---|---|---|---|",
    ]
    for package in packages:
        bundled = BUNDLED.get(package["name"], "")
        lines.append(f"| {package['name']} | {package['version']} | {spdx(package)} | {bundled} |")
    return "\n".join(lines) + "\n"


def text_files(package):
    folder = pathlib.Path(package["manifest_path"]).parent
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        plain = path.is_file() and TEXT_NAME.match(path.name) and not NO_TEXT.search(path.name)
        if plain and len(parts) <= DEPTH_MAX and not {"tests", "test", "testdata"} & set(parts):
            yield path


def texts(packages):
    """Each text once, with the crates that it belongs to; crates without a text last."""
    bearers, contents, without = {}, {}, []
    for package in packages:
        name = f"{package['name']} {package['version']}"
        files = list(text_files(package))
        if not files:
            without.append(f"{name}: {spdx(package)}; by {', '.join(package['authors']) or 'its contributors'}")
        for path in files:
            text = path.read_text(encoding="utf-8", errors="replace").strip().replace("\r\n", "\n")
            key = hashlib.sha256(re.sub(r"\s+", " ", text).encode()).hexdigest()
            contents.setdefault(key, text)
            if name not in bearers.setdefault(key, []):
                bearers[key].append(name)
    rule = "=" * 80
    parts = [f"{rule}\n{', '.join(names)}\n{rule}\n\n{contents[key]}\n" for key, names in bearers.items()]
    if without:
        lines = "\n".join(without)
        parts.append(f"{rule}\nCrates that state a licence and come without its text\n{rule}\n\n{lines}\n")
    return "\n".join(parts)


def check(packages):
    there = LIST.read_text(encoding="utf-8") if LIST.exists() else ""
    wanted = table(packages)
    if there == wanted:
        print(f"{LIST.name} is current: {len(packages)} crates")
        return 0
    sys.stdout.writelines(difflib.unified_diff(there.splitlines(True), wanted.splitlines(True), "there", "wanted"))
    print(f"{LIST.name} is not current; run packaging/third-party.py")
    return 1


def main():
    packages = everything()
    match sys.argv[1:]:
        case []:
            LIST.write_text(table(packages), encoding="utf-8")
        case ["--check"]:
            return check(packages)
        case ["--texts"]:
            sys.stdout.write(texts(packages))
        case _:
            sys.stderr.write(__doc__)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
