"""`python -m bench.wire [CASE...]`: all of the figures of sending on the wire, or those named. See bench/README.md."""

import ssl
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import trustme

from bench.wire import clients
from bench.wire.edition import constant_jobs, personal_jobs
from bench.wire.pairs import compare, measure
from bench.wire.signing import compare_signing
from bench.wire.sink import sink, use_client_core
from newsletter.foundation.garbage import look_for_garbage_seldom

_MANY, _FEW = 8_000, 40


def against_postfix() -> None:
    """Our client against Postfix's load generator, written in C."""
    make = personal_jobs(_MANY)
    with sink() as port:
        compare(
            "58 KB personalised, 16 connections, plain, against smtp-source -d",
            "due 1.0, aim 2",
            ("personalised, pipelined", lambda: clients.ours(port, make()), _MANY),
            ("smtp-source -d -s 16", lambda: clients.postfix(port, _MANY), _MANY),
        )


def against_smtplib() -> None:
    """Our client against EmailMessage and smtplib."""
    make = personal_jobs(_MANY)
    with sink() as port:
        compare(
            "58 KB personalised, plain, against EmailMessage + smtplib, a connection per message",
            "due 80, aim 250",
            ("personalised, pipelined", lambda: clients.ours(port, make()), _MANY),
            ("EmailMessage + smtplib", lambda: clients.naive(port, _FEW), _FEW),
        )


def against_aiosmtplib() -> None:
    """Our client against EmailMessage and aiosmtplib."""
    make = personal_jobs(_MANY)
    with sink() as port:
        compare(
            "58 KB personalised, 16 connections, plain, against aiosmtplib",
            "due 60, aim 100",
            ("personalised, pipelined", lambda: clients.ours(port, make()), _MANY),
            ("EmailMessage + aiosmtplib x16", lambda: clients.aiosmtplib_naive(port, 2 * _FEW), 2 * _FEW),
        )


def under_tls() -> None:
    """Our client under TLS 1.3 against EmailMessage and smtplib without."""
    count = _MANY // 3
    make = personal_jobs(count)
    with tempfile.TemporaryDirectory() as name:
        authority = trustme.CA()
        context = ssl.create_default_context()
        authority.configure_trust(context)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        files = (Path(name) / "certificate.pem", Path(name) / "key.pem")
        issued = authority.issue_cert("localhost")
        issued.cert_chain_pems[0].write_to_path(files[0])
        issued.private_key_pem.write_to_path(files[1])
        with sink() as plain, sink(certificate=files) as encrypted:
            compare(
                "58 KB personalised, 16 connections, TLS 1.3, against EmailMessage + smtplib without TLS",
                "due 40, aim 70",
                (
                    "personalised, pipelined, TLS 1.3",
                    lambda: clients.ours(encrypted, make(), tls_context=context),
                    count,
                ),
                ("EmailMessage + smtplib, plain", lambda: clients.naive(plain, _FEW), _FEW),
            )


def against_constant() -> None:
    """Personalised messages against one message for all."""
    personal, constant = personal_jobs(_MANY), constant_jobs(_MANY)
    with sink() as port:
        compare(
            "58 KB personalised against the same client with a constant body",
            "due 0.85, aim 0.95",
            ("personalised", lambda: clients.ours(port, personal()), _MANY),
            ("constant body", lambda: clients.ours(port, constant()), _MANY),
            pairs=9,
        )


def over_distance() -> None:
    """How much of one message per connection and round trip is reached at 20 ms."""
    count, connections, seconds = 2000, 16, 0.020
    make = personal_jobs(count)
    with sink(delay_ms=seconds * 1000) as port:
        rates = sorted(
            measure(lambda: clients.ours(port, make(), connections=connections), count).per_second
            for _ in range(7)
        )
    limit = connections / seconds
    print(
        "20 ms round trip, 16 connections, against one message per connection and round trip  [due 0.8, aim 0.9]"
    )
    print(f"    {rates[3]:.0f} messages/s of {limit:.0f}: ratio {rates[3] / limit:.2f} (median of 7 runs)")


def profile_ours() -> None:
    """Where our client's time goes."""
    make = personal_jobs(_MANY)
    with sink() as port:
        clients.profiled(lambda: clients.ours(port, make()))


_CASES: dict[str, Callable[[], None]] = {
    "postfix": against_postfix,
    "smtplib": against_smtplib,
    "aiosmtplib": against_aiosmtplib,
    "tls": under_tls,
    "constant": against_constant,
    "distance": over_distance,
    "dkim": compare_signing,
}


def main(names: list[str]) -> None:
    """Measures and prints the cases of these names, all where none is named."""
    look_for_garbage_seldom()  # as the program's own commands do
    if names == ["profile"]:
        profile_ours()
        return
    unknown = [name for name in names if name not in _CASES]
    if unknown:
        raise SystemExit(f"unknown: {', '.join(unknown)}; there are {', '.join(_CASES)}, profile")
    for name in names or _CASES:
        if name == "dkim":
            _CASES[name]()  # on both cores
            continue
        use_client_core()
        _CASES[name]()


if __name__ == "__main__":
    main(sys.argv[1:])
