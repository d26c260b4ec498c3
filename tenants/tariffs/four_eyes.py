"""The rule of four eyes: who wrote prices does not let them pass, and does not bring them into force; pure."""

from __future__ import annotations

from collections.abc import Collection

from kernel.errors import Conflict, GridhallError, gettext_noop


class OwnReview(GridhallError):
    """Nobody reviews what he wrote himself."""

    code = "version_review_own"
    template = gettext_noop("{name} worked on this draft, so somebody else has to review it.")


class OwnPublication(GridhallError):
    """Nobody publishes what he wrote himself."""

    code = "version_publish_own"
    template = gettext_noop("{name} worked on this draft, so somebody else has to publish it.")


class NotReviewed(Conflict):
    """A draft is reviewed before it is published."""

    code = "version_not_reviewed"
    template = gettext_noop(
        "Version {number} of {product} has not been reviewed yet. Have it reviewed by a second person."
    )


def check_review(*, person: int, name: str, authors: Collection[int]) -> None:
    """This will raise OwnReview when the person worked on the draft."""
    if person in authors:
        raise OwnReview(name=name)


def check_publication(
    *, person: int, name: str, authors: Collection[int], reviewed: bool, product: str, number: int
) -> None:
    """This will raise NotReviewed or OwnPublication when the person may not publish the draft."""
    if not reviewed:
        raise NotReviewed(product=product, number=number)
    if person in authors:
        raise OwnPublication(name=name)
