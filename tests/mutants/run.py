#!/usr/bin/env python3
"""Switches on one mutant after another and runs the tests that reach it, in what prepare.py made.

    run.py WORK [--minutes N] [--files SUBSTRING]

A first run of each single test notes which mutants it reaches and how long it takes (WORK/reach.json, kept); then each
mutant meets the tests that reach it, the quickest first, until one fails. The order of the mutants is shuffled with a
fixed seed, so that a run that is cut short is a fair sample. Results are added to WORK/results.tsv; a second run goes
on from there.
"""

import argparse
import collections
import json
import os
import pathlib
import random
import signal
import subprocess
import time

SEED = 20261125
# Unit tests of these modules; the others do not reach the mutants or take long.
UNIT_TESTS = ("domain::", "ledger::", "reconcile::", "report::")
# A test that takes longer than this is left out of the search: it would be run for every survivor.
TEST_MAX_S = 20
ALLOWED = 6
SLACK_S = 8
# So many tests at once: few at first, since most mutants fall at the first; then all that is left.
BATCHES = (2, 6, 20)


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

    def names(self, program):
        listed = subprocess.run([self.programs[program], "--list"], stdout=subprocess.PIPE, check=True, text=True)
        names = [line.removesuffix(": test") for line in listed.stdout.splitlines() if line.endswith(": test")]
        return [name for name in names if program != "settle" or name.startswith(UNIT_TESTS)]

    def run(self, program, names, switch, timeout):
        """`passed`, `failed` or `timeout`, and seconds."""
        (self.work / "switch").write_text(switch)
        command = [self.programs[program], "--quiet", "--exact", *names]
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

    def reach(self):
        """Of each test: its program, its name, its seconds and the mutants that it reaches."""
        kept, log = self.work / "reach.json", self.work / "reached"
        found = json.loads(kept.read_text()) if kept.exists() else []
        for program in self.programs:
            if any(test[0] == program for test in found):
                continue
            for name in self.names(program):
                log.unlink(missing_ok=True)
                state, seconds = self.run(program, [name], f"record {log}", TEST_MAX_S)
                if state != "passed":
                    print(f"left out: {program} {name}: {state}", flush=True)
                elif log.exists():
                    found.append((program, name, seconds, sorted({int(line) for line in log.read_text().split()})))
            print(f"{program}: {sum(test[0] == program for test in found)} tests reach a mutant", flush=True)
            kept.write_text(json.dumps(found))
        return found


def mutants(work):
    rows = [line.split("\t") for line in (work / "ids.tsv").read_text().splitlines()]
    return {int(number): name for number, state, name in rows if state == "in"}


def results(work):
    path = work / "results.tsv"
    if not path.exists():
        return {}
    return {int(row[0]): row for row in (line.split("\t") for line in path.read_text().splitlines())}


def batches(reaching):
    """Tests of one program at a time, the quickest first."""
    begin = 0
    for size in (*BATCHES, len(reaching)):
        by_program = collections.defaultdict(list)
        for test in reaching[begin : begin + size]:
            by_program[test[0]].append(test)
        yield from by_program.items()
        begin += size


def verdict(tests, base, number):
    reaching = sorted((test for test in base if number in test[3]), key=lambda test: test[2])
    for program, batch in batches(reaching):
        limit = sum(test[2] for test in batch) * ALLOWED + SLACK_S
        state, _ = tests.run(program, [test[1] for test in batch], str(number), limit)
        if state != "passed":
            return "caught" if state == "failed" else "timeout", f"{program} {batch[0][1]}"
    return ("survived", f"{len(reaching)} tests") if reaching else ("not reached", "-")


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
    base = [(program, name, seconds, set(reached)) for program, name, seconds, reached in tests.reach()]
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
