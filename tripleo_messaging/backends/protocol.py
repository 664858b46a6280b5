# SPDX-License-Identifier: Apache-2.0
"""What a messaging product declares of itself.

A product is one file in this package with one `Backend` value. What differs between products is
a field or a callable of that value; nothing elsewhere asks which product it has before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, Optional

import attrs

from tripleo_messaging.model.finding import Finding
from tripleo_messaging.model.hiera_key import HieraKey
from tripleo_messaging.model.plan import Plan, ServiceName, Tls
from tripleo_messaging.model.release import Release, Version
from tripleo_messaging.model.secret import Secret, Secrets
from tripleo_messaging.model.topology import Cluster, Login, Member, Service, Topology

HieraData = Mapping[str, Any]


@attrs.frozen(kw_only=True)
class Support:
    """Whether a product serves a messaging service, by the oslo.messaging of the release.

    Attributes:
        possible: ``False`` when no release can do it.
        since: first oslo.messaging that can.
        until: first oslo.messaging that no longer can; ``None`` when the newest can.
        reason: why not, where it cannot; one clause.
        way_out: what to use instead; one clause.
    """

    possible: bool = True
    since: Version = (0,)
    until: Optional[Version] = None
    reason: str = ""
    way_out: str = ""

    def holds_for(self, release: Release) -> bool:
        """Tell whether the services of a release can use the product so."""
        version = release.oslo_messaging
        return self.possible and self.since <= version and (self.until is None or version < self.until)


@attrs.frozen(kw_only=True)
class PortUse:
    """A range of TCP ports that an instance listens on.

    Attributes:
        purpose: what for, e.g. ``client listener``.
        first: first port.
        last: last port, the first included.
        is_shared: whether all instances of a host share one listener for that purpose.
        reach: who connects to it: ``clients`` of the services, the ``members`` of the cluster alone, or
            nobody beyond the ``host``.
    """

    purpose: str
    first: int
    last: int
    is_shared: bool = False
    reach: Literal["clients", "members", "host"] = "host"


def no_memory_share(_cluster: Cluster) -> float:
    """Claim no part of a host's memory."""
    return 0.0


@attrs.frozen(kw_only=True)
class Accounts:
    """Who and what there is on the brokers of a cluster.

    Attributes:
        users: by name.
        virtual_hosts: by name.
        permissions: user and virtual host of each.
    """

    users: frozenset[str] = frozenset()
    virtual_hosts: frozenset[str] = frozenset()
    permissions: frozenset[tuple[str, str]] = frozenset()


def no_accounts(_level: HieraData) -> Accounts:
    """Find none."""
    return Accounts()


@attrs.frozen(kw_only=True)
class Connection:
    """A client that is logged in to a cluster.

    Attributes:
        user_name: as whom.
        address: where it connects from.
        process: what it calls itself, e.g. ``nova-compute:4711``; empty where it does not.
        age_s: seconds since it connected; ``None`` where the broker does not say.
        virtual_host: where it is.
    """

    user_name: str
    address: str
    process: str
    age_s: Optional[float]
    virtual_host: str


@attrs.frozen(kw_only=True)
class Probes:
    """How the brokers of a cluster are asked; the last argument is how many seconds an answer may take.

    Attributes:
        log_in: logs in to one member, as clients do, with an account whose password it is given, and leaves
            again; raises `RefusedLoginError` where the broker knows better, `UnansweredError` where it does
            not answer.
        connections: lists who is logged in to the whole cluster, by the URL of a management API and the
            password of our account there; raises `UnansweredError`, also when it cannot see every member.
        management_url: where that API is on each member, for one who is on that host.
        monitor_secret: name of the secret that is the password of that account.
    """

    log_in: Callable[[Cluster, Member, Login, Secret, float], None]
    connections: Callable[[Cluster, str, Secret, float], tuple[Connection, ...]]
    management_url: Callable[[Cluster], str]
    monitor_secret: str


