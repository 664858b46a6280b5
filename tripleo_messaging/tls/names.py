# SPDX-License-Identifier: Apache-2.0
"""Whether a certificate stands for a host, as Python and OpenSSL see it.

The common name says nothing. A wildcard is the whole leftmost label, stands for one label, and has two or
more behind it. An address of a URL must be among the addresses of the certificate.
Source: RFC 6125, section 6.4; OpenSSL, ``X509_check_host`` with the flag ``NO_PARTIAL_WILDCARDS``.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Optional

from tripleo_messaging.tls.certificates import Certificate

_LABEL = "[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_WILDCARD = re.compile(rf"\*((?:\.{_LABEL}){{2,}})", re.IGNORECASE)
_ONE_LABEL = re.compile(r"[a-z0-9-]+", re.IGNORECASE)


def stands_for(certificate: Certificate, host: str) -> bool:
    """Tell whether a certificate is one of a host.

    Args:
        certificate: of the server.
        host: DNS name or IP address as in a URL, IPv6 without brackets.
    """
    address = _address(host)
    if address is not None:
        return address in certificate.addresses
    return any(_matches(name, host) for name in certificate.names)


def _address(host: str) -> Optional[str]:
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return None


def _matches(name: str, host: str) -> bool:
    wildcard = _WILDCARD.fullmatch(name)
    if wildcard is None:
        return name.lower() == host.lower()
    label, _, rest = host.partition(".")
    return f".{rest}".lower() == wildcard[1].lower() and _ONE_LABEL.fullmatch(label) is not None
