"""Makes the first corpus: from what `settle-rehearsal` invents, from the crate's own samples, and from small dialect
samples written here. Usage: seeds.py REHEARSAL SETTLE TARGET_FOLDER (the two programs, and where one folder a target
goes). Nothing of a real merchant and nothing of a public sample goes in."""

import csv
import gzip
import hashlib
import io
import pathlib
import re
import subprocess
import sys
import tempfile
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
REHEARSAL, SETTLE, OUT = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
LENGTHS = dict(re.findall(r'name: "(\w+)", length_max: (\d+(?: << \d+)?)', (HERE / "properties/mod.rs").read_text()))


def length_max(target):
    base, _, shift = LENGTHS[target].partition(" << ")
    return int(base) << int(shift or 0)


def add(target, data):
    if isinstance(data, str):
        data = data.encode()
    if not data or len(data) > length_max(target):
        return
    folder = OUT / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / hashlib.sha1(data).hexdigest()[:16]).write_bytes(data)


def cut_lines(data, most):
    """The first lines of a file, as many as fit."""
    kept, length = [], 0
    for line in data.splitlines(keepends=True):
        if length + len(line) > most:
            break
        kept.append(line)
        length += len(line)
    return b"".join(kept)


def document_target(name, data):
    head = data[:3000]
    if name.startswith(("notification", "chargeback")):
        return "notification"
    if name.startswith("disbursements"):
        return "disbursements"
    if name.startswith("dispute"):
        return "dispute"
    if name.startswith(("refund", "capture", "authorization", "order-ref", "billing")):
        return "transactions"
    if data[:2] in (b"PK", b"\x1f\x8b"):
        return "packed"
    return "settlement" if b"SettlementId" in head or name.endswith((".csv", ".txt")) else None


# The invented merchant, once for each kind of shop software.
with tempfile.TemporaryDirectory() as made:
    made = pathlib.Path(made)
    for shop in ["woo", "magento", "shopify", "shopware", "generic"]:
        command = [REHEARSAL, "generate", "--out", made / shop, "--orders-per-day", "1", "--months", "1", "--orders", shop,
                   "--order-faults", "1", "--bank", "--disputes", "--anomaly", "unknown-type"]
        for country in ["DE", "FR", "SE", "ES", "GB"]:
            command += ["--country", country]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        for path in (made / shop / "orders").glob("*.csv"):
            add("orders", cut_lines(path.read_bytes(), 2500))
    woo = made / "woo"
    for path in sorted(woo.glob("shop-*/*"))[:400]:
        target = document_target(path.name, path.read_bytes())
        data = path.read_bytes() if path.suffix == ".json" else cut_lines(path.read_bytes(), 3000)
        if target == "settlement" and not path.name.endswith(("-01.csv", "-09.csv", "-17.csv")):
            continue
        if target == "disbursements":
            start, rest = data.split(b"}", 1)
            add(target, start + b"}]}")
        add(target, data)
    for name, target in [("sta", "mt940"), ("n43", "aeb43"), ("cfo", "cfonb"), ("ofx", "ofx"), ("xml", "camt")]:
        for path in (woo / "bank").glob("*." + name):
            add(target, path.read_bytes())
            if target in ("mt940", "aeb43", "cfonb"):
                add(target, cut_lines(path.read_bytes(), 1500))
    fec = made / "fec.txt"
    subprocess.run([SETTLE, "export", "--month", "2026-08", "--preset", "fec", "--from", woo / "shop-fr", "-o", fec],
                   check=False, capture_output=True)
    add("fec", cut_lines(fec.read_bytes(), 3000))
    add("fec", cut_lines(fec.read_bytes(), 900).replace(b"\t", b"|"))
    settlement = (woo / "shop-de/settlement-2026-08-01.csv").read_bytes()

# The crate's own samples and the inputs of its tests.
for path in list((ROOT / "sample_reports/damaged").iterdir()) + list((ROOT / "tests").glob("golden/*/input/*")) \
        + list((ROOT / "tests/disputes/input").iterdir()):
    if path.suffix == ".expected":
        continue
    data = path.read_bytes()
    target = document_target(path.name, data) if data else None
    if target:
        add(target, data)
    if target == "settlement":
        add(target, cut_lines(data, 1500))

