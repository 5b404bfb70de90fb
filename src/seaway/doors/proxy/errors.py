"""What can go wrong between Seaway and its proxy, each with what to do next."""

from collections.abc import Sequence

from seaway.core.errors import Conflict, Failed, Invalid, Unavailable


class BadRoute(Invalid):
    """A name, host or address that must not reach a configuration file."""

    code = "proxy.bad_route"

    def __init__(self, what: str, value: str) -> None:
        super().__init__(f"{value!r} cannot be routed: it is no {what}.", remedy="Correct it in the app's settings.")


class PortTaken(Unavailable):
    """Another process listens where the proxy must."""

    code, temporary = "proxy.port_taken", False

    def __init__(self, port: int, holder: str) -> None:
        super().__init__(
            f"Port {port} is in use by {holder}, so the proxy cannot start.",
            remedy="Stop that program, or choose another port with SEAWAY_HTTP_PORT.",
        )
        self.port = port
        self.holder = holder


class ProxyDown(Unavailable):
    """The proxy's control socket does not answer."""

    code = "proxy.down"

    def __init__(self, socket: str, reason: str) -> None:
        super().__init__(
            f"The proxy does not answer on {socket} ({reason}).",
            remedy="Docker starts it again by itself; `docker logs` of the proxy's container says why it ended.",
            evidence=(reason,),
        )


class NotStarted(Failed):
    """The container was started and did not become ready."""

    code = "proxy.not_started"

    def __init__(self, container: str, log: Sequence[str]) -> None:
        super().__init__(
            f"The proxy ({container}) did not start.", remedy="Its last lines say why.", evidence=tuple(log)
        )


class ConfigurationRefused(Failed):
    """HAProxy does not accept what we rendered; the configuration before it is still in use."""

    code = "proxy.configuration_refused"

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__(
            "The proxy refused its new configuration and goes on with the old one.",
            remedy="This is a fault of Seaway: please report it with these lines.",
            evidence=tuple(lines),
        )


class CommandRefused(Failed):
    """The running proxy said no to one command."""

    code = "proxy.command_refused"

    def __init__(self, command: str, answer: str) -> None:
        super().__init__(
            f"The proxy refused `{command}`: {answer}",
            remedy="Try again: Seaway looks at the proxy's state first and goes on from there.",
            evidence=(command, answer),
        )


class ImageNotMade(Failed):
    """The proxy's image could not be made from the distribution's packages."""

    code = "proxy.image_not_made"

    def __init__(self, reason: str, lines: Sequence[str] = ()) -> None:
        super().__init__(
            f"The proxy's image could not be made: {reason}.",
            remedy="Check that mmdebstrap is installed and that `apt-get update` works on this machine.",
            evidence=tuple(lines),
        )


class ForeignContainer(Conflict):
    """A container with the proxy's name that is not this installation's."""

    code = "proxy.foreign_container"

    def __init__(self, container: str) -> None:
        super().__init__(
            f"There is a container named {container} that does not belong to this Seaway.",
            remedy="Remove or rename it, or give this installation another instance name.",
        )
