"""The public form of what travels, made from the records' declarations: JSON Schema files, and AsyncAPI."""

from tools.contracts.asyncapi import build_asyncapi
from tools.contracts.json_schema import build_schemas

__all__ = ["build_asyncapi", "build_schemas"]
