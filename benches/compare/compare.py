"""Measures settle against other tools on the same rows, and writes a table in Markdown.

Only the standard library; the tools it measures run in processes of their own (contestants.py). Amounts
are whole cents and decimals throughout. Times and memory are the only floats.
"""

import argparse
import collections
import csv
import datetime
import decimal
import hashlib
import json
import os
import pathlib
import platform
import random
import shutil
import signal
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
GOALS = ["G1", "G2", "G3", "G4", "G5", "G6", "G7", "G8", "G9"]
SIZES = {"small": (200_000, 1_000_000), "full": (1_000_000, 10_000_000)}
CPUS = 2
# No run on any of these files comes near; what takes longer hangs.
SECONDS_MAX = 1_800
# Runs of what takes milliseconds.
SHORT_RUNS = 20
# The generator's September: its settlement lies in it whole, its clock is two hours ahead of UTC.
MONTH, ZONE = "2026-09", "Europe/Paris"
MONTH_UTC = ("2026-08-31 22:00:00", "2026-09-30 22:00:00")
HALF_UTC = ("2026-08-31 22:00:00", "2026-09-15 22:00:00")
HALF = ["--from-date", "2026-09-01", "--until-date", "2026-09-16"]
FIGURES = ["amount", "percentage_fee", "fixed_fee", "fee", "net"]

Run = collections.namedtuple("Run", "wall cpu peak written")  # seconds, seconds, MiB, MiB


class Skipped(Exception):
    """A goal that cannot be measured here, and why."""


class Differs(Exception):
    """Two contestants do not print the same sums."""


def say(text):
    print(text, file=sys.stderr, flush=True)


# Processes


class Bench:
    """Where things lie, and how a command is run."""

    def __init__(self, options):
        self.options = options
        self.folder = pathlib.Path(os.environ.get("SETTLE_BENCH_DIR") or TOP / "target/bench").resolve()
        self.bin = pathlib.Path(os.environ.get("SETTLE_BIN_DIR") or TOP / "target/release").resolve()
        self.settle, self.rehearsal = self.bin / "settle", self.bin / "settle-rehearsal"
        self.data, self.scratch = self.folder / "data", self.folder / "scratch"
        self.results, home = self.folder / "results", self.folder / "home"
        shutil.rmtree(self.scratch, ignore_errors=True)
        for folder in (self.data, self.scratch, self.results, home):
            folder.mkdir(parents=True, exist_ok=True)
        self.small, self.big = SIZES[options.rows]
        self.runs = []
        # Nothing of the user's settings: an empty home, no SETTLE_ and XDG_ variables.
        self.environment = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": str(home), "LANG": "C.UTF-8",
            "POLARS_MAX_THREADS": str(CPUS),
        }
        self.launcher = [os.path.realpath(sys.executable), "-I", "-S", str(HERE / "launch.py")]

    def run(self, label, command, codes=(0,)):
        """Runs a command to its end: what it cost and what it printed."""
        figures, out, err = (self.scratch / name for name in ("figures", "stdout", "stderr"))
        figures.unlink(missing_ok=True)
        command = [str(part) for part in command]
        if not os.access(command[0], os.X_OK):
            raise Skipped(f"no program {pathlib.Path(command[0]).name}")
        launched = subprocess.Popen(
            [*self.launcher, figures, out, err, str(CPUS), *command],
            cwd=self.scratch, env=self.environment, stdin=subprocess.DEVNULL, start_new_session=True,
        )
        try:
            launched.wait(SECONDS_MAX)
        except BaseException as why:  # an interruption must not leave the command behind either
            os.killpg(launched.pid, signal.SIGKILL)
            launched.wait()
            if isinstance(why, subprocess.TimeoutExpired):
                raise Skipped(f"{label} took more than {SECONDS_MAX} s") from None
            raise
        if not figures.exists():
            raise Skipped(f"{label} could not be started")
        code, wall, cpu, peak, blocks = map(int, figures.read_text().split())
        if code not in codes:
            lines = err.read_text(errors="replace").strip().splitlines() or ["nothing on stderr"]
            # A traceback has its reason last, a program's error first.
            reason = lines[-1] if lines[0].startswith("Traceback") else lines[0]
            raise Skipped(f"{label} ended with {code}: {reason}")
        run = Run(wall / 1e9, cpu / 1e6, peak / 1024, blocks / 2048)
        self.runs.append({"label": label, **run._asdict()})
        return run, out.read_text(errors="replace")

    def python(self, *arguments):
        return [sys.executable, "-I", HERE / "contestants.py", *arguments]

    def report(self, *arguments):
        period = [] if "--from-date" in arguments else ["--month", MONTH]
        return [self.settle, "report", *period, "--timezone", ZONE, *arguments, "--format", "json"]

    def fresh(self, name):
        """The path of a folder that does not exist; what was written before has reached the disk."""
        path = self.scratch / name
        shutil.rmtree(path, ignore_errors=True)
        os.sync()
        return path


