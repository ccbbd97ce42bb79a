"""How long each step of a conversation with a mail server may take."""

from dataclasses import astuple, dataclass


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds to wait for each answer, as RFC 5321 section 4.5.3.2 wants them at least; tests use shorter ones."""

    connect_seconds: float = 60
    """For the connection and for the TLS handshake."""
    greeting_seconds: float = 300
    command_seconds: float = 300
    """For EHLO, STARTTLS, AUTH, MAIL, RCPT, RSET."""
    data_seconds: float = 120
    """For the reply to DATA."""
    block_seconds: float = 180
    """For a server that does not read what is written to it."""
    final_seconds: float = 600
    """For the reply to the final dot."""
    quit_seconds: float = 3
    """For a goodbye, which nothing depends on."""

    @property
    def look_every_seconds(self) -> float:
        """How often a connection looks at the clock: a wait may be so much longer than it is set to."""
        shortest: float = min(astuple(self))
        return min(1.0, shortest / 10)
