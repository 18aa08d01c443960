"""The jars that Kafka runs from: pinned, verified, and stored in the user's cache folder."""

import hashlib
import os
import tomllib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path
from typing import Final, NamedTuple

from streams.kafka.dev_cluster.errors import DevClusterError

CACHE_VARIABLE: Final = "ANPR_CACHE"
_MAX_DOWNLOADS: Final = 8


class Jar(NamedTuple):
    """A jar by its Maven coordinates, and its SHA-256 in hexadecimal."""

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def name(self) -> str:
        """The name of its file."""
        return f"{self.artifact}-{self.version}.jar"


def load_pinned_jars() -> tuple[str, list[Jar]]:
    """Return the version of Kafka, and the jars it runs from."""
    table = tomllib.loads(files("streams.kafka.dev_cluster").joinpath("jars.toml").read_text("utf-8"))
    return table["kafka"], [Jar(*row) for row in table["jars"]]


def cache_folder(environ: Mapping[str, str]) -> Path:
    """Return the folder for downloads: ANPR_CACHE, or else one in the user's cache folder."""
    chosen = environ.get(CACHE_VARIABLE)
    if chosen:
        return Path(chosen)
    base = environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "anpr-streams"


def fetch_jars(folder: Path, jars: list[Jar]) -> list[Path]:
    """Return the files of the jars in a folder; download those that are missing or damaged.

    Raises DevClusterError for a jar that cannot be downloaded, or whose SHA-256 is not the pinned one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(_MAX_DOWNLOADS) as pool:
        return list(pool.map(lambda jar: _fetch_jar(folder, jar), jars))


def _fetch_jar(folder: Path, jar: Jar) -> Path:
    path = folder / jar.name
    if path.is_file() and _sha256(path) == jar.sha256:
        return path
    source = _download(folder / "downloads", jar)
    digest = _sha256(source)
    if digest != jar.sha256:
        source.unlink(missing_ok=True)
        raise DevClusterError(
            f"{jar.name}: its SHA-256 is {digest}, not {jar.sha256} as pinned; it was deleted. Try again; "
            "do not use this source if the error persists"
        )
    partial = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    partial.write_bytes(source.read_bytes())
    partial.rename(path)
    return path


def _download(folder: Path, jar: Jar) -> Path:
    from jgo.maven import MavenContext, PythonResolver

    coordinates = f"{jar.group}:{jar.artifact}:{jar.version}"
    try:
        # Without its dependencies, which are pinned too, and into this folder only.
        context = MavenContext(repo_cache=folder, resolver=PythonResolver(), local_repos=[])
        component = context.project(jar.group, jar.artifact).at_version(jar.version)
        return Path(component.artifact().resolve())
    except Exception as error:
        raise DevClusterError(f"{coordinates}: cannot be downloaded: {error}; check the network") from error


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
