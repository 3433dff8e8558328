"""What an image asks itself every few seconds; it has no curl, and imports little since a dozen do it."""

import sys
import urllib.request


def main() -> None:
    """`python -m kit.healthcheck <port>`."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{int(sys.argv[1])}/health/ready", timeout=3) as answer:
            sys.exit(0 if answer.status == 200 else 1)
    except OSError as exc:
        sys.exit(str(exc))


if __name__ == "__main__":
    main()