QUIET = ["-o", "/dev/null"]


def pairs(bench, a, b, count=None):
    """Two (label, function that runs once) in turn, so that both see the same machine."""
    os.sync()  # what the preparation wrote is not to be written back while this is timed
    lists = [], []
    for index in range(count or bench.options.runs):
        for (label, once), runs in zip((a, b), lists):
            runs.append(once())
            say(f"  {index + 1}: {label}: {runs[-1].wall:.3f} s, {runs[-1].cpu:.3f} s CPU, {runs[-1].peak:.0f} MiB")
    return lists


def command_of(bench, label, command):
    return label, lambda: bench.run(label, command)[0]


def median(runs, field):
    return statistics.median(getattr(run, field) for run in runs)


def ratios(a, b, field):
    return [getattr(one, field) / max(getattr(other, field), 1e-9) for one, other in zip(a, b)]


# Data and what is in it


def large_file(bench, rows):
    """A settlement of that many rows, and the sums that the generator kept."""
    path, sums = bench.data / f"large-{rows}.csv", bench.data / f"large-{rows}.json"
    if not (path.exists() and sums.exists()):
        say(f"making {rows} rows")
        part = path.with_suffix(".part")
        _, printed = bench.run("generate-large", [bench.rehearsal, "generate-large", "--out", part, "--rows", rows])
        part.rename(path)
        sums.write_text(printed)
    truth = {}
    for kind in json.loads(sums.read_text()):
        cents = [kind["amount_cents"], kind["percentage_fee_cents"], kind["fixed_fee_cents"]]
        cents += [cents[1] + cents[2], kind["net_cents"]]
        truth[kind["kind"]] = (kind["count"], *(decimal.Decimal(value).scaleb(-2) for value in cents))
    return path, truth


def invented_settlements(bench, name, first, months, orders):
    """The settlement files of one shop, in the order of their dates."""
    folder = bench.data / f"{name}-{orders}"
    if not folder.exists():
        say(f"making {folder.name}")
        part = folder.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        command = [bench.rehearsal, "generate", "--out", part, "--country", "FR", "--account", "A1BENCH"]
        bench.run("generate", [*command, "--from", first, "--months", months, "--orders-per-day", orders])
        part.rename(folder)
    files = sorted(folder.rglob("settlement-*.csv"))
    if not files:
        raise Skipped(f"the generator wrote no settlement-*.csv for {name}")
    return files


def sums_of_rows(printed):
    """What contestants.py prints, by kind: there is one settlement, currency and month."""
    rows = json.loads(printed)
    if len({(row[0], row[2], row[3]) for row in rows}) != 1:
        raise Differs(f"more than one settlement, currency or month: {rows}")
    return rows[0][0], {row[1].lower(): (int(row[4]), *map(decimal.Decimal, row[5:])) for row in rows}


def sums_of_statement(printed):
    accounts = json.loads(printed)["accounts"]
    if len(accounts) != 1 or len(accounts[0]["settlements"]) != 1:
        raise Differs(f"settle shows {len(accounts)} accounts instead of one with one settlement")
    kinds = {
        kind["kind"]: (kind["count"], *(decimal.Decimal(kind[name]) for name in FIGURES))
        for kind in accounts[0]["movements"]
    }
    return accounts[0]["settlements"][0]["settlement_id"], kinds


