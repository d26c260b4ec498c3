"""Changes of notices: queue, deliver, send again, print, choose channels."""

from tenants.notices.attachments import Attachment
from tenants.notices.operations.choices import ChannelNeedsAddress, choose_channel
from tenants.notices.operations.delivering import deliver, settle_interrupted
from tenants.notices.operations.letters import NothingToPrint, print_letters
from tenants.notices.operations.queueing import NotSendable, enqueue, mark_read, send_again
from tenants.notices.operations.queueing_many import NewMessage, enqueue_many

__all__ = [
    "Attachment",
    "ChannelNeedsAddress",
    "NewMessage",
    "NotSendable",
    "NothingToPrint",
    "choose_channel",
    "deliver",
    "enqueue",
    "enqueue_many",
    "mark_read",
    "print_letters",
    "send_again",
    "settle_interrupted",
]
