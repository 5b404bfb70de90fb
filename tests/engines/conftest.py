from docker_fixtures import docker, engine, tiny_image

__all__ = ["docker", "engine", "tiny_image"]
