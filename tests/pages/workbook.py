"""The workbook recalculated by LibreOffice: every total and every figure comes out as the JSON says.

    python3 workbook.py SETTLE WORKDIR
"""
import csv
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from decimal import Decimal

SETTLE, WORK = sys.argv[1:3]
LANGUAGES = ["en", "fr", "de", "it", "es", "nl", "sv", "pt", "hu", "da"]
# LibreOffice keeps cached results unless it is told to calculate on loading.
RECALCULATE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode" oor:op="fuse">
<value>0</value></prop></item></oor:items>
"""
# Comma, quotes, UTF-8, from the first line, values as calculated, all sheets.
FILTER = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,false,false,false,false,-1"


def test(name, fault):
    if fault:
        print(f"FAILED: {name}")
        print("  " + str(fault)[:2000].replace("\n", "\n  "))
    else:
        print(f"ok: {name}")


def report(form, source="sample_reports", *words):
    path = os.path.join(WORK, f"statement.{form}")
    done = subprocess.run(
        [SETTLE, "report", "--month", "2026-09", "--format", form, "-o", path, *words, "--from", source],
        env={}, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 5):
        raise SystemExit(f"FAILED: settle report --format {form}\n  {done.stderr}")
    return path


def sheets(workbook):
    """The sheets in their order, as LibreOffice calculates them."""
    out = os.path.join(WORK, "sheets")
    shutil.rmtree(out, ignore_errors=True)
    profile = os.path.join(WORK, "profile")
    os.makedirs(os.path.join(profile, "user"), exist_ok=True)
    with open(os.path.join(profile, "user", "registrymodifications.xcu"), "w", encoding="utf-8") as file:
        file.write(RECALCULATE)
    subprocess.run(
        [PROGRAM, f"-env:UserInstallation=file://{os.path.abspath(profile)}", "--headless", "--convert-to", FILTER,
         "--outdir", out, workbook], check=True, capture_output=True, timeout=300)
    names = re.findall(r'<sheet name="([^"]+)"', zipfile.ZipFile(workbook).read("xl/workbook.xml").decode())
    tables = []
    for name in names:
        with open(os.path.join(out, f"statement-{name}.csv"), encoding="utf-8", newline="") as file:
            tables.append([row for row in csv.reader(file)])
    return tables


def rows(table):
    """Rows below the header: the header is the first row whose first two cells are headings of columns."""
    start = next(at for at, row in enumerate(table) if at > 0 and not row[0].startswith(TOTAL) and row[1])
    return table[start + 1:]


def totals(table):
    return [row for row in table[1:] if row[0].startswith(TOTAL)]


def number(text):
    return Decimal(text) if text else None


def same(found, expected, where):
    if found is None or found != Decimal(expected):
        return f"{where}: the workbook has {found}, the statement {expected}\n"
    return ""


def summary(table, statement):
    fault, left = "", rows(table)
    for account in statement["accounts"]:
        take = left[:len(account["movements"]) + 3]
        left = left[len(take):]
        who = account["account"]
        fault += same(number(take[0][8]), account["opening_balance"], f"{who} opening")
        for row, movement in zip(take[1:], account["movements"]):
            fault += same(number(row[3]), movement["count"], f"{who} {movement['kind']} rows")
            for column, name in zip(range(4, 9), ["amount", "percentage_fee", "fixed_fee", "fee", "net"]):
                fault += same(number(row[column]), movement[name], f"{who} {movement['kind']} {name}")
        fault += same(number(take[-2][8]), account["closing_balance"], f"{who} closing")
        fault += same(number(take[-1][8]), account["reserve"]["closing"], f"{who} reserve")
    return fault


def total_rows(table, column, amounts):
    """The totals of a column against the sums of (currency, amount) pairs."""
    sums = {}
    for currency, amount in amounts:
        sums[currency] = sums.get(currency, Decimal(0)) + Decimal(amount)
    fault = ""
    for row in totals(table):
        currency = row[0].split()[-1]
        fault += same(number(row[column]), sums.get(currency, 0), f"{row[0]} of column {column}")
    return fault if totals(table) else "no totals"


def wrong_cents(workbook):
    """The same workbook with every cached result of the summary changed by a cent."""
    path = os.path.join(WORK, "wrong", "statement.xlsx")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with zipfile.ZipFile(workbook) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for item in old.infolist():
            data = old.read(item)
            if item.filename == "xl/worksheets/sheet1.xml":
                text, count = re.subn(r"</f><v>([-\d.]+)</v>",
                                      lambda found: f"</f><v>{Decimal(found[1]) + Decimal('0.01')}</v>", data.decode())
                assert count > 50, count
                data = text.encode()
            new.writestr(item, data)
    return path


PROGRAM = shutil.which("soffice") or shutil.which("libreoffice")
if not PROGRAM:
    print("skip: LibreOffice is missing, so no workbook was recalculated")
    sys.exit(0)
TOTAL = "Total "
with open(report("json"), encoding="utf-8") as json_file:
    STATEMENT = json.load(json_file)
WORKBOOK = report("xlsx")
TABLES = sheets(WORKBOOK)
test("the workbook has its nine sheets", None if len(TABLES) == 9 else len(TABLES))
test("the summary recalculates to the statement, to the cent", summary(TABLES[0], STATEMENT))
ACCOUNTS = STATEMENT["accounts"]
test("settlements add up", total_rows(TABLES[1], 6, [(a["currency"], s["net"]) for a in ACCOUNTS for s in a["settlements"]])
     + total_rows(TABLES[1], 9, [(a["currency"], s["net_in_period"]) for a in ACCOUNTS for s in a["settlements"]]))
test("payouts add up", total_rows(TABLES[2], 4, [(a["currency"], p["amount"]) for a in ACCOUNTS for p in a["payouts"]]))
test("transactions and their totals agree", "".join(
    total_rows(TABLES[3], column, [(row[2], row[column]) for row in rows(TABLES[3])]) for column in range(12, 17)))
test("every transaction names its file and line", None if all(row[17] and row[18] for row in rows(TABLES[3])) else "no")
test("disputes add up", total_rows(TABLES[5], 7, [(d["currency"], d["net"]) for d in STATEMENT["disputes"]]))
test("the eight checks are there", None if len(rows(TABLES[7])) >= 8 else len(rows(TABLES[7])))
test("every source is there with its hash", None if sorted(row[3] for row in rows(TABLES[8])) == sorted(
    s["sha256"] or "" for s in STATEMENT["sources"]) else "differs")
WRONG = sheets(wrong_cents(WORKBOOK))
test("LibreOffice does calculate: a cached result that is a cent off comes out right", summary(WRONG[0], STATEMENT))
for language in LANGUAGES[1:]:
    TABLE = sheets(report("xlsx", "sample_reports", "--language", language))[0]
    test(f"{language}: the summary recalculates to the statement", summary(TABLE, STATEMENT))