# Charsets and containers.
text = settlement.decode("utf-8-sig")
add("settlement", text.encode("utf-16"))
add("settlement", b"\xef\xbb\xbf" + settlement)
add("settlement", text.replace("Amazon", "Am\u00e4zon").encode("cp1252"))
add("settlement", text.replace('"', ""))
add("packed", gzip.compress(settlement, mtime=0))
add("packed", gzip.compress(b"a,b\n1,2\n", mtime=0) + gzip.compress(b"3,4\n", mtime=0))
for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", method) as archive:
        for name in ["a.csv", "folder/b.csv", ".hidden", "__MACOSX/x"]:
            archive.writestr(zipfile.ZipInfo(name), settlement[:300])
    add("packed", data.getvalue())

# MT940: the dialects of several banks.
for lines in [
    ":20:STARTUMSE\r\n:25:10020030/1234567\r\n:28C:00005/001\r\n:60F:C260901EUR1000,00\r\n:61:2609100910CR47,49NTRFNONREF"
    "//X\r\n:86:166?00GUTSCHR?109251?20EREF+AMZN59848622?21KREF+K1?22SVWZ+Auszahlung?31DE89370400440532013000?32Amazon "
    "Pay?33ments\r\n:62F:C260910EUR1047,49\r\n-",
    "ABNANL2A\n940\nABNANL2A\n:20:ABN AMRO BANK NV\n:25:517852257\n:28:19321/1\n:60F:C110522EUR3236,28\n:61:1105240524D9,N192"
    "NONREF\n:86:GIRO   428428 KPN BV\nBETALINGSKENM. 1\n:61:1105250525C11,59N426NONREF\n:86:/TRTP/SEPA OVERBOEKING/IBAN/"
    "NL91ABNA0417164300/NAME/Amazon/REMI/5984862222/EREF/E1\n:62F:C110525EUR3238,87\n-",
    "{1:F01BANKFRPPAXXX0000000000}{2:I940BANKFRPPXXXXN}{4:\n:20:1\n:25:FR76\n:28C:1/1\n:60M:D260901EUR5,\n:61:260902RD1,NMSC"
    "REF//B\nsupplement\n:62M:D260902EUR4,\n-}",
    ":20:A\n:25:X\n:28C:7/1\n:60F:C260901EUR10,\n:61:260902C1,NTRF\n:62M:C260902EUR11,\n-\n:20:B\n:25:X\n:28C:7/2\n"
    ":60M:C260902EUR11,\n:61:260903C2,NTRF\n:62F:C260903EUR13,\n-\n:20:C\n:25:X\n:60F:C260903EUR13,\n:62F:C260904EUR13,\n",
    ":20:N\n:25:PL1\n:28C:1\n:NS:22owner\n:60F:C260201PLN1,00\n:61:2602300301DR6,00N024NONREF\n:86:020~00BANK~20text~32name\n"
    ":62F:D260301PLN5,00\n:64:D260301PLN5,00\n",
    ":20:I\n:25:1\n:28C:1\n:34F:EUR0,\n:13D:2609101200+0200\n:61:1811261126CR\n30,00N062NONREF\n:90D:0EUR0,\n:90C:1EUR30,\n",
]:
    add("mt940", lines)

