"""The public form of what travels, made from the records' declarations: JSON Schema files, and AsyncAPI."""

from tools.contracts.asyncapi import asyncapi
from tools.contracts.json_schema import schemas

__all__ = ["asyncapi", "schemas"]
