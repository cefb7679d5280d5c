"""The nouns, one a file. Services write them; doors read them."""

from vps.models.cluster import Cluster
from vps.models.cluster_node import ClusterNode
from vps.models.event import Event
from vps.models.external_id import ExternalId
from vps.models.former_placement import FormerPlacement
from vps.models.last_sync_time import LastSyncTime
from vps.models.notice import Notice
from vps.models.operation import Operation
from vps.models.placement import Placement
from vps.models.placement_mark import PlacementMark
from vps.models.suspension import Suspension
from vps.models.sync_call import SyncCall
from vps.models.tombstone import Tombstone
from vps.models.unbound_vps import UnboundVps
from vps.models.vps import Vps
from vps.models.webhook_attempt import WebhookAttempt
from vps.models.webhook_delivery import WebhookDelivery
from vps.models.webhook_endpoint import WebhookEndpoint
from vps.models.why_unbound import WhyUnbound

__all__ = [
    "Cluster",
    "ClusterNode",
    "Event",
    "ExternalId",
    "FormerPlacement",
    "LastSyncTime",
    "Notice",
    "Operation",
    "Placement",
    "PlacementMark",
    "Suspension",
    "SyncCall",
    "Tombstone",
    "UnboundVps",
    "Vps",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WhyUnbound",
]