def agree(what, one, other):
    """Compares by kind. A statement's movements leave out reserve rows, which stay within the balance."""
    (settlement, left), (other_settlement, right) = one, other
    if settlement != other_settlement:
        raise Differs(f"{what}: settlement {settlement} and {other_settlement}")
    left, right = ({kind: sums for kind, sums in side.items() if kind != "reserve"} for side in (left, right))
    if not left or left != right:
        kinds = sorted(kind for kind in left.keys() | right.keys() if left.get(kind) != right.get(kind))
        raise Differs(f"{what}: {'; '.join(apart(kind, left, right) for kind in kinds) or 'no rows'}")


def agree_with_truth(what, sums, truth):
    kinds = sorted(kind for kind in sums[1].keys() | truth.keys() if sums[1].get(kind) != truth.get(kind))
    if kinds:
        raise Differs(f"{what} and the generator: {'; '.join(apart(kind, sums[1], truth) for kind in kinds)}")


def apart(kind, left, right):
    """One kind that differs: count and the five sums on either side."""
    sides = (" ".join(map(str, side.get(kind, ["nothing"]))) for side in (left, right))
    return f"{kind}: {' / '.join(sides)}"


def imported(bench, path, name):
    """An archive that holds this file."""
    folder = bench.fresh(name)
    bench.run("settle import", [bench.settle, "import", path, "--data-dir", folder])
    return folder


# Goals


def row_of_pairs(goal, work, a, b, limits, against, cpu_limit=None):
    """A line of the table of comparisons."""
    wall, cpu = ratios(a, b, "wall"), ratios(a, b, "cpu")
    ratio = statistics.median(wall)
    verdict = judged(ratio, *limits)
    if cpu_limit is not None and statistics.median(cpu) > cpu_limit:
        verdict = "missed (CPU)" if verdict != "missed" else "missed"
    goal_text = f"≤ {limits[0]}" + (f", CPU ≤ {cpu_limit}" if cpu_limit is not None else "")
    sides = [f"{median(s, 'wall'):.3f} / {median(s, 'cpu'):.2f} / {median(s, 'peak'):.0f}" for s in (a, b)]
    return {
        "goal": goal, "work": work, "a": sides[0], "against": against, "b": sides[1],
        "wall": f"**{ratio:.3f}** ({min(wall):.2f}–{max(wall):.2f})", "cpu": f"{statistics.median(cpu):.3f}",
        "limits": f"{goal_text}; stretch ≤ {limits[1]}", "verdict": verdict,
    }


def judged(value, goal, stretch):
    return "stretch met" if value <= stretch else "met" if value <= goal else "missed"


def against_csv(bench, goal, rows, name, contestant, limits):
    """`settle report` on a file against bare sums over the same file."""
    path, truth = large_file(bench, rows)
    ours, theirs = bench.report("--from", path), bench.python(contestant, path)
    printed = sums_of_rows(bench.run(name, theirs)[1])
    agree_with_truth(name, printed, truth)
    agree(f"settle and {name}", sums_of_statement(bench.run("settle report", ours)[1]), printed)
    a, b = pairs(bench, command_of(bench, "settle report", ours + QUIET), command_of(bench, name, theirs))
    yield row_of_pairs(goal, f"report from CSV, {rows:,} rows", a, b, limits, name)


def g1(bench):
    return against_csv(bench, "G1", bench.big, "duckdb", "duckdb_csv", (1.0, 0.5))


def g2(bench):
    return against_csv(bench, "G2", bench.big, "polars", "polars_csv", (1.3, 0.7))


def g3(bench):
    return against_csv(bench, "G3", bench.small, "pandas + Decimal", "pandas_csv", (0.10, 0.03))


def g4(bench):
    path, truth = large_file(bench, bench.big)
    folder = imported(bench, path, "g4")
    files = folder / "ledger/account=*/settled=*/*.parquet"
    works = [
        ("whole document in the period (totals)", [], MONTH_UTC),
        ("period cuts the document (rows)", HALF, HALF_UTC),
    ]
    for work, period, bounds in works:
        ours = bench.report(*period, "--data-dir", folder)
        theirs = bench.python("duckdb_parquet", files, MONTH, *bounds)
        printed = sums_of_rows(bench.run("duckdb", theirs)[1])
        if not period:
            agree_with_truth("duckdb on settle's Parquet", printed, truth)
        agree("settle and duckdb", sums_of_statement(bench.run("settle report", ours)[1]), printed)
        a, b = pairs(bench, command_of(bench, "settle report", ours + QUIET), command_of(bench, "duckdb", theirs))
        yield row_of_pairs("G4", f"report from Parquet, {bench.big:,} rows: {work}", a, b, (1.2, 0.8), "duckdb")


