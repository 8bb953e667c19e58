"""Writes signature.json: a certificate and signatures as Amazon's notification service makes them, by another
implementation (the package `cryptography`). The key is made anew on each run and thrown away."""
import base64
import datetime
import json
import pathlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.example.com")])
start = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
certificate = (
    x509.CertificateBuilder()
    .subject_name(name)
    .issuer_name(name)
    .public_key(key.public_key())
    .serial_number(x509.random_serial_number())
    .not_valid_before(start)
    .not_valid_after(start + datetime.timedelta(days=3650))
    .sign(key, hashes.SHA256())
)


def signed(text, algorithm):
    return base64.b64encode(key.sign(text.encode(), padding.PKCS1v15(), algorithm)).decode()


def envelope(message, version, algorithm):
    parts = {
        "Message": json.dumps(message),
        "MessageId": "23dec76c-00fd-4221-ab81-ee82bfa115c8",
        "Timestamp": "2026-08-20T09:00:00.000Z",
        "TopicArn": "arn:aws:sns:eu-west-1:000000000000:A1EXAMPLE",
        "Type": "Notification",
    }
    text = "".join(f"{name}\n{parts[name]}\n" for name in sorted(parts))
    return {
        **parts,
        "SignatureVersion": version,
        "Signature": signed(text, algorithm),
        "SigningCertURL": "https://sns.example.com/certificate.pem",
    }


text = "Message\nany, 59.80 EUR\nMessageId\n1\nTimestamp\n2026-08-20T09:00:00.000Z\nTopicArn\nt\nType\nNotification\n"
message = {
    "MerchantID": "A1EXAMPLE",
    "ObjectType": "CHARGEBACK",
    "ObjectId": "P02-1234567-0000001-B000001",
    "ChargePermissionId": "P02-1234567-0000001",
    "NotificationType": "STATE_CHANGE",
    "NotificationId": "9b4155a0-0000-4000-8000-000000000001",
    "NotificationVersion": "V2",
}
vector = {
    "certificate": certificate.public_bytes(serialization.Encoding.PEM).decode(),
    "text": text,
    "signature_1": signed(text, hashes.SHA1()),
    "signature_2": signed(text, hashes.SHA256()),
    "notification_1": envelope(message, "1", hashes.SHA1()),
    "notification_2": envelope(message, "2", hashes.SHA256()),
}
path = pathlib.Path(__file__).with_name("signature.json")
path.write_text(json.dumps(vector, indent=1) + "\n")