# CAMT: old and new, plain and with details.
CAMT = """<?xml version="1.0"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.05%s"><BkToCstmr%s><GrpHdr><CreDtTm>2026-09-11T01:00:00</CreDtTm></GrpHdr>
<%s><Id>7</Id><ElctrncSeqNb>3</ElctrncSeqNb><FrToDt><FrDtTm>2026-09-10T00:00:00</FrDtTm><ToDtTm>2026-09-10T23:59:59</ToDtTm></FrToDt>
<Acct><Id><IBAN>FR7610278</IBAN></Id><Ccy>EUR</Ccy></Acct>
<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">1000.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-09-10</Dt></Dt></Bal>
<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">1047.49</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-09-10</Dt></Dt></Bal>
<Ntry><NtryRef>1</NtryRef><Amt Ccy="EUR">47.490</Amt><CdtDbtInd>CRDT</CdtDbtInd><RvslInd>false</RvslInd>%s<BookgDt><DtTm>2026-09-10T08:00:00+02:00</DtTm></BookgDt>
<ValDt><Dt>2026-09-10</Dt></ValDt><AcctSvcrRef>B1</AcctSvcrRef><BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd>
<NtryDtls><TxDtls><Refs><EndToEndId>E1</EndToEndId><TxId>T1</TxId></Refs><RltdPties><Dbtr>%s</Dbtr><DbtrAcct><Id><IBAN>DE1</IBAN></Id></DbtrAcct></RltdPties>
<RmtInf><Ustrd>one</Ustrd><Ustrd>two &amp; three</Ustrd><Strd><CdtrRefInf><Ref>RF1</Ref></CdtrRefInf></Strd></RmtInf><RtrInf><Rsn><Cd>AC01</Cd></Rsn></RtrInf></TxDtls>
</NtryDtls><AddtlNtryInf><![CDATA[more]]></AddtlNtryInf></Ntry></%s></BkToCstmr%s></Document>"""
for version, name, element, status, party in [
    ("3.001.02", "Stmt", "Stmt", "<Sts>BOOK</Sts>", "<Nm>Amazon</Nm>"),
    ("3.001.08", "Stmt", "Stmt", "<Sts><Cd>BOOK</Cd></Sts>", "<Pty><Nm>Amazon</Nm></Pty>"),
    ("2.001.06", "AcctRpt", "Rpt", "<Sts>PDNG</Sts>", "<Nm>Amazon</Nm>"),
    ("4.001.02", "DbtCdtNtfctn", "Ntfctn", "<Sts>INFO</Sts>", ""),
]:
    add("camt", CAMT % (version, name, element, status, party, element, name))

# OFX: SGML and XML.
OFX = ("<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>EUR\n<BANKACCTFROM><BANKID>30003<BRANCHID>00001<ACCTID>00012345678"
       "</BANKACCTFROM>\n<BANKTRANLIST><DTSTART>20260901<DTEND>20260930\n<STMTTRN><TRNTYPE>CREDIT<DTPOSTED>20260910120000[-8:PST]"
       "<TRNAMT>+47,49<FITID>X1\n<NAME>AMAZON PAYMENTS EUROPE<MEMO>AMZN5984862222 &amp; more\n</STMTTRN>\n<STMTTRN><TRNTYPE>DEBIT"
       "<DTPOSTED>20260911<TRNAMT>-.5<FITID>X2<NAME>A<CHECKNUM>9</STMTTRN></BANKTRANLIST>\n<LEDGERBAL><BALAMT>1045,99<DTASOF>20260930"
       "</LEDGERBAL></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>\n")
add("ofx", "OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\nENCODING:USASCII\nCHARSET:1252\n\n" + OFX)
add("ofx", "<?xml version=\"1.0\"?>\n<?OFX OFXHEADER=\"200\" VERSION=\"211\"?>\n" + re.sub(r"<(\w+)>([^<\n]+)", r"<\1>\2</\1>", OFX))
add("ofx", ("OFXHEADER:100\nCHARSET:1252\n" + OFX.replace("AMAZON", "\u00c9MAZON").replace("STMTRS", "CCSTMTRS")).encode("cp1252"))

# CSV of banks: every preset, with one row of each sign.
PRESETS = (ROOT / "src/reconcile/bank/csv_presets.rs").read_text()
for body in re.findall(r"Preset \{\n\s+name: (.*?)\n    \}", PRESETS, re.S):
    field = dict(re.findall(r'(\w+): "([^"]*)"', body))
    text = re.search(r"text: &\[(.*?)\]", body)
    marks = re.search(r'debit_credit: \("([^"]*)", "([^"]*)"\)', body)
    columns = {field.get("date"): ("10.09.2026", "11.09.2026"), field.get("value_date"): ("10.09.2026", "11.09.2026"),
               field.get("amount"): ("1.047,49", "-1,50"), field.get("debit"): ("", "1,50"), field.get("credit"): ("1.047,49", ""),
               field.get("counterparty"): ("Amazon", "Shop"), field.get("reference"): ("R1", "R2"),
               field.get("account"): ("DE1", "DE1"), field.get("balance"): ("1.050,00", "1.048,50"),
               field.get("counterparty_account"): ("LU1", "LU2")}
    for name in re.findall(r'"([^"]*)"', text.group(1)) if text else []:
        columns[name] = ("AMZN5984862222", "text; with")
    if marks:
        columns[marks.group(1)] = ("x", marks.group(2))
    if field.get("currency", "EUR") != "EUR":
        columns[field["currency"]] = ("EUR", "EUR")
    columns = {name: cells for name, cells in columns.items() if name}
    for separator in ";,":
        rows = io.StringIO()
        writer = csv.writer(rows, delimiter=separator)
        writer.writerow(columns)
        writer.writerow(cells[0] for cells in columns.values())
        writer.writerow(cells[1] for cells in columns.values())
        add("bank_csv", rows.getvalue())
        add("bank_csv", rows.getvalue().encode("cp1252", "replace"))
