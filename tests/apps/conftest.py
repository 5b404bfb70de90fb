from docker_fixtures import docker

__all__ = ["docker"]
