"""The channel layer of the sockets, with a bound to its connections to Redis. settings.py names it."""

from typing import Any

from channels_redis.core import RedisChannelLayer
from redis.asyncio import BlockingConnectionPool

# One waits for messages, the others join and leave groups, each for a moment.
MOST_CONNECTIONS = 16
PATIENCE_S = 5


class BoundedLayer(RedisChannelLayer):  # type: ignore[misc]  # channels_redis has no types
    """Hundreds of handshakes at once wait for each other; channels_redis would open a connection for each, and fail where
    there are no more.
    """

    def create_pool(self, index: int) -> Any:
        options = dict(self.hosts[index])
        limits = {"max_connections": MOST_CONNECTIONS, "timeout": PATIENCE_S}
        return BlockingConnectionPool.from_url(options.pop("address"), **limits, **options)
