"""Writes pay_signatures.json: requests to the Amazon Pay API v2, signed with Python's `cryptography`.

Each request is signed under both algorithm names with both salt lengths. A name means one salt length, so two
of the four must be refused. The key pair is made for these vectors; the private key is thrown away.
"""

import base64
import hashlib
import json
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

KEY_ID = "LIVE-VECTORSVECTORSVECTORSVE"
NAMES = {"AMZN-PAY-RSASSA-PSS": 20, "AMZN-PAY-RSASSA-PSS-V2": 32}
HEADERS = {
    "accept": "application/json",
    "content-type": "application/json",
    "x-amz-pay-date": "20261123T221530Z",
    "x-amz-pay-host": "pay-api.amazon.eu",
    "x-amz-pay-region": "eu",
}
REQUESTS = [
    ("GET", "/v2/reports", "createdSince=20260825T000000Z&pageSize=100&processingStatuses=COMPLETED", ""),
    ("GET", "/v2/reports", "", ""),
    (
        "POST",
        "/v2/reports",
        "",
        '{"reportType":"_GET_FLAT_FILE_OFFAMAZONPAYMENTS_REFUND_DATA_","startTime":"20261001T000000Z",'
        '"endTime":"20261031T235959Z"}',
    ),
]


def main():
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    vectors = []
    for method, path, query, body in REQUESTS:
        lines = "".join(f"{name}:{value}\n" for name, value in sorted(HEADERS.items()))
        names = ";".join(sorted(HEADERS))
        canonical = "\n".join([method, path, query, lines, names, hashlib.sha256(body.encode()).hexdigest()])
        for algorithm, right in NAMES.items():
            string_to_sign = f"{algorithm}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
            for salt in (20, 32):
                pss = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=salt)
                signature = base64.b64encode(key.sign(string_to_sign.encode(), pss, hashes.SHA256())).decode()
                vectors.append(
                    {
                        "method": method,
                        "target": path + ("?" + query if query else ""),
                        "body": body,
                        "canonical": canonical,
                        "string_to_sign": string_to_sign,
                        "authorization": f"{algorithm} PublicKeyId={KEY_ID}, SignedHeaders={names}, Signature={signature}",
                        "salt": salt,
                        "verifies": salt == right,
                    }
                )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    document = {"public_key_id": KEY_ID, "public_key_pem": public.decode(), "headers": HEADERS, "vectors": vectors}
    Path(__file__).with_name("pay_signatures.json").write_text(json.dumps(document, indent=1) + "\n")


main()
