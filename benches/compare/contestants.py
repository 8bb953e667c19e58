"""The other side of each comparison, one whole process each. Money is decimal everywhere.

    contestants.py NAME ARGUMENTS...

Prints the sums as JSON: rows of settlement, type, currency, month, count and the five amounts. Each does
the least that gives these sums: the month is cut from the printed date, unused columns are not read.
"""

import json
import sys

THREADS = 2
# Byte order mark, five lines of preamble, header: the layout that `settle-rehearsal generate-large` writes.
LINES_BEFORE_ROWS = 6
TEXTS = [
    "TransactionPostedDate", "SettlementId", "AmazonTransactionId", "SellerReferenceId", "TransactionType",
    "AmazonOrderReferenceId", "SellerOrderId", "StoreName", "CurrencyCode", "TransactionDescription",
]
AMOUNTS = [
    "TransactionAmount", "TransactionPercentageFee", "TransactionFixedFee", "TotalTransactionFee",
    "NetTransactionAmount",
]
# The columns of settle's Parquet files, in the order of TEXTS and AMOUNTS.
PARQUET_TEXTS = [
    "posted_utc", "settlement_id", "transaction_id", "seller_reference_id", "type", "order_reference_id",
    "seller_order_id", "store_name", "currency", "description",
]
PARQUET_AMOUNTS = ["amount", "percentage_fee", "fixed_fee", "fee", "net"]


def show(rows):
    print(json.dumps([[str(cell) for cell in row] for row in rows]))


def duckdb_connection():
    import duckdb

    return duckdb.connect(config={"threads": THREADS})


def quoted(text):
    return "'" + str(text).replace("'", "''") + "'"


def duckdb_rows(path, posted):
    """A table function over the CSV file: every type given, nothing sniffed."""
    types = {name: "VARCHAR" for name in TEXTS} | {name: "DECIMAL(18,2)" for name in AMOUNTS}
    types["TransactionPostedDate"] = posted
    columns = ", ".join(f"{quoted(name)}: {quoted(kind)}" for name, kind in types.items())
    return (
        f"read_csv({quoted(path)}, columns = {{{columns}}}, auto_detect = false, all_varchar = false, "
        f"header = false, skip = {LINES_BEFORE_ROWS}, delim = ',', quote = '\"', escape = '\"', new_line = '\\r\\n')"
    )


def duckdb_csv(path):
    sums = ", ".join(f"sum({name})" for name in AMOUNTS)
    show(duckdb_connection().execute(
        f"SELECT SettlementId, TransactionType, CurrencyCode, left(TransactionPostedDate, 7), count(*), {sums} "
        f"FROM {duckdb_rows(path, 'VARCHAR')} GROUP BY ALL"
    ).fetchall())


def duckdb_copy(path, out):
    names = zip(TEXTS + AMOUNTS, PARQUET_TEXTS + PARQUET_AMOUNTS)
    columns = ", ".join(f"{name} AS {ours}" for name, ours in names)
    duckdb_connection().execute(
        f"COPY (SELECT {columns} FROM {duckdb_rows(path, 'TIMESTAMPTZ')}) "
        f"TO {quoted(out)} (FORMAT parquet, COMPRESSION zstd)"
    )


def duckdb_parquet(files, month, begin, end):
    """Parquet rows posted in [begin, end), instants in UTC; the filter stands for the month."""
    sums = ", ".join(f"sum({name})" for name in PARQUET_AMOUNTS)
    connection = duckdb_connection()
    connection.execute("SET TimeZone = 'UTC'")
    show(connection.execute(
        f"SELECT settlement_id, type, currency, {quoted(month)}, count(*), {sums} "
        f"FROM read_parquet({quoted(files)}, hive_partitioning = true, hive_types_autocast = false) "
        f"WHERE posted_utc >= TIMESTAMP {quoted(begin)} AND posted_utc < TIMESTAMP {quoted(end)} GROUP BY ALL"
    ).fetchall())


def duckdb_join(path, orders):
    """Captures against orders by charge permission: states, counts and sums, as settle names them."""
    show(duckdb_connection().execute(
        f"WITH taken AS (SELECT AmazonOrderReferenceId AS id, sum(TransactionAmount) AS captured "
        f"FROM {duckdb_rows(path, 'VARCHAR')} WHERE TransactionType = 'Capture' GROUP BY ALL), "
        f"ordered AS (SELECT transaction_id AS id, order_total AS total FROM read_csv({quoted(orders)}, "
        f"columns = {{'order_number': 'VARCHAR', 'order_date': 'VARCHAR', 'status': 'VARCHAR', "
        f"'order_total': 'DECIMAL(18,2)', 'order_currency': 'VARCHAR', 'payment_method': 'VARCHAR', "
        f"'transaction_id': 'VARCHAR'}}, auto_detect = false, header = true, delim = ',', quote = '\"', "
        f"escape = '\"', new_line = '\\r\\n')) "
        f"SELECT CASE WHEN ordered.id IS NULL THEN 'orphan_capture' WHEN taken.id IS NULL THEN 'not_settled' "
        f"WHEN captured <> total THEN 'amount_differs' ELSE 'matched' END AS state, count(*), "
        f"coalesce(sum(captured), 0), coalesce(sum(total), 0) "
        f"FROM taken FULL OUTER JOIN ordered ON taken.id = ordered.id GROUP BY ALL"
    ).fetchall())


def polars_csv(path):
    """POLARS_MAX_THREADS is set by the caller."""
    import polars as pl

    schema = {name: pl.String for name in TEXTS} | {name: pl.Decimal(18, 2) for name in AMOUNTS}
    rows = pl.scan_csv(path, has_header=False, skip_lines=LINES_BEFORE_ROWS, schema=schema, infer_schema=False)
    month = pl.col("TransactionPostedDate").str.slice(0, 7).alias("month")
    sums = rows.group_by("SettlementId", "TransactionType", "CurrencyCode", month).agg(
        pl.len(), pl.col(AMOUNTS).sum()
    )
    show(sums.collect(engine="streaming").rows())


def pandas_csv(path):
    """Amounts through `map(Decimal)` on object columns: of three ways tried, the fastest."""
    from decimal import Decimal

    import pandas

    keys = ["SettlementId", "TransactionType", "CurrencyCode", "month"]
    frame = pandas.read_csv(
        path, header=None, skiprows=LINES_BEFORE_ROWS, names=TEXTS + AMOUNTS, index_col=False, dtype=object,
        usecols=["TransactionPostedDate", *keys[:3], *AMOUNTS],
    )
    for name in AMOUNTS:
        frame[name] = frame[name].map(Decimal)
    frame["month"] = frame["TransactionPostedDate"].str[:7]
    groups = frame.groupby(keys)
    counts = groups.size()
    show([*key, counts[key], *row] for key, row in zip(counts.index, groups[AMOUNTS].sum().to_numpy()))


if __name__ == "__main__":
    _, name, *arguments = sys.argv
    globals()[name](*arguments)