def import_once(bench, path):
    return bench.run("settle import", [bench.settle, "import", path, "--data-dir", bench.fresh("import")])[0]


def g5(bench):
    path, truth = large_file(bench, bench.big)

    def copy_once():
        folder = bench.fresh("copy")
        folder.mkdir()
        return bench.run("duckdb COPY", bench.python("duckdb_copy", path, folder / "x.parquet"))[0]

    import_once(bench, path)
    copy_once()
    products = [
        ("settle's Parquet", "import/ledger/account=*/settled=*/*.parquet"),
        ("duckdb's Parquet", "copy/x.parquet"),
    ]
    for what, product in products:
        command = bench.python("duckdb_parquet", bench.scratch / product, MONTH, *MONTH_UTC)
        agree_with_truth(what, sums_of_rows(bench.run("duckdb", command)[1]), truth)
    a, b = pairs(bench, ("settle import", lambda: import_once(bench, path)), ("duckdb COPY", copy_once))
    row = row_of_pairs("G5", f"import of CSV, {bench.big:,} rows", a, b, (1.0, 0.7), "duckdb COPY", cpu_limit=0.8)
    row["work"] += f" (written: {median(a, 'written'):.0f} and {median(b, 'written'):.0f} MiB)"
    yield row


def order_list(bench, rows):
    """An order for each capture of the large file, shuffled; one in a thousand missing, dearer or never captured."""
    path, _ = large_file(bench, rows)
    orders = bench.data / f"orders-{rows}.csv"
    if not orders.exists():
        say(f"making an order list for {rows} rows")
        lines = []
        with open(path, encoding="utf-8-sig", newline="") as file:
            for row in csv.reader(file):
                if len(row) < 15 or row[4] != "Capture":
                    continue
                cents = int(row[10].replace(".", ""))
                index = len(lines)
                lines.append(order_line(row[6], row[0], cents + (index % 1000 == 3), row[5]))
                if index % 1000 == 5:
                    lines[-1] = order_line(f"X{row[6]}", row[0], cents, f"P99{row[5][3:]}")
        random.Random(1).shuffle(lines)
        part = orders.with_suffix(".part")
        header = "order_number,order_date,status,order_total,order_currency,payment_method,transaction_id\r\n"
        part.write_text(header + "".join(lines), newline="")
        part.rename(orders)
    return path, orders


def order_line(number, posted, cents, permission):
    placed = posted[:19].replace("T", " ")
    method = "amazon_payments_advanced"
    return f"{number},{placed},wc-completed,{cents // 100}.{cents % 100:02},EUR,{method},{permission}\r\n"


def g6(bench):
    path, orders = order_list(bench, bench.small if bench.options.rows == "full" else bench.big)
    ours = [bench.settle, "reconcile", "--month", MONTH, "--timezone", ZONE, "--from", path, "--orders", orders]
    theirs = bench.python("duckdb_join", path, orders)
    printed = json.loads(bench.run("duckdb", theirs)[1])
    joined = {row[0]: tuple(map(decimal.Decimal, row[1:])) for row in printed}
    document = json.loads(bench.run("settle reconcile", [*ours, "--format", "json"], codes=(5,))[1])
    states = {
        total["state"]: tuple(decimal.Decimal(total[name]) for name in ("count", "captured", "ordered"))
        for total in document["totals"]["orders"]
    }
    if states != joined:
        raise Differs(f"settle {states} and duckdb {joined}")

    def once():
        return bench.run("settle reconcile", ours + QUIET, codes=(5,))[0]

    a, b = pairs(bench, ("settle reconcile", once), command_of(bench, "duckdb join", theirs))
    count = sum(int(sums[0]) for sums in states.values())
    yield row_of_pairs("G6", f"reconcile of {count:,} orders with their captures, both CSV", a, b, (1.2, 0.7), "duckdb join")


