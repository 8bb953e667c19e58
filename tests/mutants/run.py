#!/usr/bin/env python3
"""Switches on one mutant after another and runs the tests that reach it, in what prepare.py made.

    run.py WORK [--minutes N] [--files SUBSTRING]

A first run of each test program notes which mutants it reaches and how long it takes; then each mutant meets the
programs that reach it, the quickest first, until one fails. The order of the mutants is shuffled with a fixed seed, so
that a run that is cut short is a fair sample. Results are added to WORK/results.tsv; a second run goes on from there.
"""

import argparse
import collections
import pathlib
import random
import signal
import subprocess
import time
import os

SEED = 20261125
# Unit tests of these modules; the others do not reach the mutants or take long.
UNIT_TESTS = ["domain::", "ledger::", "reconcile::", "disputes::", "report::"]
ALLOWED = 4
SLACK_S = 30


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=pathlib.Path)
    parser.add_argument("--minutes", type=float, default=600)
    parser.add_argument("--files", default="")
    return parser.parse_args()


class Tests:
    def __init__(self, work):
        self.work, self.project = work, work / "project"
        lines = (work / "tests.tsv").read_text().splitlines()
        self.programs = dict(line.split("\t") for line in lines)

    def run(self, name, switch, timeout):
        """`passed`, `failed` or `timeout`, and seconds."""
        (self.work / "switch").write_text(switch)
        command = [self.programs[name], "--quiet"] + (UNIT_TESTS if name == "settle" else [])
        environment = os.environ | {"CARGO_MANIFEST_DIR": str(self.project), "PROPTEST_CASES": "64"}
        began = time.monotonic()
        with subprocess.Popen(command, cwd=self.project, env=environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True) as process:
            try:
                state = "passed" if process.wait(timeout) == 0 else "failed"
            except subprocess.TimeoutExpired:
                state = "timeout"
            # Children of a test that was given up too.
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        return state, time.monotonic() - began

    def reach(self, name):
        log = self.work / f"reached-{name}"
        log.unlink(missing_ok=True)
        state, seconds = self.run(name, f"record {log}", 900)
        reached = {int(line) for line in log.read_text().split()} if log.exists() else set()
        print(f"{name}: {state} in {seconds:.1f} s, reaches {len(reached)}", flush=True)
        return (seconds, reached) if state == "passed" else None


def mutants(work):
    rows = [line.split("\t") for line in (work / "ids.tsv").read_text().splitlines()]
    return {int(number): name for number, state, name in rows if state == "in"}


def results(work):
    path = work / "results.tsv"
    if not path.exists():
        return {}
    return {int(row[0]): row for row in (line.split("\t") for line in path.read_text().splitlines())}


def verdict(tests, base, number):
    reaching = sorted((seconds, name) for name, (seconds, reached) in base.items() if number in reached)
    for seconds, name in reaching:
        state, _ = tests.run(name, str(number), seconds * ALLOWED + SLACK_S)
        if state != "passed":
            return "caught" if state == "failed" else "timeout", name
    return ("survived", "-") if reaching else ("not reached", "-")


def summary(work, names):
    counts = collections.defaultdict(collections.Counter)
    for number, row in results(work).items():
        counts[names[number].split(":")[0]][row[1]] += 1
    total = collections.Counter(name.split(":")[0] for name in names.values())
    for file in sorted(total):
        states = ", ".join(f"{count} {state}" for state, count in sorted(counts[file].items()))
        print(f"{file}: {total[file]} mutants; {states}")


def main():
    asked = arguments()
    work = asked.work.resolve()
    end = time.monotonic() + asked.minutes * 60
    tests, names, done = Tests(work), mutants(work), results(work)
    base = {name: found for name in tests.programs if (found := tests.reach(name))}
    order = [number for number in names if number not in done and asked.files in names[number]]
    random.Random(SEED).shuffle(order)
    with (work / "results.tsv").open("a") as log:
        for number in order:
            if time.monotonic() > end:
                break
            state, by = verdict(tests, base, number)
            log.write(f"{number}\t{state}\t{by}\t{names[number]}\n")
            log.flush()
    (work / "switch").write_text("")
    summary(work, names)


if __name__ == "__main__":
    main()
