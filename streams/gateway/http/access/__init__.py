"""Access control: which camera sent a request, and proof that it did.

A camera authenticates by Basic (RFC 7617), Digest (RFC 7616), a bearer token (RFC 6750) or a TLS certificate,
as its settings say. Everything that is compared with a secret is compared in constant time.
"""

from streams.gateway.http.access.access import Access, Login, Unauthorised
from streams.gateway.http.access.camera_secrets import AccessError, read_mqtt_password

__all__ = ["Access", "AccessError", "Login", "Unauthorised", "read_mqtt_password"]
