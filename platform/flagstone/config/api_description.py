"""What the documentation of the API begins with."""

from __future__ import annotations

DESCRIPTION = """
Scaffold services with the paved path baked in, and ask what state they are in.

**Sign in** with a token from *API tokens* in the portal: `Authorization: Bearer …`. Each token has scopes: `read`,
`gate`, `scaffold`, or `write` for all that its owner may do.

**Lists** come in pages: `page` and `page_size` (at most 200); `next` is the address of the next one.

**Errors** are problem JSON (RFC 9457) with a stable `code`; `errors` names each field of a request that is wrong.

**References** name entities, such as `component:default/checkout`; kind and namespace may be left out.
"""
