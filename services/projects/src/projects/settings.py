"""Every variable of the projects service."""

from pathlib import Path

from kit.settings import ServiceSettings


class Settings(ServiceSettings):
    # Reviewed lists of who may use restricted data: one YAML file per permission (P18).
    permissions_dir: Path = Path(__file__).parent / "permissions" / "none"