add("bank_csv", "Date,Amount,Currency,Description,Balance\n2026-09-10,1.00,EUR,x,11.00\n2026-09-11,2.00,EUR,x,13.00\n")

# AEB43 and CFONB 120 in small.
add("aeb43", "110049150012345678902609082609102000000001000009783MI EMPRESA SL                \n22    1500260910260910020322000"
    "000000047490000000000000000000000      5984862222\n2301AMAZON PAYMENTS EUROPE SCA".ljust(0) +
    "                                                  \n3300491500123456789000000000000000000000000100000000004749200000000104749978"
    "    \n88999999999999999999000004                                                      \n")
CFONB = ["0110278    02204EUR2 00012345603  080926" + " " * 50 + "0000000010000{" + " " * 16,
         "0410278    02204EUR2 0001234560305100926  100926VIR AMAZON PAYMENTS EUROPE SCA   0000000000000000000474I" + " " * 16,
         "0510278    02204EUR2 0001234560305100926     NPYAMAZON PAYMENTS EUROPE S.C.A.".ljust(120),
         "0710278    02204EUR2 00012345603  100926" + " " * 50 + "0000000010474I" + " " * 16]
add("cfonb", "\n".join(CFONB))
add("cfonb", "".join(CFONB))

# Answers of MWS.
ITEM = ("<ReportInfo><ReportType>_T_</ReportType><Acknowledged>true</Acknowledged><ReportId>10000000000017648</ReportId>"
        "<AvailableDate>2026-11-20T04:00:00+00:00</AvailableDate></ReportInfo>")
REQUEST = ("<ReportRequestInfo><ReportRequestId>1</ReportRequestId><ReportProcessingStatus>_DONE_</ReportProcessingStatus>"
           "<GeneratedReportId>9</GeneratedReportId><StartDate>2026-11-18T00:00:00+00:00</StartDate></ReportRequestInfo>")
for body in [
    f"<?xml version=\"1.0\"?>\n<GetReportListResponse xmlns=\"http://mws.amazonaws.com/doc/2009-01-01/\"><GetReportListResult>"
    f"<HasNext>true</HasNext><NextToken>A+b/c==</NextToken>{ITEM}</GetReportListResult></GetReportListResponse>",
    f"<R><GetReportRequestListResult><HasNext>false</HasNext>{REQUEST}</GetReportRequestListResult></R>",
    f"<R><RequestReportResult>{REQUEST}</RequestReportResult></R>",
    "<ErrorResponse xmlns=\"x\"><Error><Type>Sender</Type><Code>QuotaExceeded</Code><Message>You exceeded your quota of 60.0 "
    "requests per 1 hour.  Your quota will reset on Thu Nov 26 10:00:00 UTC 2026</Message><Detail/></Error><RequestID>1</RequestID>"
    "</ErrorResponse>",
    "<a:R xmlns:a=\"urn:x\"><a:B> 1&amp;2&#x41; </a:B><C/><B><![CDATA[<3>]]></B><!-- c --></a:R>",
    "<!doctype html><html><body>Sorry</body></html>",
]:
    add("mws_answer", body)

# Answers of the Pay API.
for body in [
    '{"reports":[{"createdTime":"20261120T031207Z","endTime":"20261120T030000Z","processingStatus":"COMPLETED","reportDocumentId":'
    '"amzn1.x","reportId":"1","reportType":"_T_","startTime":"20261119T030000Z"}],"nextToken":"t"}',
    '{"reportId":59007019641,"processingStatus":"IN_PROGRESS"}',
    '{"reportDocumentId":"x","compressionAlgorithm":"GZIP","url":"https://user@host.example:443/path?query"}',
    '{"disbursements":[{"a":1},{}],"nextToken":""}',
    '{"reportSchedules":[{"reportScheduleId":"1","reportType":"_T_","scheduleFrequency":"P1D","nextReportCreationTime":"x"}]}',
    '{"reasonCode":"InvalidRequestSignature","message":"Unable to verify signature, signing String [AMZN-PAY-RSASSA-PSS-V2\\n'
    + "a0" * 32 + '] , signature [aGVsbG8=]"}',
]:
    add("pay_answer", body)

