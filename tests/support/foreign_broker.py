# SPDX-License-Identifier: Apache-2.0
"""A RabbitMQ that somebody else runs: nothing of it comes from this project."""

from __future__ import annotations

import base64
import hashlib
import json

import attrs

from tests.support.brokers import wait_for
from tests.support.certificates import KeyPair
from tests.support.namespaces import NamespaceHost

_HOME = "/var/lib/foreign"
_TOOLS = "/usr/lib/rabbitmq/bin"
_SALT = b"salt"

_CONFIGURATION = """
listeners.tcp = none
listeners.ssl.1 = {address}:{port}
ssl_options.cacertfile = {home}/ca.crt
ssl_options.certfile = {home}/server.crt
ssl_options.keyfile = {home}/server.key
ssl_options.verify = verify_peer
ssl_options.fail_if_no_peer_cert = {asks}
load_definitions = {home}/definitions.json
"""


@attrs.frozen(kw_only=True)
class ForeignBroker:
    """A running one.

    Attributes:
        host: where it runs.
        port: its listener, which speaks TLS alone.
    """

    host: NamespaceHost
    port: int

    def run(self, tool: str, *arguments: str) -> str:
        """Run one of RabbitMQ's tools on it and return what that printed."""
        return self.host.must_run(*_command(self.host, tool), *arguments)

    def definitions(self) -> dict[str, object]:
        """Return users, virtual hosts, permissions, policies and queues, as the broker exports them."""
        return json.loads(self.run("rabbitmqctl", "-s", "export_definitions", "-"))


def start_foreign_broker(
    host: NamespaceHost,
    *,
    user: str,
    password: str,
    virtual_host: str,
    certificate: KeyPair,
    authority: KeyPair,
    port: int = 5671,
    asks_for_certificates: bool = False,
) -> ForeignBroker:
    """Start one with an account, on TLS alone; it ends with its host.

    Args:
        host: where.
        user: the only account, with all permissions.
        password: its password.
        virtual_host: the only virtual host.
        certificate: of the listener.
        authority: the CA of the certificates that clients may show.
        port: of the listener.
        asks_for_certificates: whether a client without a certificate is turned away.
    """
    asks = str(asks_for_certificates).lower()
    files = {
        "rabbitmq.conf": _CONFIGURATION.format(address=host.address, port=port, home=_HOME, asks=asks),
        "definitions.json": _definitions(user, password, virtual_host),
        "enabled_plugins": "[].\n",
        "ca.crt": authority.certificate.decode(),
        "server.crt": certificate.certificate.decode(),
        "server.key": certificate.key.decode(),
    }
    for name, text in files.items():
        host.write(f"{_HOME}/{name}", text)
    host.must_run("chown", "-R", "rabbitmq:rabbitmq", _HOME)
    host.must_run("chmod", "0600", f"{_HOME}/server.key")
    in_background = '"$@" > /dev/null 2>&1 < /dev/null &'
    host.must_run("sh", "-c", in_background, "start", *_command(host, "rabbitmq-server"))
    broker = ForeignBroker(host=host, port=port)
    wait_for(
        lambda: broker.run("rabbitmqctl", "-q", "await_startup") is not None, f"the broker of {host.name}"
    )
    return broker


def _command(host: NamespaceHost, tool: str) -> tuple[str, ...]:
    environment = {
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        "LANG": "C.UTF-8",
        "HOME": _HOME,
        "RABBITMQ_CONF_ENV_FILE": "/dev/null",
        "RABBITMQ_NODENAME": f"foreign@{host.name}",
        "RABBITMQ_CONFIG_FILE": f"{_HOME}/rabbitmq.conf",
        "RABBITMQ_CONFIG_FILES": f"{_HOME}/none",
        "RABBITMQ_ADVANCED_CONFIG_FILE": f"{_HOME}/none.config",
        "RABBITMQ_ENABLED_PLUGINS_FILE": f"{_HOME}/enabled_plugins",
        "RABBITMQ_MNESIA_BASE": f"{_HOME}/mnesia",
        "RABBITMQ_LOG_BASE": f"{_HOME}/log",
        "RABBITMQ_PID_FILE": f"{_HOME}/pid",
        "ERL_EPMD_ADDRESS": host.address,
    }
    become = ("setpriv", "--reuid", "rabbitmq", "--regid", "rabbitmq", "--init-groups", "--")
    return (
        *become,
        "env",
        "-i",
        *(f"{name}={value}" for name, value in environment.items()),
        f"{_TOOLS}/{tool}",
    )


def _definitions(user: str, password: str, virtual_host: str) -> str:
    digest = hashlib.sha256(_SALT + password.encode()).digest()
    account = {
        "name": user,
        "password_hash": base64.b64encode(_SALT + digest).decode(),
        "hashing_algorithm": "rabbit_password_hashing_sha256",
        "tags": [],
    }
    permission = {"user": user, "vhost": virtual_host, "configure": ".*", "write": ".*", "read": ".*"}
    return json.dumps({"vhosts": [{"name": virtual_host}], "users": [account], "permissions": [permission]})
