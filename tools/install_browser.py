"""Chromium for the tests of pages: `python -m tools.install_browser` installs it if there is none.

Root installs it with apt-get from Debian's packages; if that fails, and for other users, Playwright installs
it into the user's cache. Exit codes: 0 there is a Chromium, 1 there is none, and a message says what to do.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

_EXECUTABLES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_APT_COMMANDS: Final = (
    ("apt-get", "update", "-qq"),
    ("apt-get", "install", "-qq", "-y", "--no-install-recommends", "chromium", "fonts-dejavu-core"),
)
_PLAYWRIGHT_COMMANDS: Final = ((sys.executable, "-m", "playwright", "install", "chromium"),)
_BROWSER_OPTIONS: Final = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-sync",
    "--no-first-run",
)
MISSING: Final = (
    "no Chromium was found, and none could be installed: install one as `chromium` or `google-chrome` on the "
    "path, or run `.venv/bin/python -m playwright install chromium`"
)


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Open a headless Chromium. Without one, skip the test; fail it if the variable CI is set."""
    with sync_playwright() as playwright:
        path = _find_chromium(playwright)
        if path is None and os.environ.get("CI"):
            pytest.fail(MISSING)
        if path is None:
            pytest.skip(MISSING)
        # The sandbox does not run as root, and the pages are those of the tests.
        sandbox_options = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=path, args=[*_BROWSER_OPTIONS, *sandbox_options])
        try:
            yield browser
        finally:
            browser.close()


def _find_chromium(playwright: Playwright) -> str | None:
    on_path = next((path for name in _EXECUTABLES if (path := shutil.which(name))), None)
    cached = playwright.chromium.executable_path
    return on_path or (cached if Path(cached).is_file() else None)


def main() -> int:
    """Run the command; return the exit code."""
    can_use_apt = shutil.which("apt-get") is not None and os.geteuid() == 0
    for commands in (_APT_COMMANDS, _PLAYWRIGHT_COMMANDS) if can_use_apt else (_PLAYWRIGHT_COMMANDS,):
        with sync_playwright() as playwright:
            if _find_chromium(playwright) is not None:
                return 0
        environ = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        for command in commands:
            if subprocess.run(command, env=environ, stdout=sys.stderr, check=False).returncode:
                break
    with sync_playwright() as playwright:
        if _find_chromium(playwright) is not None:
            return 0
    print(MISSING, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
