"""Signing with DKIM (RSA, 2048 bits) in two threads, against dkimpy in one: messages a second on the same machine."""

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import dkim

from bench.wire.edition import composer, readers
from bench.wire.pairs import compare
from newsletter.transport.dkim import SIGNED, new_key, open_signer
from newsletter.transport.octets import whole

_OURS, _THEIRS = 2000, 60


def compare_signing() -> None:
    """Prints the figure; ours puts each message together as well."""
    os.sched_setaffinity(0, range(os.cpu_count() or 1))
    key = new_key()
    signer = open_signer("example.org", "bench", key)
    composing, people, now = composer(), readers(_OURS), datetime.now(UTC)
    ready = [whole(maker()) for maker in composing.makers(people[:_THEIRS], now)]
    names = [name.encode() for name in SIGNED]

    def ours() -> None:
        def work(share: int) -> None:
            for maker in composing.makers(people[share::2], now):
                signer.sign(maker())  # type: ignore[arg-type]

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(work, range(2)))

    def theirs() -> None:
        for message in ready:
            dkim.sign(
                message,
                b"bench",
                b"example.org",
                key,
                canonicalize=(b"relaxed", b"simple"),
                include_headers=names,
            )

    compare(
        "DKIM, RSA-2048: composed and signed in two threads, against dkimpy signing ready messages",
        "due 20, aim 27",
        ("ours, two threads", ours, _OURS),
        ("dkimpy", theirs, _THEIRS),
    )
