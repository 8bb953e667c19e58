#!/usr/bin/env python3
"""Makes signing.json: signatures by Python's hmac and by the package cryptography, independent of the Rust code.

    python3 -m pip install cryptography
    python3 tests/vectors/make_signing.py > tests/vectors/signing.json

The keys are made anew each time and are worth nothing.
"""
import base64
import hashlib
import hmac
import json
from urllib.parse import quote

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa


def encode(text):
    return quote(text.encode("utf-8"), safe="-_.~")


def mws(name, host, method, path, secret, params):
    query = "&".join(f"{encode(k)}={encode(params[k])}" for k in sorted(params, key=lambda k: k.encode("utf-8")))
    text = "\n".join([method, host.lower(), path, query])
    signature = base64.b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()).decode()
    return {"name": name, "host": host, "method": method, "path": path, "secret_key": secret, "params": params,
            "canonical_query": query, "string_to_sign": text, "signature": signature}


BASE = {"AWSAccessKeyId": "AKIAINVENTED", "SellerId": "A1INVENTED", "SignatureMethod": "HmacSHA256",
        "SignatureVersion": "2", "Timestamp": "2026-11-23T22:15:30Z", "Version": "2009-01-01"}


def vectors():
    types = {f"ReportTypeList.Type.{n}": f"_TYPE_{n}_" for n in range(1, 13)}
    yield mws("list-of-twelve-types", "mws-eu.amazonservices.com", "POST", "/Reports/2009-01-01", "secret+/=",
              {**BASE, "Action": "GetReportList", "MaxCount": "100", **types})
    yield mws("token-with-plus-slash-equals", "mws.amazonservices.com", "POST", "/Reports/2009-01-01", "s",
              {**BASE, "Action": "GetReportListByNextToken", "NextToken": "A+b/c== ~é*'()!"})
    yield mws("port-and-capitals", "LocalHost:8443", "GET", "/", "s",
              {**BASE, "Action": "GetReportCount", "Empty": ""})


key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
private = lambda form: key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def pss(message, salt):
    signature = key.sign(message.encode(), padding.PSS(padding.MGF1(hashes.SHA256()), salt), hashes.SHA256())
    return {"message": message, "salt": salt, "signature": base64.b64encode(signature).decode()}


print(json.dumps({
    "title": "Signatures made by Python's hmac and by the package cryptography",
    "mws": list(vectors()),
    "private_key_pkcs8": private(serialization.PrivateFormat.PKCS8),
    "private_key_pkcs1": private(serialization.PrivateFormat.TraditionalOpenSSL),
    "public_key_pem": key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode(),
    "pss": [pss("AMZN-PAY-RSASSA-PSS-V2\nabc", 32), pss("AMZN-PAY-RSASSA-PSS\nabc", 20)],
}, indent=1))