def absolute(goal, work, value, limits, verdict):
    return {"goal": goal, "work": work, "value": value, "limits": limits, "verdict": verdict}


def short(bench, goal, work, label, command, limits_ms):
    runs = [bench.run(label, command)[0] for _ in range(SHORT_RUNS + 1)][1:]
    walls = sorted(run.wall * 1_000 for run in runs)
    value = statistics.median(walls)
    shown = f"**{value:.1f} ms** ({walls[0]:.1f}–{walls[-1]:.1f}), CPU {median(runs, 'cpu') * 1_000:.1f} ms"
    shown += f", {median(runs, 'peak'):.0f} MiB"
    limits = f"≤ {limits_ms[0]} ms; stretch ≤ {limits_ms[1]} ms"
    return absolute(goal, work, shown, limits, judged(value, *limits_ms))


def g7(bench):
    yield short(bench, "G7", "`settle --help`", "settle --help", [bench.settle, "--help"], (15, 5))
    files = [f for f in invented_settlements(bench, "month", MONTH, 1, 270) if f"-{MONTH}-" in f.name][:30]
    command = bench.report("--from", *files)
    sources = json.loads(bench.run("settle report", command)[1])["sources"]
    work = f"report from {len(sources)} files, {sum(source['rows'] for source in sources):,} rows"
    yield short(bench, "G7", work, "settle report, 30 files", command + QUIET, (60, 30))


def works_of_growth(bench):
    """Report and import at both sizes, measured once for G8 and G9."""
    if not hasattr(bench, "growth"):
        paths = [large_file(bench, rows)[0] for rows in (bench.big, bench.small)]
        reports = [command_of(bench, f"settle report, {p.stem}", bench.report("--from", p) + QUIET) for p in paths]
        imports = [(f"settle import, {path.stem}", lambda path=path: import_once(bench, path)) for path in paths]
        folders = [(path, imported(bench, path, f"growth-{path.stem}")) for path in paths]
        cuts = [
            command_of(bench, f"settle report, cut, {path.stem}", bench.report(*HALF, "--data-dir", folder) + QUIET)
            for path, folder in folders
        ]
        bench.growth = {}
        for work, (a, b) in (("report", reports), ("report that cuts Parquet", cuts), ("import", imports)):
            for _, once in (a, b):
                once()
            bench.growth[work] = pairs(bench, a, b)
    return bench.growth


def g8(bench):
    for work, (big, small) in works_of_growth(bench).items():
        # The largest run counts against the bound, the middle one for growth.
        peak, ratio = max(run.peak for run in big), statistics.median(ratios(big, small, "peak"))
        verdict = judged(peak, 256, 128) if ratio <= 1.1 else "missed (growth)" if peak <= 256 else "missed"
        shown = f"**{peak:.0f} MiB** at {bench.big:,} rows, {max(run.peak for run in small):.0f} MiB at {bench.small:,}"
        shown += f": × {ratio:.3f}"
        yield absolute("G8", f"peak memory of {work}", shown, "≤ 256 MiB and × ≤ 1.1; stretch 128 MiB", verdict)


def g9(bench):
    # Twelve times the time for ten times the rows; the smoke run has another factor.
    limit = 1.2 * bench.big / bench.small
    for work, (big, small) in works_of_growth(bench).items():
        times = ratios(big, small, "wall")
        ratio = statistics.median(times)
        shown = f"**× {ratio:.1f}** ({min(times):.1f}–{max(times):.1f})"
        shown += f", {median(small, 'wall'):.3f} s → {median(big, 'wall'):.3f} s"
        verdict = "met" if ratio <= limit else "missed"
        yield absolute("G9", f"{work}, {bench.small:,} → {bench.big:,} rows", shown, f"× ≤ {limit:g}", verdict)
    yield from history(bench)


