"""Which VPSs no guest is: those alone, so that they are found without reading the others. Triggers alone write it.

A placement never passes from one VPS to another, so what begins and ends is all there is: a VPS, and a placement.
"""

from django.db import models


class UnboundVps(models.Model):
    """Every VPS without a placement has a row; one that was bound or deleted a moment ago may have one still."""

    vps = models.OneToOneField(
        "vps.Vps", models.DO_NOTHING, db_constraint=False, primary_key=True, related_name="unbound_vps"
    )

    class Meta:
        db_table = "unbound_vps"

    def __str__(self) -> str:
        return f"VPS {self.pk}"
