import secrets
import time
import uuid


def uuid7() -> uuid.UUID:
    """Return a random UUID that begins with the time in milliseconds (RFC 9562, version 7).

    New rows stand together at the end of an index. Under random keys each one writes a page of its own, which
    PostgreSQL logs whole.
    """
    value = time.time_ns() // 1_000_000 << 80 | secrets.randbits(80)
    version, variant = 0x7 << 76, 0x2 << 62
    return uuid.UUID(int=value & ~(0xF << 76) & ~(0x3 << 62) | version | variant)
