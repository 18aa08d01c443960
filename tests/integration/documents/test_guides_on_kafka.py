"""The shell commands of the documents are run as they are shown, in a system on Kafka."""

from collections.abc import Iterator

import pytest

from streams.kafka.dev_cluster import Cluster
from tests.support.documented_commands import NOT_RUN_HERE, DocumentedSystem
from tests.support.documents import DOCUMENTS, Block, blocks

WORKER_GUIDE = "docs/guides/worker.md"
"""The guide that creates the topics, loads the lists and starts the worker which the others assume."""

BLOCKS = [block for document in DOCUMENTS for block in blocks(document) if block.language == "sh"]


@pytest.fixture(scope="module")
def system(kafka: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DocumentedSystem]:
    """A system set up by the worker's guide, with hits and verdicts; all ends in order afterwards."""
    system = DocumentedSystem(kafka.servers, tmp_path_factory.mktemp("guides"))
    try:
        for block in BLOCKS:
            if block.document == WORKER_GUIDE:
                assert system.run_block(block.lines) == []
        system.produce()
        yield system
    finally:
        failed = system.stop()
    assert failed == []


@pytest.mark.kafka
@pytest.mark.parametrize(
    "block",
    [block for block in BLOCKS if block.document != WORKER_GUIDE],
    ids=str,
)
def test_the_commands_of_a_block_work_as_shown(block: Block, system: DocumentedSystem) -> None:
    assert system.run_block(block.lines) == []


def test_a_command_that_is_not_run_is_in_a_document() -> None:
    lines = {line.partition("#")[0].strip() for block in BLOCKS for line in block.lines}
    assert set(NOT_RUN_HERE) <= lines
