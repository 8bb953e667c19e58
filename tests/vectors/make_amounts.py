#!/usr/bin/env python3
"""Writes amounts.json: what Python's decimal says about the amounts that settle must read, add and print.

    python3 tests/vectors/make_amounts.py > tests/vectors/amounts.json

Deterministic. Knows nothing of settle but its rule: an optional sign, ASCII digits, perhaps a dot and
digits; exact in at most eighteen digits of ten-thousandths, or refused.
"""

import json
import random
import re
from decimal import Decimal, localcontext

RANDOM = random.Random(20260901)
NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
BLANKS = " \t\n\r\x0c"
UNITS_MAX = 10**18 - 1  # eighteen digits, as many as a stored money column holds
MINOR_DIGITS = {"EUR": 2, "JPY": 0, "KWD": 3, "HUF": 2}


def units(text):
    """Ten-thousandths as a text, or None where the amount is refused."""
    cell = text.strip(BLANKS)
    if not NUMBER.fullmatch(cell):
        return None
    scaled = Decimal(cell) * 10_000
    whole = scaled.to_integral_value()
    if scaled != whole or abs(whole) > UNITS_MAX:
        return None
    return str(int(whole))


def decimals(text):
    """How many decimals the cell prints."""
    return len(text.strip(BLANKS).partition(".")[2])


def money(ten_thousandths, currency):
    """The shortest exact form that has the minor digits of the currency."""
    value = Decimal(ten_thousandths).scaleb(-4)
    for digits in range(MINOR_DIGITS[currency], 5):
        rounded = round(value, digits)
        if rounded == value:
            return f"{abs(rounded) if rounded == 0 else rounded:f}"
    raise ValueError(ten_thousandths)


def hand_made():
    """The slips of real files, and the edges."""
    yield from ["0", "0.00", "-0", "-0.00", "+0.01", "10.00", "-0.29", "-25.54", "9.41", "1.2", "1.23", "0.125"]
    yield from ["1234567.89", "0.0001", "-0.0001", "0.00010", "1.000000000000", "00012.50", "-00.10", "007"]
    yield from ["0.00001", "1.23456", "-1.00005", "0.000000000000000000001", "1.2300000000000000000000000001"]
    yield from ["99999999999999.9999", "-99999999999999.9999", "100000000000000.0000", "-100000000000000"]
    yield from ["922337203685477.5807", "-922337203685477.5807", "922337203685477.5808", "-922337203685477.5808"]
    yield from ["999999999999999", "1000000000000000", "99999999999999999999999999", "922337203685477.58070"]
    yield from ["", " ", "-", "+", ".", "-.", ".5", "-.5", "5.", "-5.", "--1", "+-1", "-+1", "1-", "1+", "(1.00)"]
    yield from ["1,00", "1.234,56", "1,234.56", "1 234.56", "1\u00a0234.56", "1\u202f234.56", "1'234.56", "1_000"]
    yield from ["1e3", "1E3", "1.0e-2", "0x10", "NaN", "nan", "Infinity", "inf", "-inf", "null", "1.2.3", "1..2"]
    yield from ["12.30 EUR", "€12.30", "$1", "1%", "\u0661\u0662", "\u2212" "1.00", "1\u066b5", "\uff11", "1.\u0665"]
    yield from [" 1.00", "1.00 ", "\t-1.00\r\n", " +2.5 ", "1 .00", "- 1.00", "\u00a01.00", "1.00\u00a0", "\x0b1.00"]
    yield from ["\ufeff1.00", "1.00\x00", "\"1.00\"", "'1.00", "=1.00", "1.00;", "true"]


def invented():
    for _ in range(400):
        digits = RANDOM.randrange(0, 5)
        whole = RANDOM.randrange(0, 10 ** RANDOM.randrange(1, 15))
        tail = f".{RANDOM.randrange(10**digits):0{digits}}" if digits else ""
        yield f"{RANDOM.choice(['', '-', '+'])}{whole}{tail}"
    alphabet = "0123456789..--+, eE'"
    for _ in range(400):
        yield "".join(RANDOM.choice(alphabet) for _ in range(RANDOM.randrange(1, 9)))


def parse_cases():
    for text in dict.fromkeys([*hand_made(), *invented()]):
        exact = units(text)
        yield {"text": text, "units": exact, "decimals": None if exact is None else decimals(text)}


def sum_cases():
    lists = [[UNITS_MAX] * 40, [-UNITS_MAX] * 41, [1, -1] * 50]
    for length in [0, 1, 2, 3, 100, 1_000]:
        size = RANDOM.randrange(4, 19)
        lists.append([RANDOM.randrange(-(10**size), 10**size) for _ in range(length)])
    for parts in lists:
        texts = [f"{Decimal(part).scaleb(-4):f}" for part in parts]
        total = sum((Decimal(text) for text in texts), Decimal(0))
        yield {"texts": texts, "units": str(int(total * 10_000)), "eur": money(int(total * 10_000), "EUR")}


def money_cases():
    edges = [0, 1, -1, 10, 100, -100, 1_000, 1_250, 10_000, -10_000, 12_345, 123_000, 1_200_000, UNITS_MAX, -UNITS_MAX]
    for currency in MINOR_DIGITS:
        for value in edges + [RANDOM.randrange(-(10**12), 10**12) for _ in range(25)]:
            yield {"units": str(value), "currency": currency, "text": money(value, currency)}


def dot_cases():
    """Three decimals after one to three digits, in a currency with fewer: perhaps a thousands dot."""
    for currency, digits in MINOR_DIGITS.items():
        for text in ["1.234", "-1.234", "999.999", "1000.125", "0.125", "-0.005", "1.2345", "1.23", "12.000", "1.2340"]:
            suspicious = decimals(text) == 3 and digits < 3 and 1 <= abs(int(Decimal(text))) < 1_000
            yield {"text": text, "currency": currency, "units": None if suspicious else units(text)}


def main():
    with localcontext() as context:
        context.prec = 60
        cases = {
            "parse": list(parse_cases()),
            "sums": list(sum_cases()),
            "money": list(money_cases()),
            "thousands_dot": list(dot_cases()),
        }
    pieces = []
    for name, entries in cases.items():
        lines = ",\n".join(json.dumps(entry, separators=(",", ":")) for entry in entries)
        pieces.append(f'"{name}":[\n{lines}\n]')
    print("{" + ",\n".join(pieces) + "}")


main()