def numbered_user(user_name: str, number: int) -> str:
    """Name the account that takes turns with others; the first has the name that the plan gives."""
    return user_name if number == 1 else f"{user_name}-{number}"


def no_stop(_former: HieraData, _now: HieraData) -> Iterable[str]:
    """Stop nobody."""
    return ()


@attrs.frozen(kw_only=True)
class Server:
    """How to run a product's brokers.

    Attributes:
        cluster_data: hieradata that is the same on all members of a cluster.
        member_data: hieradata of one member's own, from the clusters on that host and its inventory name.
        ports: what an instance of the cluster listens on.
        cluster_secrets: by service, name of the secret that the members of its cluster share.
        keys: the hieradata keys that `cluster_data` and `member_data` write.
        memory_share: part of a host's memory that an instance of the cluster may take, from 0 to 1.
        accounts: those that the hieradata of a cluster, as `cluster_data` made it once, sets up.
        stopped_by: what all members have to be stopped for, from the hieradata of a cluster that
            `cluster_data` made once and makes now; one clause each.
        numbered_user: name of the account that replaces the plan's, from the plan's name and a number.
        probes: how its brokers are asked; ``None`` where they cannot be.
    """

    cluster_data: Callable[[Cluster, Topology, Secrets], HieraData]
    member_data: Callable[[tuple[Cluster, ...], str], HieraData]
    ports: Callable[[Cluster], tuple[PortUse, ...]]
    cluster_secrets: Mapping[ServiceName, str]
    keys: tuple[HieraKey, ...]
    memory_share: Callable[[Cluster], float] = no_memory_share
    accounts: Callable[[HieraData], Accounts] = no_accounts
    stopped_by: Callable[[HieraData, HieraData], Iterable[str]] = no_stop
    numbered_user: Callable[[str, int], str] = numbered_user
    probes: Optional[Probes] = None


@attrs.frozen(kw_only=True)
class Backend:
    """One messaging product.

    Attributes:
        name: as in the plan, e.g. ``rabbitmq``.
        scheme: oslo.messaging transport specifier; ``None`` when the operator states it.
        support: by service.
        stores_messages: whether a message is kept until somebody reads it.
        default_ports: TCP port by service, where the plan has none.
        default_instances: name of the broker process by service.
        has_virtual_hosts: whether the URL may name a virtual host.
        client_packages: packages a client host needs, for the services of a release.
        url_query: ``key, value`` pairs of the transport URL's query, in order.
        check: findings about the service of a plan that has this backend.
        server: how to run brokers; ``None`` when this version runs none of them.
    """

    name: str
    scheme: Optional[str]
    support: Mapping[ServiceName, Support]
    stores_messages: bool
    default_ports: Mapping[ServiceName, int]
    default_instances: Mapping[ServiceName, str]
    has_virtual_hosts: bool
    client_packages: Callable[[Release], tuple[str, ...]]
    url_query: Callable[[Service, Release], tuple[tuple[str, str], ...]]
    check: Callable[[Plan, ServiceName], Iterable[Finding]]
    server: Optional[Server] = None

    @property
    def is_external(self) -> bool:
        """Whether somebody else runs the brokers, so that the operator states hosts and scheme."""
        return self.scheme is None


def options_query(service: Service) -> tuple[tuple[str, str], ...]:
    """Return the driver options of a service as pairs of a transport URL's query, in order of their names."""
    return tuple((name, _option_text(value)) for name, value in sorted(service.options.items()))


def tls_files_query(tls: Tls, ca_file: str, certificate: str, key: str) -> tuple[tuple[str, str], ...]:
    """Return the files of a service's TLS as pairs of a URL's query, by the names that a driver has for them.

    Without TLS there are none, and no CA where the broker is not to be verified.
    """
    files = {
        ca_file: tls.ca_file if tls.verify else None,
        certificate: tls.client_certificate_file,
        key: tls.client_key_file,
    }
    return tuple((name, path) for name, path in files.items() if path and tls.enabled)


def _option_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def no_findings(*_: object) -> Iterable[Finding]:
    """Find nothing."""
    return ()
