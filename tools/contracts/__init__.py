"""The public contracts, generated from the code: JSON Schema files of the records, and AsyncAPI."""

from tools.contracts.asyncapi import build_asyncapi
from tools.contracts.json_schema import build_schemas

__all__ = ["build_asyncapi", "build_schemas"]