def history(bench):
    """What a month's report opens and one more import writes, after three years of daily settlements."""
    files = invented_settlements(bench, "history", "2024-01", 36, 3)
    near = [path for path in files if "2026-08-25" <= path.stem.removeprefix("settlement-") <= "2026-10-06"]
    *before, last = files
    opened = []
    for name, known in (("history", before), ("near", near)):
        folder = bench.fresh(name)
        bench.run("settle import", [bench.settle, "import", *known, "--data-dir", folder])
        opened.append((len(known), *opens(bench, folder)))
    (long, parquet, raw), (few, parquet_near, raw_near) = opened
    work = f"files that a month's report opens: {long:,} documents known, against {few}"
    if parquet is None:
        yield absolute("G9", work, f"skipped: {raw}", "the same", "skipped")
    else:
        shown = f"**{parquet} Parquet**, {raw} raw against {parquet_near} and {raw_near}"
        same = (parquet, raw) == (parquet_near, raw_near)
        yield absolute("G9", work, shown, "the same", "met" if same else "missed")
    folder = bench.scratch / "history"
    known = stamps(folder)
    bench.run("settle import", [bench.settle, "import", last, "--data-dir", folder])
    now = stamps(folder)
    touched = sorted(path for path in now.keys() | known.keys() if now.get(path) != known.get(path))
    # Two lines more in the mirror of the events, and two hashes, belong to the catalog.
    of_catalog = ("catalog.", "lock", "events.jsonl", "seals.sha256")
    own = [path for path in touched if not path.startswith(of_catalog)]
    old = [path for path in own if path in known]
    shown = f"**{len(own) - len(old)} new files**, {len(old)} older ones changed besides the catalog, its events and its seals"
    # Its own files: the raw bytes and the Parquet.
    verdict = "met" if not old and len(own) <= 2 else "missed"
    yield absolute("G9", f"import of one more settlement into {long:,}", shown, "only its own files", verdict)
    command = bench.report("--data-dir", folder)
    work = f"month's report, {long + 1:,} documents known"
    yield short(bench, "G9", work, "settle report", command + QUIET, (60, 30)) | {"limits": "(as G7)"}


def opens(bench, folder):
    """How many different Parquet and raw files a month's report opens; (None, why) where strace is missing."""
    strace = shutil.which("strace")
    if not strace:
        return None, "strace is not installed"
    trace = bench.scratch / "trace"
    command = [strace, "-f", "-e", "trace=%file", "-o", trace, *bench.report("--data-dir", folder)]
    try:
        bench.run("settle report under strace", command + QUIET)
    except Skipped as why:
        return None, str(why)
    parquet, raw = set(), set()
    for line in trace.read_text(errors="replace").splitlines():
        parts = line.split('"')
        if "open" not in parts[0] or len(parts) < 2 or not parts[1].startswith(f"{folder}/"):
            continue
        if parts[1].endswith(".parquet"):
            parquet.add(parts[1])
        elif parts[1].startswith(f"{folder}/raw/") and "O_DIRECTORY" not in line:
            raw.add(parts[1])
    return len(parquet), len(raw)


def stamps(folder):
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): (path.stat().st_size, path.stat().st_mtime_ns) for path in files}


# Facts and the table


def facts(bench, floor):
    model = memory = "unknown"
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    for line in pathlib.Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemTotal"):
            memory = f"{int(line.split()[1]) / 2**20:.0f} GiB"
    libraries = []
    for requirement in (HERE / "requirements.txt").read_text().split():
        name = requirement.split("==")[0]
        libraries.append(f"{name} {version_of(name)}")
    load = ", ".join(f"{value:.2f}" for value in os.getloadavg())
    digest = hashlib.sha256(bench.settle.read_bytes()).hexdigest()[:12] if bench.settle.exists() else "missing"
    source = output(["git", "-C", TOP, "describe", "--always", "--dirty"])
    return [
        f"- {datetime.date.today()}, {model}, {os.cpu_count()} CPUs of which {CPUS} are used, {memory}, "
        f"Linux {platform.release()}",
        f"- {output([bench.settle, '--version'])} (sha256 {digest}…; this checkout {source}), "
        f"{output(['rustc', '--version'])}",
        f"- Python {platform.python_version()}, {', '.join(libraries)}",
        f"- {bench.options.runs} pairs; load average at the start {load}; "
        f"an empty process takes {floor.wall * 1_000:.1f} ms and shows {floor.peak:.0f} MiB",
    ]


