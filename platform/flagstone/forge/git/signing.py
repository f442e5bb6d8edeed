"""Signs commits with an ssh key, as `git commit -S` with `gpg.format=ssh` does.

The signature is made in this process: the key is never in a file, an argument or another process.
"""

from __future__ import annotations

import base64
import hashlib
import struct
from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_ssh_private_key,
)

from flagstone.forge.errors import UnfitSecret

_NAMESPACE: Final = b"git"
_HASH: Final = b"sha512"
_MAGIC: Final = b"SSHSIG"
_LINE: Final = 70
_SMALLEST_RSA: Final = 2048


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private ssh key that signs the same commit in the same way every time.

    Args:
        text: The key as `ssh-keygen -t ed25519 -N ''` writes it, in OpenSSH's own format.

    Raises:
        UnfitSecret: It is no such key, has a passphrase, or is of a kind whose signatures differ each time.
    """

    text: str = field(repr=False)

    def __post_init__(self) -> None:
        self._private()

    @property
    def public(self) -> str:
        """The public half in one line, as a code host wants it registered."""
        key = self._private().public_key()
        return key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()

    def signed(self, commit: bytes) -> bytes:
        """Return a commit object with its signature in it.

        Args:
            commit: The unsigned object's content, without git's own header of type and size.
        """
        head, blank, message = commit.partition(b"\n\n")
        first, *more = self._signature(commit).splitlines()
        signature = b"\n".join([b"gpgsig " + first, *(b" " + line for line in more)])
        return head + b"\n" + signature + blank + message

    def _signature(self, data: bytes) -> bytes:
        """Return an armoured signature of OpenSSH's format SSHSIG."""
        digest = hashlib.sha512(data).digest()
        about = _NAMESPACE, b"", _HASH
        signed = _MAGIC + b"".join(map(_string, (*about, digest)))
        private = self._private()
        if isinstance(private, RSAPrivateKey):
            kind, proof = b"rsa-sha2-512", private.sign(signed, PKCS1v15(), hashes.SHA512())
        else:
            kind, proof = b"ssh-ed25519", private.sign(signed)
        public = base64.b64decode(self.public.split()[1])
        fields = (public, *about, _string(kind) + _string(proof))
        body = base64.b64encode(_MAGIC + struct.pack(">I", 1) + b"".join(map(_string, fields)))
        lines = [body[at : at + _LINE] for at in range(0, len(body), _LINE)]
        return b"\n".join(
            [b"-----BEGIN SSH SIGNATURE-----", *lines, b"-----END SSH SIGNATURE-----"]
        )

    def _private(self) -> Ed25519PrivateKey | RSAPrivateKey:
        try:
            key = load_ssh_private_key(self.text.strip().encode() + b"\n", password=None)
        except TypeError:
            raise UnfitSecret(
                "The signing key has a passphrase, and nobody is there to type it. "
                "Remove it with `ssh-keygen -p -N ''`, or make a key without one."
            ) from None
        except (ValueError, UnsupportedAlgorithm):
            raise UnfitSecret(
                "The signing key cannot be read. Give a private key in OpenSSH's format, "
                "such as `ssh-keygen -t ed25519 -N ''` makes."
            ) from None  # the cause may hold the key
        if isinstance(key, RSAPrivateKey) and key.key_size >= _SMALLEST_RSA:
            return key
        if isinstance(key, Ed25519PrivateKey):
            return key
        raise UnfitSecret(
            f"A signing key has to be ed25519, or RSA of {_SMALLEST_RSA} bits or more: the other "
            "kinds sign the same commit differently each time, or are broken. "
            "Make one with `ssh-keygen -t ed25519 -N ''`."
        )


def _string(data: bytes) -> bytes:
    """Write bytes as ssh does: their number, then themselves."""
    return struct.pack(">I", len(data)) + data
