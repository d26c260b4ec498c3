"""Which channels a customer wants."""

from __future__ import annotations

from django.db import transaction

from kernel.errors import Invalid, gettext_noop
from tenants.notices.models import Channel, ChannelChoice


class ChannelNeedsAddress(Invalid):
    """Nobody can be reached by WeChat without an identifier there."""

    code = "channel_needs_address"
    template = gettext_noop("Give the address at which the customer is reached by this channel.")


def choose_channel(
    *, customer_id: int, channel: str, wanted: bool, preferred: bool = False, address: str = ""
) -> ChannelChoice:
    """This will note whether the customer wants messages by ``channel``; a preferred one takes the place of another.

    ``address`` is needed where the customer's record holds none (WeChat). Raises Invalid or ChannelNeedsAddress.
    """
    if channel not in Channel.values:
        raise Invalid(reason=gettext_noop("“{value}” is no channel."), value=channel, where="channel")
    if channel == Channel.WECHAT and wanted and not address:
        raise ChannelNeedsAddress(where="address")
    chosen = {"wanted": wanted, "preferred": wanted and preferred, "address": address}
    with transaction.atomic():
        if chosen["preferred"]:
            ChannelChoice.objects.filter(customer_id=customer_id).exclude(channel=channel).update(preferred=False)
        made, _new = ChannelChoice.objects.update_or_create(customer_id=customer_id, channel=channel, defaults=chosen)
    return made