# Certificates: a public key, and two certificates made for this where openssl is there.
add("certificate", (HERE / "public-key.pem").read_bytes())
for kind in (["rsa:2048"], ["rsa:1024", "-days", "1"]):
    made = subprocess.run(["openssl", "req", "-x509", "-nodes", "-keyout", "/dev/null", "-subj", "/CN=sns.example.com", "-newkey"]
                          + kind, capture_output=True, check=False)
    add("certificate", made.stdout)

# Configurations.
README = (ROOT / "README.md").read_text()
for block in re.findall(r"```toml\n(.*?)```", README, re.S):
    add("config", block)
    add("config", re.sub(r"^# ", "", block, flags=re.M))
SECTIONS = {"Reporting": "reporting", "Account": "accounts.a", "Schedule": "schedule", "Fetch": "fetch", "Notify": "notify",
            "Run": "run", "Disputes": "disputes", "Export": "export", "AccountsMap": "accounts_map", "Bank": "bank",
            "Orders": "orders.o", "Tariff": "tariff.t"}
VALUES = {"Zone": '"Europe/Paris"', "Country": '"FR"', "Duration": '"10m"', "Span": '"90d"', "Balance": '"12.34"', "Cron": '"30 4 * * *"',
          "Window": '"11d"', "Percent": '"20"', "YearStart": '"07-01"', "Texts": '["a","b"]', "Count": "3", "Days": '["2026-12-24"]',
          "Currency": '"EUR"', "LedgerAccount": '"517000 Amazon"', "Digits": '"123456789"', "Url": '"https://a.example/x"', "Id": '"A1X"'}
KEYS = re.findall(r"key\((\w+), \"(\w+)\", (\w+)(?:\(([^)]*)\))?, (None|Some\(\"([^\"]*)\"\))", (ROOT / "src/config/keys.rs").read_text())
whole = 'pii = "drop"\n'
for section, header in SECTIONS.items():
    lines = [f"{key} = " + (f'"{default}"' if default and kind != "Count" else default or VALUES.get(kind, '"x"'))
             for part, key, kind, _, _, default in KEYS if part == section and kind != "Choice" and kind != "Choices"]
    account = '[accounts.a]\ncountry = "FR"\nmerchant_id = "A1SETTLEFR001"\n'
    add("config", f"[{header}]\n" + "\n".join(lines) + ("" if section == "Account" else "\n" + account))
    for line in lines[:6]:
        whole += f"[{header}]\n{line}\n" if f"[{header}]" not in whole else f"{line}\n"
add("config", whole)
add("config", '[accounts.a]\ncountry="DE"\nmerchant_id="A1"\n[accounts."b.c"]\ncountry="GB"\nmerchant_id="A2"\nsource="pay-api"\n'
    'public_key_id="LIVE-X"\nprivate_key_file="k.pem"\n')
for name in ["orders", "bank"]:
    add("config", f'accounts.a = {{ country = "FR", merchant_id = "A1" }}\n[{name}]\n')

for expression in ["30 4 * * *", "*/15 * * * *", "0 2 L * *", "5 1,13 1-7 JAN-MAR MON", "0 0 29 2 *", "59 23 31 12 0-7", "0 2 * * 7#2", "@daily"]:
    add("timetable", expression)

for cell in ["0", "-0.00", "1.2345", "0.125", "1,000.00", "(1.00)", "\u22121.00", "1e3", "922337203685477.5807", "-922337203685477.5808",
             "+0.01", " 12.30 ", "12.30 EUR", "2026-09-01T12:20:56.061Z", "20260901T122056Z", "2026-09-01T00:00:00+02:00", "2026-09",
             "2026-09-01 00:00:00 UTC", "9999-12-31T23:59:59.999999+14:00", "0001-01-01T00:00:00-12:00", "1.234", "2026-09-01", "26h"]:
    add("cells", cell)
