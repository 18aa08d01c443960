"""Retired words: `python -m tools.check_words` refuses them in code, messages and documents.

A short list, each word with what replaces it. The words of the project are in docs/glossary.md.
"""

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

_ROOT: Final = Path(__file__).resolve().parents[1]
_CHECKED: Final = (
    *("streams", "tools", "tests", "deploy", "docs", "schemas"),
    *("README.md", "CONTRIBUTING.md", "CHANGELOG.md"),
)
_ENDINGS: Final = (".py", ".md", ".html", ".toml", "/README")
"""Endings of the names of files that are read; a case has a README without an extension."""

RETIRED: Final = {
    r"told|untold": "emitted, notified, given, or say it another way",
    r"anew": "again; restore, rebuild",
    r"beside": "next to; child process, background task",
    r"heard": "captured, received",
    r"lets? go|let go": "expire, release",
    r"docket": "queue",
    r"whoever": "the one that",
    r"outbox": "producer",
    r"headway": "lag, progress",
    r"keeper": "scheduler, writer",
    r"rests|rested|resting": "cold",
    r"passed over": "skipped",
    r"not taken": "rejected",
    r"looked at again|look again": "re-evaluated",
    r"judged anew": "matched again",
    r"slips?": "character error, misread",
    r"weigh(s|ed|ing)?": "score",
    r"sieve": "prefilter",
    r"shipped": "built in",
    r"look(ing|s|ed)? back": "lookback",
    r"makers?": "vendor",
    r"in force": "effective, valid",
    r"withheld|withholds?": "suppressed",
    r"the way (in|of) which": "how",
}
"""Pattern of whole words to what replaces them."""

ALLOWED: Final = (
    r"makers?(?= =|\]|\"|'|`)|--makers|\bMAKER is|maker: str|Vendor, maker",  # settings key, option
    r"(?<=\")in_force(?=\")|\bin_force\b",  # state of alerts in `anpr lists status --json`
    r"shipped(?= =|\"|'|`|:)|shipped\|none|shipped\)|, shipped or none",  # settings key, value of an option
    r"\b[Ll]ooked_?[Bb]ack\b",  # name of a record and its schema
    r"\"weighed\"|`weighed`|not_taken",  # fields of `anpr outcome --json`
    r"\"told\"|likelier hits were told|allows no looking back",  # field of the .watch file, texts of records
    r"right_beside_wrong",  # field of measured recognisers
    r"http\S+",
)
"""Where a retired word is a public name or text; these do not change."""

_PATTERN: Final = re.compile(
    "|".join(rf"(?P<w{i}>\b(?:{word})\b)" for i, word in enumerate(RETIRED)), re.IGNORECASE
)
_ALLOWED: Final = re.compile("|".join(ALLOWED))


def find_retired(text: str) -> list[tuple[int, str, str]]:
    """Return line number, word and replacement of each retired word, identifiers split at underscores."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        plain = _ALLOWED.sub("", line)
        plain = re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", plain)
        for match in _PATTERN.finditer(plain):
            index = int((match.lastgroup or "w0")[1:])
            found.append((number, match.group(), list(RETIRED.values())[index]))
    return found


def main() -> None:
    """Print each place; exit 1 if there is one."""
    listed = subprocess.run(
        ("git", "ls-files", *_CHECKED), cwd=_ROOT, capture_output=True, text=True, check=True
    )
    count = 0
    for name in listed.stdout.splitlines():
        if not name.endswith(_ENDINGS) or name == "tools/check_words.py":
            continue
        for number, word, replacement in find_retired((_ROOT / name).read_text("utf-8")):
            print(f"{name}:{number}: retired word {word!r}: use {replacement}")
            count += 1
    if count:
        sys.exit(f"{count} retired words")


if __name__ == "__main__":
    main()