def output(command):
    try:
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=60, check=True)
        return done.stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return f"{pathlib.Path(command[0]).name}: unknown"


def version_of(library):
    import importlib.metadata

    try:
        return importlib.metadata.version(library)
    except importlib.metadata.PackageNotFoundError:
        return "missing"


def table(heads, fields, rows):
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    return lines + ["| " + " | ".join(str(row[field]) for field in fields) + " |" for row in rows]


def page(bench, title_facts, rows, skipped):
    smoke = ["small files"] * (bench.options.rows == "small") + ["fewer than five pairs"] * (bench.options.runs < 5)
    note = f" (smoke run: {', '.join(smoke)}; not for the record)" if smoke else ""
    lines = [f"### Measured{note}", "", *title_facts, ""]
    compared, measured = ([row for row in rows if ("wall" in row) is has] for has in (True, False))
    if compared:
        heads = ["", "work", "settle: s / CPU s / MiB", "against", "s / CPU s / MiB", "ratio", "CPU", "goal", ""]
        fields = ["goal", "work", "a", "against", "b", "wall", "cpu", "limits", "verdict"]
        lines += table(heads, fields, compared) + [""]
    if measured:
        heads, fields = ["", "work", "measured", "goal", ""], ["goal", "work", "value", "limits", "verdict"]
        lines += table(heads, fields, measured) + [""]
    lines += [f"- {goal} {reason}" for goal, reason in skipped]
    return "\n".join(lines).rstrip() + "\n"


def write_results(bench, text, rows, skipped):
    (bench.options.out or bench.results / "compare.md").write_text(text)
    everything = {"rows": rows, "skipped": skipped, "runs": bench.runs}
    (bench.results / "compare.json").write_text(json.dumps(everything, indent=1, ensure_ascii=False))


def parse_options():
    parser = argparse.ArgumentParser(prog="run.sh", description="Compares settle with duckdb, polars and pandas.")
    sizes = "small: 200 thousand and 1 million; full (default): 1 and 10 million"
    parser.add_argument("--rows", choices=SIZES, default="full", help=sizes)
    parser.add_argument("--runs", type=int, default=5, metavar="N", help="pairs of each comparison (default 5)")
    parser.add_argument("--only", metavar="G1,G7", help=f"only these of {', '.join(GOALS)}")
    fragment = "the Markdown fragment (default results/compare.md)"
    parser.add_argument("--out", type=pathlib.Path, metavar="FILE", help=fragment)
    options = parser.parse_args()
    wanted = options.only.upper().split(",") if options.only else GOALS
    if unknown := [goal for goal in wanted if goal not in GOALS]:
        parser.error(f"unknown goal {', '.join(unknown)}: choose from {', '.join(GOALS)}")
    if options.runs < 1:
        parser.error("--runs is at least 1")
    options.only = [goal for goal in GOALS if goal in wanted]
    return options


def main():
    bench = Bench(parse_options())
    try:
        empty = [bench.run("empty process", [shutil.which("true") or "true"])[0] for _ in range(5)]
        floor = min(empty, key=lambda run: run.wall)
    except Skipped as why:
        sys.exit(f"the launcher does not work: {why}")
    title_facts = facts(bench, floor)
    rows, skipped, differs = [], [], False
    for goal in bench.options.only:
        say(goal)
        try:
            for row in globals()[goal.lower()](bench):
                rows.append(row)
        except Differs as why:
            differs = True
            skipped.append((goal, f"not measured, RESULTS DIFFER: {why}"))
            say(f"  RESULTS DIFFER: {why}")
        except Exception as why:  # whatever happens to one goal, the others are measured
            reason = str(why) if isinstance(why, Skipped) else f"{type(why).__name__}: {why}"
            skipped.append((goal, f"skipped: {reason}"))
            say(f"  skipped: {reason}")
        for left in bench.scratch.iterdir():
            if left.is_dir():
                shutil.rmtree(left)
        # What is measured so far survives an interruption.
        write_results(bench, page(bench, title_facts, rows, skipped), rows, skipped)
    shutil.rmtree(bench.scratch, ignore_errors=True)
    print(page(bench, title_facts, rows, skipped), end="")
    sys.exit(1 if differs else 0)


if __name__ == "__main__":
    main()
