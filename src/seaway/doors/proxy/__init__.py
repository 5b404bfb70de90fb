"""The proxy door: HAProxy in a container of its own, on the host's network."""

from seaway.doors.proxy.config import ProxySettings
from seaway.doors.proxy.docker_host import DockerProxyHost
from seaway.doors.proxy.door import HaproxyDoor
from seaway.doors.proxy.host import ProxyHost

__all__ = ["DockerProxyHost", "HaproxyDoor", "ProxyHost", "ProxySettings"]
