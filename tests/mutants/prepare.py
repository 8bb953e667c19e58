#!/usr/bin/env python3
"""Makes a copy of the project whose programs hold every mutant of a list, and builds its tests.

    prepare.py WORK [FILES...]   WORK is a folder to make; FILES are glob patterns below the project's root

Needs `cargo mutants` (it makes the list). Mutants that do not compile are dropped, round by round. Leaves in WORK:
list.json, ids.tsv (number, `in` or `left out`, name), dropped.txt, tests.tsv (test programs), project/.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
COPIED = ("src", "tests", "benches", "sample_reports", "docs", "fuzz", ".ci", "packaging")
SKIPPED = shutil.ignore_patterns("target", "__pycache__")
TAKEN = re.compile(r"!crate::mutation::on\((\d+)\)")
SWITCH = re.compile(r"crate::mutation::on\((\d+)\)")
ROUNDS_MAX = 24
# The test programs that look at months, balances, payouts and fees through the program itself.
TESTS = ("contract", "golden", "answer_key", "month_partition", "reconcile", "reconcile_year", "archive_report",
         "disputes", "export", "status", "mutations", "vectors", "orders")


def run(*command, **more):
    return subprocess.run([str(word) for word in command], check=True, **more)


def copy(work):
    project = work / "project"
    project.mkdir(parents=True, exist_ok=True)
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, project / name, dirs_exist_ok=True, ignore=SKIPPED)
    for path in ROOT.iterdir():
        if path.is_file():
            shutil.copy2(path, project / path.name)
    shared, there = ROOT.parent / "shared", work / "shared"
    if shared.is_dir() and not there.exists():
        there.symlink_to(shared)
    return project


def instrument(work, project):
    shutil.copytree(ROOT / "src", project / "src", dirs_exist_ok=True)
    tool = ROOT / "tests/mutants/Cargo.toml"
    lines = run("cargo", "run", "--quiet", "--manifest-path", tool, "--target-dir", work / "tool", "--", project,
                work / "list.json", work / "switch", work / "dropped.txt", stdout=subprocess.PIPE, env=plain()).stdout
    (work / "ids.tsv").write_bytes(lines)


def plain():
    return {name: value for name, value in os.environ.items() if name != "CARGO_TARGET_DIR"}


def guilty(project, message):
    """The switch before the first place of an error, which is the alternative that does not compile."""
    for span in sorted(message["spans"], key=lambda span: not span["is_primary"]):
        before = (project / span["file_name"]).read_bytes()[: span["byte_end"]].decode()
        found = SWITCH.findall(before)
        if found:
            return int(found[-1])
    return None


def arms_taken(project, message):
    """The deleted arms of a match that is not exhaustive without them."""
    span = next(span for span in message["spans"] if span["is_primary"])
    behind = (project / span["file_name"]).read_bytes()[span["byte_end"] :].decode()
    depth, end = 0, len(behind)
    for at, character in enumerate(behind):
        depth += {"{": 1, "}": -1}.get(character, 0)
        if character == "}" and depth == 0:
            end = at
            break
    return {int(number) for number in TAKEN.findall(behind[:end])}


def check(project):
    command = ["cargo", "check", "--locked", "--lib", "--message-format", "json"]
    done = subprocess.run(command, cwd=project, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    ids, unknown = set(), []
    for line in done.stdout.splitlines():
        message = json.loads(line).get("message") or {}
        if isinstance(message, dict) and message.get("level") == "error" and message["spans"]:
            exhaustive = (message.get("code") or {}).get("code") != "E0004"
            found = guilty(project, message) if exhaustive else None
            ids |= arms_taken(project, message) if found is None and not exhaustive else {found} - {None}
            if found is None and exhaustive:
                unknown.append(message["rendered"])
    return done.returncode == 0, ids, unknown


def settle_on_what_compiles(work, project):
    known = work / "dropped.txt"
    dropped = set(map(int, known.read_text().split())) if known.exists() else set()
    for _ in range(ROUNDS_MAX):
        (work / "dropped.txt").write_text("\n".join(map(str, sorted(dropped))))
        instrument(work, project)
        good, ids, unknown = check(project)
        print(f"dropped {len(dropped)}, does not compile: {len(ids)}", *unknown[:2], flush=True)
        if good:
            return
        if ids <= dropped:
            sys.exit("errors that no mutant explains")
        dropped |= ids
    sys.exit(f"does not compile after {ROUNDS_MAX} rounds")


def build_tests(work, project):
    command = ["cargo", "test", "--locked", "--no-run", "--message-format", "json", "--lib", "--bins"]
    for test in TESTS:
        command += ["--test", test]
    done = run(*command, cwd=project, stdout=subprocess.PIPE)
    programs = []
    for line in done.stdout.splitlines():
        message = json.loads(line)
        wanted = message.get("profile", {}).get("test") and message.get("executable")
        if wanted and message["target"]["kind"] != ["bin"]:
            programs.append(f"{message['target']['name']}\t{message['executable']}")
    (work / "tests.tsv").write_text("\n".join(programs) + "\n")


def main():
    work = pathlib.Path(sys.argv[1]).resolve()
    project = copy(work)
    files = [word for pattern in sys.argv[2:] for word in ("-f", pattern)]
    listed = run("cargo", "mutants", "--list", "--json", "--dir", ROOT, *files, stdout=subprocess.PIPE).stdout
    (work / "list.json").write_bytes(listed)
    settle_on_what_compiles(work, project)
    build_tests(work, project)


if __name__ == "__main__":
    main()
