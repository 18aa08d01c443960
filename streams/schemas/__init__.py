"""The public form of what travels, made from the records' declarations: JSON Schema files, and AsyncAPI."""

from streams.schemas.asyncapi import asyncapi
from streams.schemas.records import schemas

__all__ = ["asyncapi", "schemas"]
