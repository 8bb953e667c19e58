"""A witness that shares nothing with settle: checks a pack with Python's own zip, hashes and decimals.

python3 witness.py PACK: every entry against the manifest, every document against its name, and the movements of the
month added up again from the documents. Prints what it saw as one line of JSON; ends with 1 where something differs.
"""

import csv
import hashlib
import io
import json
import sys
import zipfile
from collections import defaultdict
from datetime import datetime
from decimal import Decimal

AMOUNTS = {
    "amount": "TransactionAmount",
    "percentage_fee": "TransactionPercentageFee",
    "fixed_fee": "TransactionFixedFee",
    "fee": "TotalTransactionFee",
    "net": "NetTransactionAmount",
}
INSIDE = ("reserve", "carryover")


def rows(text):
    lines = text.splitlines(keepends=True)
    seller = next((l.split(",")[1].strip().strip('"') for l in lines[:40] if "SellerId" in l.split(",")[0]), "")
    head = next(i for i, l in enumerate(lines) if "TransactionPostedDate" in l)
    for row in csv.DictReader(io.StringIO("".join(lines[head:]))):
        yield seller, row


def kind_of(word):
    return word.lower().replace(" ", "").replace("-", "")


def main(path):
    faults = []
    pack = zipfile.ZipFile(path)
    manifest = json.loads(pack.read("manifest.json"))
    for entry in manifest["entries"]:
        data = pack.read(entry["name"])
        if hashlib.sha256(data).hexdigest() != entry["sha256"] or len(data) != entry["bytes"]:
            faults.append("manifest: " + entry["name"])
        if entry["name"].startswith("raw/") and entry["name"][4:] != hashlib.sha256(data).hexdigest():
            faults.append("name: " + entry["name"])
    statement = json.loads(pack.read("statement.json"))
    start, end = (datetime.fromisoformat(statement["period"][k]) for k in ("from", "until"))
    sums = defaultdict(lambda: defaultdict(Decimal))
    for document in manifest["documents"]:
        if document["kind"] != "amazon_pay_settlement":
            continue
        text = pack.read("raw/" + document["sha256"]).decode("utf-8-sig")
        for seller, row in rows(text):
            posted = datetime.strptime(row["TransactionPostedDate"], "%Y-%m-%dT%H:%M:%S %z")
            if not start <= posted < end or kind_of(row["TransactionType"]) in INSIDE:
                continue
            key = (seller, row["CurrencyCode"], kind_of(row["TransactionType"]))
            sums[key]["count"] += 1
            for name, column in AMOUNTS.items():
                sums[key][name] += Decimal(row[column])
    stated = 0
    known = {"atozclaim": "a_to_z_claim"}
    words = {"capture", "refund", "authorization", "chargeback", "dispute", "adjustment", "debt", "transfer"}
    found = defaultdict(lambda: defaultdict(Decimal))
    for (seller, currency, word), values in sums.items():
        kind = word if word in words else ("a_to_z_claim" if word.startswith("atoz") else known.get(word, "unknown"))
        for name, value in values.items():
            found[(seller, currency, kind)][name] += value
    for account in statement["accounts"]:
        for movement in account["movements"]:
            mine = found.pop((account["account"], account["currency"], movement["kind"]), {})
            for name in ["count", *AMOUNTS]:
                stated += 1
                if Decimal(str(movement[name])) != mine.get(name, Decimal(0)):
                    faults.append(f"{account['account']} {movement['kind']} {name}: {movement[name]} != {mine.get(name)}")
    faults += [f"not in the statement: {key}" for key in found]
    print(json.dumps({"entries": len(manifest["entries"]), "figures": stated, "faults": faults}))
    return 1 if faults else 0


sys.exit(main(sys.argv[1]))
