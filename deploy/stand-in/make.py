"""Images under the names that our files ask for, where no registry can be reached (README.md)."""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import docker
from docker.errors import DockerException
from launcher.embedded.nats import binary
from launcher.embedded.postgres import bindir
from testkit.choice import STAND_IN
from testkit.engine import NoEngine, connect, has, pulled

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
# The Debian whose python3 is the version that the tag names.
SUITES = {"3.11": "bookworm", "3.13": "trixie"}
PACKAGES = "python3,python3-pip,ca-certificates,busybox"
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")


def wanted() -> list[str]:
    """Names of all images that come from a registry, the one that the others are made from first."""
    built = re.findall(r"^FROM (\S+)", (ROOT / "deploy/Dockerfile").read_text(), re.M)
    run = re.findall(r"^ +image: (\S+:\S+)", (ROOT / "docker-compose.yml").read_text(), re.M)
    return list(dict.fromkeys(built + run))


def missing(engine: docker.DockerClient) -> list[str]:
    """Those that are neither there nor can be pulled; after one refusal the registry is not asked again."""
    absent: list[str] = []
    for name in wanted():
        if not has(engine, name) and (absent or not pulled(engine, name)):
            absent.append(name)
    return absent


def python(engine: docker.DockerClient, name: str, scratch: Path) -> None:
    """A small Debian with Python and pip, as its package manager lays it out."""
    suite = SUITES[name.split(":")[1].split("-")[0]]
    root = scratch / "root"
    run("debootstrap", "--variant=minbase", f"--include={PACKAGES}", suite, str(root))
    (root / "usr/local/bin/python").symlink_to("/usr/bin/python3")
    for marker in root.glob("usr/lib/python3*/EXTERNALLY-MANAGED"):
        marker.unlink()  # in an image pip may install beside Debian's packages
    if CERTIFICATES.exists():  # a network may have a certificate authority of its own
        shutil.copyfile(CERTIFICATES, root / CERTIFICATES.relative_to("/"))
    for folder in ("var/cache/apt/archives", "var/lib/apt/lists", "usr/share/doc", "usr/share/locale"):
        shutil.rmtree(root / folder, ignore_errors=True)
    archive = scratch / "root.tar"
    run("tar", "--numeric-owner", "--exclude=./dev/*", "-C", str(root), "-cf", str(archive), ".")
    changes = [f"LABEL {STAND_IN}=yes", f"ENV SSL_CERT_FILE={CERTIFICATES} PIP_CERT={CERTIFICATES}"]
    repository, tag = name.split(":")
    engine.api.import_image_from_file(str(archive), repository=repository, tag=tag, changes=changes)


def postgres(engine: docker.DockerClient, name: str, scratch: Path) -> None:
    server = bindir().parent
    shutil.copytree(server, scratch / server.parent.name / server.name, symlinks=True)
    for libraries in server.parents[1].glob(f"{server.parent.name}.libs"):
        shutil.copytree(libraries, scratch / libraries.name, symlinks=True)
    build(engine, name, scratch, SERVER=f"{server.parent.name}/{server.name}")


def nats(engine: docker.DockerClient, name: str, scratch: Path) -> None:
    shutil.copyfile(binary(), scratch / "nats-server")
    build(engine, name, scratch)


def build(engine: docker.DockerClient, name: str, scratch: Path, **arguments: str) -> None:
    """From the folder here that is named as the image, with what is in `scratch`."""
    shutil.copytree(HERE / name.split(":")[0], scratch, dirs_exist_ok=True)
    arguments |= {"BASE": wanted()[0]}
    engine.images.build(path=str(scratch), tag=name, buildargs=arguments, labels={STAND_IN: "yes"}, rm=True)


def run(*command: str) -> None:
    """Quietly, unless it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{command[0]} failed:\n{(done.stdout + done.stderr)[-2000:]}")


MAKERS: dict[str, Callable[[docker.DockerClient, str, Path], None]] = {
    "python": python,
    "postgres": postgres,
    "nats": nats,
}


def remove(engine: docker.DockerClient) -> None:
    for image in reversed(engine.images.list(filters={"label": f"{STAND_IN}=yes"})):
        for name in image.tags:
            if name in wanted():
                engine.images.remove(name)
                print(name)


def main() -> None:
    engine = connect()
    if sys.argv[1:] == ["--remove"]:
        remove(engine)
        return
    absent = missing(engine)
    if absent and shutil.which("debootstrap") is None:
        sys.exit(f"{', '.join(absent)}: to make stand-ins, install Debian's package debootstrap.")
    for name in absent:
        with tempfile.TemporaryDirectory() as scratch:
            MAKERS[name.split(":")[0]](engine, name, Path(scratch))
        print(name, flush=True)


if __name__ == "__main__":
    try:
        main()
    except NoEngine as exc:
        sys.exit(f"No images can be made: {exc}.")
    except DockerException as exc:
        sys.exit(f"The engine refused: {exc}")
