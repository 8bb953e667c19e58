#!/usr/bin/env python3
"""Reads a package with dpkg-deb and holds it against what it should be: owners, modes, places, times, contents."""

import os
import subprocess
import sys
import tarfile
from io import BytesIO

FILES = {
    "./usr/bin/settle": 0o755,
    "./usr/lib/systemd/system/settle.service": 0o644,
    "./usr/lib/systemd/system/settle.timer": 0o644,
    "./usr/lib/systemd/system/settle-daemon.service": 0o644,
    "./usr/share/man/man1/settle.1.gz": 0o644,
    "./usr/share/man/man1/settle-report.1.gz": 0o644,
    "./usr/share/bash-completion/completions/settle": 0o644,
    "./usr/share/zsh/vendor-completions/_settle": 0o644,
    "./usr/share/fish/vendor_completions.d/settle.fish": 0o644,
    "./usr/share/doc/settle/THIRD_PARTY_LICENSES.gz": 0o644,
    "./usr/share/doc/settle/copyright": 0o644,
    "./usr/share/doc/settle/changelog.gz": 0o644,
    "./usr/share/doc/settle/examples/settle.toml": 0o644,
}
# The package must not own what is the merchant's, nor bring the double of Amazon's services.
FORBIDDEN = ("./etc", "./var", "./home", "./usr/bin/settle-rehearsal")


def contents(package):
    data = subprocess.run(["dpkg-deb", "--fsys-tarfile", package], check=True, stdout=subprocess.PIPE).stdout
    return tarfile.open(fileobj=BytesIO(data))


def main():
    package = sys.argv[1]
    epoch = int(os.environ["SOURCE_DATE_EPOCH"])
    archive = contents(package)
    members = archive.getmembers()
    for member in members:
        assert (member.uid, member.gid) == (0, 0), f"{member.name} is not root's"
        assert member.mtime == epoch, f"{member.name} has its own time"
        assert not member.mode & 0o6022, f"{member.name}: mode {member.mode:o}"
        assert not member.name.startswith(FORBIDDEN), member.name
    modes = {member.name: member.mode for member in members}
    for name, mode in FILES.items():
        assert modes.get(name) == mode, f"{name}: {modes.get(name)}"
    for member in members:
        if member.name.endswith(".gz"):
            header = archive.extractfile(member).read(8)
            assert header[4:8] == b"\0\0\0\0", f"{member.name} holds the time of its making"
    texts = [member for member in members if member.isfile() and member.name != "./usr/bin/settle"]
    checkout = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))).encode()
    for member in texts:
        assert checkout not in archive.extractfile(member).read(), f"{member.name} names the build folder"
    field = subprocess.run(["dpkg-deb", "-f", package, "Depends"], check=True, stdout=subprocess.PIPE).stdout.decode()
    assert "libc6 (>= 2." in field, field
    print(f"inspected: {len(members)} entries; depends on {field.strip()}")


if __name__ == "__main__":
    main()
