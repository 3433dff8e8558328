"""`./just logs [process|request id]`: follows one process's log, or finds one request in all of them."""

import os
import sys
from pathlib import Path


def main() -> None:
    folder = Path(os.environ.get("JOBSERVER_HOME", ".jobserver")).absolute() / "logs"
    files = sorted(folder.glob("*.log"))
    word = sys.argv[1] if len(sys.argv) > 1 else ""
    named = [file for file in files if file.stem == word]
    if word and not named:
        for file in files:
            for line in file.read_text(errors="replace").splitlines():
                if word in line:
                    print(f"{file.stem}: {line}")
        return
    chosen = [str(file) for file in named or files]
    if not chosen:
        sys.exit("There are no logs yet.")
    os.execvp("tail", ["tail", "-n", "20", "-F", *chosen])


if __name__ == "__main__":
    main()
