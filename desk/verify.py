#!/usr/bin/env python3
"""Verify a case file without the portal: python3 verify.py [the ZIP, or the folder it was unpacked into]

Needs Python 3.8 or later and nothing else. Says which file was changed, is missing or was added, and whether the
manifest carries the signature of the key in public_key.txt. That the key is the portal's is for you to see: compare
the fingerprint that is printed with the one on the portal's audit page, or give that one with --fingerprint.
This script came with the file. Where somebody may have changed both, run it from another case file, or from the portal.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import zipfile
from pathlib import Path
from typing import Dict, Tuple  # noqa: UP035

MANIFEST, SIGNATURE, KEY = "manifest.json", "manifest.sig", "public_key.txt"

# --- Ed25519, RFC 8032 section 5.1. Points are (X, Y, Z, T) with x = X/Z, y = Y/Z, xy = T/Z.

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
NEUTRAL = (0, 1, 1, 0)
Point = Tuple[int, int, int, int]  # noqa: UP006 - runs on Pythons that are older than ours
Files = Dict[str, bytes]  # noqa: UP006


def add(p: Point, q: Point) -> Point:
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def times(number: int, point: Point) -> Point:
    total = NEUTRAL
    while number:
        if number & 1:
            total = add(total, point)
        point, number = add(point, point), number >> 1
    return total


def point_of(data: bytes) -> Point:
    """Return the point that 32 bytes stand for. Raises ValueError where they stand for none."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if y >= P or (x * x - square) % P or (x == 0 and sign):
        raise ValueError("no point of the curve")
    x = P - x if x & 1 != sign else x
    return (x, y, 1, x * y % P)


BASE = point_of((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


def is_signed(message: bytes, signature: bytes, key: bytes) -> bool:
    """Say whether this is the signature of that key under the message."""
    try:
        a, r = point_of(key), point_of(signature[:32])
    except ValueError:
        return False
    s = int.from_bytes(signature[32:], "little")
    if len(key) != 32 or len(signature) != 64 or s >= ORDER:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % ORDER
    left, right = times(s, BASE), add(r, times(h, a))
    return all((left[i] * right[2] - right[i] * left[2]) % P == 0 for i in (0, 1))


# --- The case file


def read(place: Path) -> Files:
    """Return what each file holds, by its name."""
    if place.is_dir():
        found = (each for each in place.rglob("*") if each.is_file())
        return {each.relative_to(place).as_posix(): each.read_bytes() for each in found}
    with zipfile.ZipFile(place) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def faults_of(files: Files, fingerprint: str = "") -> list[str]:
    """Say what is wrong with a case file, in sentences; nothing where it is as it was made."""
    missing = [name for name in (MANIFEST, SIGNATURE, KEY) if name not in files]
    if missing:
        return [f"{name} is missing." for name in missing]
    key, signature = (_from_hex(files[name]) for name in (KEY, SIGNATURE))
    faults = []
    if fingerprint and hashlib.sha256(key).hexdigest() != fingerprint.lower():
        faults.append(f"{KEY} holds another key than the portal's.")
    if not is_signed(files[MANIFEST], signature, key):
        return [*faults, f"{MANIFEST} was changed: the signature is not its own."]
    listed = json.loads(files[MANIFEST])["files"]
    for name, said in sorted(listed.items()):
        if name not in files:
            faults.append(f"{name} is missing.")
        elif hashlib.sha256(files[name]).hexdigest() != said["sha256"]:
            faults.append(f"{name} was changed.")
    return faults + [f"{name} was added." for name in sorted(set(files) - set(listed) - {MANIFEST, SIGNATURE, KEY})]


def _from_hex(text: bytes) -> bytes:
    try:
        return bytes.fromhex(text.decode("ascii").strip())
    except ValueError:
        return b""


def main() -> int:
    parser = argparse.ArgumentParser(description="Verify a case file.")
    parser.add_argument("place", nargs="?", default=Path(__file__).resolve().parent, type=Path, help="ZIP or folder")
    parser.add_argument("--fingerprint", default="", help="of the portal's key, as its audit page shows it")
    asked = parser.parse_args()
    files = read(asked.place)
    faults = faults_of(files, asked.fingerprint)
    for fault in faults:
        print(fault)
    if not faults:
        manifest = json.loads(files[MANIFEST])
        print(f"Nothing was changed since {manifest['made_at']}: {len(manifest['files'])} files, signed.")
        print(f"Fingerprint of the key: {hashlib.sha256(_from_hex(files[KEY])).hexdigest()}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
