"""Every variable of the releases service."""

from kit.settings import ServiceSettings


class Settings(ServiceSettings):
    release_storage: str = "releases"  # a folder, or s3://bucket/prefix (then AWS_* as usual)
    release_file_size_limit: int = 16 * 1024 * 1024  # bytes of one file (F29)
