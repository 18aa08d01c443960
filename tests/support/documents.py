"""Fenced blocks, links and paths of the documents."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).resolve().parents[2]
DOCUMENTS: Final = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "schemas/README.md")
)

_FENCE: Final = re.compile(r"^( *)```(\S*)[^\n]*\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
_LINK: Final = re.compile(r"\]\(([^)\s]+)\)")
_CODE: Final = re.compile(r"`([^`\n]+)`")


class Block(NamedTuple):
    """A fenced block: its document, first line, language and lines."""

    document: str
    line: int
    language: str
    lines: list[str]

    def __str__(self) -> str:
        return f"{self.document}:{self.line}"


class Command(NamedTuple):
    """A command of a `console` block and the output shown for it; a line `…` stands for any lines."""

    block: Block
    text: str
    output: list[str]

    def __str__(self) -> str:
        return f"{self.block} {self.text[:40]}"


def blocks(document: str) -> Iterator[Block]:
    """Yield the fenced blocks of a document."""
    text = (ROOT / document).read_text("utf-8")
    for found in _FENCE.finditer(text):
        indent, language, body = found.groups()
        lines = [line.removeprefix(indent) for line in body.splitlines()]
        yield Block(document, text.count("\n", 0, found.start()) + 1, language, lines)


def commands(block: Block) -> list[Command]:
    """Return the commands of a `console` block, each with its output."""
    found: list[Command] = []
    for line in block.lines:
        if line.startswith("$ "):
            found.append(Command(block, line[2:], []))
        elif line.startswith("> ") and found and not found[-1].output:
            found[-1] = found[-1]._replace(text=f"{found[-1].text}\n{line[2:]}")
        else:
            found[-1].output.append(line)
    return found


def anpr_calls(block: Block) -> Iterator[str]:
    """Yield each call of `anpr` in a block of shell commands, continued lines joined."""
    lines = block.lines
    if block.language == "console":
        lines = [line for command in commands(block) for line in command.text.splitlines()]
    joined = re.sub(r"\"?\$\([^)]*\)\"?", "X", "\n".join(lines).replace("\\\n", " "))
    for line in joined.splitlines():
        call = re.search(r"(?:^|[|;(&] *|bin/)anpr ([^|;#>]*)", line)
        if call:
            yield call[1].strip()


def links(document: str) -> Iterator[str]:
    """Yield the relative links of a document, without fragments."""
    for found in _LINK.finditer(_FENCE.sub("", (ROOT / document).read_text("utf-8"))):
        target = found[1].partition("#")[0]
        if target and not target.startswith(("http:", "https:", "mailto:")):
            yield target


def named_paths(document: str) -> Iterator[str]:
    """Yield what a document names in backticks that can only be a path of this repository."""
    for found in _CODE.finditer(_FENCE.sub("", (ROOT / document).read_text("utf-8"))):
        name = found[1]
        if re.fullmatch(r"(streams|tests|tools|docs|schemas|deploy)/[\w./-]+", name):
            yield name


def matches(shown: list[str], printed: list[str]) -> bool:
    """True if lines printed are those shown, where a line `…` stands for any lines."""
    pattern = "".join(
        r"(?:.*\n)*?" if line.strip() == "…" else re.escape(line.rstrip()) + r" *\n" for line in shown
    )
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in printed)) is not None
