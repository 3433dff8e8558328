"""Chromium for the browser tests: found, or installed from Debian's packages where that is possible."""

import os
import shutil
import subprocess
import sys

FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


def chromium() -> str | None:
    """$CHROMIUM_PATH, or the browser on PATH."""
    return os.environ.get("CHROMIUM_PATH") or shutil.which("chromium") or shutil.which("chromium-browser")


def main() -> None:
    """Install it when it is missing; says in one line what to do when that is not possible."""
    if chromium():
        return
    apt = shutil.which("apt-get")
    prefix = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if apt is None or (prefix and shutil.which("sudo") is None):
        sys.exit("The browser tests need Chromium: install Debian's package chromium, or set CHROMIUM_PATH.")
    print("Installing Chromium for the browser tests", flush=True)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", "chromium"]):
        done = subprocess.run(
            [*prefix, apt, *command], check=False, env=environment, stdout=subprocess.DEVNULL
        )
        if done.returncode:
            sys.exit("Chromium could not be installed: install Debian's package chromium by hand.")


if __name__ == "__main__":
    main()
