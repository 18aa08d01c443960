"""Files generated from the code: `python -m tools.generate` writes those that are outdated.

With `--check` it writes nothing and lists them; exit code 0 means that none is outdated, 1 that some are.
"""

import argparse
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from streams.settings.reference import build_reference
from tools.case_index import index
from tools.contracts import build_asyncapi, build_schemas

ROOT: Final = Path(__file__).resolve().parent.parent
GENERATED: Final[dict[str, Callable[[], str]]] = {
    "docs/reference/configuration.md": build_reference,
    "schemas/asyncapi.json": build_asyncapi,
    "tests/cases/INDEX.md": index,
    **{f"schemas/{name}": partial(str, text) for name, text in build_schemas().items()},
}
"""Path of each file from the root of the project, and the function that returns its text."""


def outdated_files(root: Path = ROOT) -> list[str]:
    """Return the paths of the files under `root` that are missing or have another text."""
    return [path for path, text in GENERATED.items() if _read_text(root / path) != text()]


def write_outdated(root: Path = ROOT) -> list[str]:
    """Write the outdated files, and their folders if they are missing; return the paths written."""
    paths = outdated_files(root)
    for path in paths:
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(GENERATED[path](), encoding="utf-8", newline="\n")
    return paths


def _read_text(file: Path) -> str | None:
    # Read as bytes, so that different line ends count as a difference.
    return file.read_bytes().decode(errors="replace") if file.is_file() else None


def main() -> int:
    """Run the command; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.generate", description="Write the generated files."
    )
    parser.add_argument("--check", action="store_true", help="write nothing; list the outdated files")
    if parser.parse_args().check:
        paths = outdated_files()
        for path in paths:
            print(f"{path}: outdated; run `make docs`", file=sys.stderr)
        return 1 if paths else 0
    for path in write_outdated():
        print(f"wrote {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
