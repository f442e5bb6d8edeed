"""The HTTP session for servers of others: a redirect is an answer like any other, neither followed nor looked into."""

from __future__ import annotations

import requests


class Unredirected(requests.Session):
    """A session that never makes anything of a redirect.

    `allow_redirects=False` is not enough: requests reads the body all the same, however long it is, and takes the new
    address apart, which fails on an odd one.
    """

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Tell that there is nowhere to go."""
