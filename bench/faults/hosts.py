"""Hosts on one machine: network namespaces with addresses of their own, on a bridge that stands in a namespace, too.

Nothing of the machine's own network is touched. A host can be cut off without a word (its packets vanish, as with a pulled
cable), in one direction only, and be healed again.
"""

import os
import subprocess
from collections.abc import Sequence
from contextlib import suppress

_NETWORK = "10.77.0"
_NOWHERE = "02:00:00:00:00:fe"


def missing() -> str:
    """Why hosts cannot be made here; "" where they can."""
    name = f"nl-try-{os.getpid()}"
    try:
        _ip("netns", "add", name)
        try:
            _ip("-n", name, "link", "add", "try0", "type", "bridge")
            _ip("-n", name, "link", "add", "v0", "type", "veth", "peer", "name", "v1")
        finally:
            _ip("netns", "del", name)
    except FileNotFoundError:
        return "iproute2 (ip) is not installed"
    except subprocess.CalledProcessError as error:
        return f"network namespaces are not permitted: {error.stderr.decode(errors='replace').strip()}"
    return ""


class Hosts:
    """Some hosts, by name; each has the address `10.77.0.N` in the order in which they are named."""

    def __init__(self, *names: str) -> None:
        self._tag = f"nl{os.getpid()}"
        self._names = names
        self._switch = f"{self._tag}-switch"
        _ip("netns", "add", self._switch)
        _ip("-n", self._switch, "link", "add", "br0", "type", "bridge")
        _ip("-n", self._switch, "link", "set", "br0", "up")
        for number, name in enumerate(names, 1):
            inside = self.namespace(name)
            _ip("netns", "add", inside)
            _ip("-n", inside, "link", "set", "lo", "up")
            _ip(
                "link",
                "add",
                f"p-{name}",
                "netns",
                self._switch,
                "type",
                "veth",
                "peer",
                "name",
                "eth0",
                "netns",
                inside,
            )
            _ip("-n", self._switch, "link", "set", f"p-{name}", "master", "br0", "up")
            _ip("-n", inside, "addr", "add", f"{_NETWORK}.{number}/24", "dev", "eth0")
            _ip("-n", inside, "link", "set", "eth0", "up")

    def namespace(self, name: str) -> str:
        """The namespace of a host."""
        return f"{self._tag}-{name}"

    def address(self, name: str) -> str:
        """The address of a host."""
        return f"{_NETWORK}.{self._names.index(name) + 1}"

    def on(self, name: str, command: Sequence[str]) -> list[str]:
        """The command that runs `command` on a host."""
        return ["ip", "netns", "exec", self.namespace(name), *command]

    def cut(self, name: str) -> None:
        """Pulls the cable of a host: no packet comes or goes, and nobody is told."""
        _ip("-n", self._switch, "link", "set", f"p-{name}", "down")

    def cut_from(self, name: str, other: str) -> None:
        """Keeps two hosts from hearing each other; they go on hearing the rest."""
        self.deafen(name, other)
        self.deafen(other, name)

    def deafen(self, name: str, other: str) -> None:
        """Lets a host speak to another, but not hear it: what that one sends goes to a network card that is nowhere."""
        wrong = (
            "neigh",
            "replace",
            self.address(name),
            "lladdr",
            _NOWHERE,
            "nud",
            "permanent",
            "dev",
            "eth0",
        )
        _ip("-n", self.namespace(other), *wrong)

    def heal(self, name: str) -> None:
        """Undoes all of that."""
        _ip("-n", self._switch, "link", "set", f"p-{name}", "up")
        for each in self._names:
            _ip("-n", self.namespace(each), "neigh", "flush", "all", "nud", "permanent")

    def remove(self) -> None:
        """Takes everything down."""
        for name in [*(self.namespace(each) for each in self._names), self._switch]:
            with suppress(subprocess.CalledProcessError):
                _ip("netns", "del", name)


def _ip(*arguments: str) -> None:
    _run("ip", *arguments)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
