"""Access: which camera a request is from, and that it is.

A camera proves who it is by Basic (RFC 7617), Digest (RFC 7616), a bearer token (RFC 6750) or a certificate
of TLS, as its settings say. Whatever is compared with a secret is compared in constant time.
"""

from streams.gateway.http.access.access import Access, Unauthorised
from streams.gateway.http.access.camera_secrets import AccessError, read_mqtt_password

__all__ = ["Access", "AccessError", "Unauthorised", "read_mqtt_password"]
