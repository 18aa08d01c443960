"""Files made from declarations: `python -m tools.generate` writes them, `--check` lists those that drifted.

Exit codes of `--check`: 0 all as declared, 1 one or more drifted.
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
"""Path from the project's root to the function that gives the file's text."""


def outdated_files(root: Path = ROOT) -> list[str]:
    """The paths of the files under `root` that are missing or not as their functions give them."""
    return [path for path, text in GENERATED.items() if _read_text(root / path) != text()]


def write_outdated(root: Path = ROOT) -> list[str]:
    """Writes the files that drifted, and their folders if they are missing; gives the paths written."""
    paths = outdated_files(root)
    for path in paths:
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(GENERATED[path](), encoding="utf-8", newline="\n")
    return paths


def _read_text(file: Path) -> str | None:
    # As bytes, so that other ends of lines count as drift too.
    return file.read_bytes().decode(errors="replace") if file.is_file() else None


def main() -> int:
    """The command; gives the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.generate", description="Writes the generated files."
    )
    parser.add_argument("--check", action="store_true", help="write nothing; list the files that drifted")
    if parser.parse_args().check:
        paths = outdated_files()
        for path in paths:
            print(f"{path}: is not as its declaration gives it; run `make docs`", file=sys.stderr)
        return 1 if paths else 0
    for path in write_outdated():
        print(f"wrote {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
