"""Commands of `anpr`, run in this process."""

from collections.abc import Mapping
from pathlib import Path

from click.testing import CliRunner, Result

from streams.cli.main import main


def run_anpr(
    *arguments: str | Path,
    config: str | Path | None = None,
    stdin: str | bytes | None = None,
    environ: Mapping[str, str | None] | None = None,
) -> Result:
    """Run `anpr` with ANPR_CONFIG set to `config`, or unset, and further variables of the environment."""
    variables = {"ANPR_CONFIG": None if config is None else str(config), **(environ or {})}
    return CliRunner().invoke(main, list(map(str, arguments)), input=stdin, env=variables)
