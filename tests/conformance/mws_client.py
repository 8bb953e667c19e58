"""The Python package `mws`, unmodified, against the MWS face of the rehearsal server.

usage: mws_client.py READY_FILE SAMPLE_FOLDER RESULTS_FILE
"""

import json
import os
import sys
import urllib.request
from datetime import datetime, timedelta, timezone
from pathlib import Path

SETTLEMENTS = "_GET_FLAT_FILE_OFFAMAZONPAYMENTS_SETTLEMENT_DATA_"
SHOP, SELLER = "shop-de", "A1SETTLEDE001"

ready = json.loads(Path(sys.argv[1]).read_text())
sample = Path(sys.argv[2])
results = Path(sys.argv[3])
# The client has no option for it; its HTTP library reads this variable.
os.environ["REQUESTS_CA_BUNDLE"] = ready["ca"]

import mws  # noqa: E402  (after the variable)


def check(name, holds):
    """One assertion: told, counted, and no reason to stop."""
    print(f"{'ok' if holds else 'FAILED'}: mws: {name}")
    with results.open("a") as file:
        file.write("passed\n" if holds else "failed\n")


def control(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{ready['http']}/__control/{path}", data, method=method)
    with urllib.request.urlopen(request) as answer:
        text = answer.read()
    return json.loads(text) if text else None


def access_key():
    settings = (sample / "settle.toml").read_text()
    return settings.split('access_key_id = "')[1].split('"')[0]


def client(secret=None, port=None):
    secret = secret or (sample / "secrets" / f"{SHOP}.mws").read_text()
    return mws.Reports(access_key(), secret, SELLER, domain=f"https://127.0.0.1:{port or ready['https']}")


def error_of(call):
    try:
        call()
    except mws.MWSError as error:
        return str(error)
    return ""


def listed(answer):
    infos = answer.parsed.get("ReportInfo", [])
    return [info["ReportId"] for info in (infos if isinstance(infos, list) else [infos])]


def expected():
    """The settlements whose reports are there now: 20 minutes after their end, for 90 days."""
    key = json.loads((sample / "expected" / "answer-key.json").read_text())
    now = datetime.now(timezone.utc)
    there = {}
    for settlement in key["settlements"]:
        created = datetime.fromisoformat(settlement["end"]) + timedelta(minutes=20)
        if settlement["name"] == SHOP and created <= now < created + timedelta(days=90):
            there[settlement["settlement_id"]] = sample / settlement["file"]
    return there


def main():
    reports = client()
    there = expected()
    since = (datetime.now(timezone.utc) - timedelta(days=90)).strftime("%Y-%m-%dT%H:%M:%S")
    size = -(-len(there) // 3)
    answer = reports.get_report_list(types=[SETTLEMENTS], max_count=size, acknowledged=False, fromdate=since)
    pages = [listed(answer)]
    while answer.parsed["HasNext"] == "true":
        token = answer.parsed["NextToken"]
        answer = reports.get_report_list(next_token=token)
        pages.append(listed(answer))
    ids = [report for page in pages for report in page]
    check("the list comes in three pages", len(pages) == 3)
    check("every report is listed once", len(ids) == len(set(ids)) == len(there))
    check("a next token holds what must be encoded", all(mark in token for mark in "+/="))
    files = {path.read_bytes() for path in there.values()}
    for report in (ids[0], ids[len(ids) // 2], ids[-1]):
        check(f"the bytes of report {report} are those of a file", reports.get_report(report).parsed in files)

    journal = control("GET", "journal")
    first, second = journal[0], journal[1]
    check("the first page is a GET of / with Merchant", first["method"] == "GET" and first["path"] == "/" and "Merchant=" in first["query"])
    post = second["method"] == "POST" and second["body"] == "" and "Action=GetReportListByNextToken" in second["query"]
    check("the next page is a POST with an empty body", post)
    check("every request was in order", all(entry["verdict"] == "ok" for entry in journal))

    wrong = error_of(lambda: client(secret="wrong").get_report_list())
    check("a wrong secret is SignatureDoesNotMatch", "SignatureDoesNotMatch" in wrong)
    control("POST", "faults", [
        {"match": {"face": "mws", "action": "GetReport"}, "fault": "md5-wrong"},
        {"match": {"face": "mws", "action": "GetReportList"}, "fault": "http-503"},
    ])
    torn = error_of(lambda: reports.get_report(ids[0]))
    check("a wrong checksum is noticed", torn == "Wrong Contentlength, maybe amazon error...")
    check("an error of the service shows its code", "ServiceUnavailable" in error_of(lambda: reports.get_report_list()))
    verdict = urllib.request.urlopen(f"http://127.0.0.1:{ready['http']}/__control/verdict").status
    check("every fault was played", verdict == 200)
    check("a file comes whole again", reports.get_report(ids[0]).parsed in files)
    control("DELETE", "faults")
    control("DELETE", "journal")


main()
