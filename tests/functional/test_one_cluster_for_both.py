# SPDX-License-Identifier: Apache-2.0
"""The main job: the default plan to hieradata, to a running broker, to messages over it."""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import pytest

from tests.support import brokers, hieradata, puppet
from tests.support.namespaces import NamespaceHost, lab
from tests.support.oslo_client import OsloClient, oslo_client


@attrs.frozen
class Deployment:
    """The default plan, which is for one host alone, applied there, and two processes of services."""

    host: NamespaceHost
    rendered: hieradata.Rendered
    first_run: puppet.PuppetRun
    server: OsloClient
    client: OsloClient


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Render, install and apply, once."""
    with lab({"ctl-0": "10.99.0.11"}, hieradata.DOMAIN) as hosts:
        host = hosts["ctl-0"]
        rendered = hieradata.render(tmp_path_factory.mktemp("default"), host.prefix)
        rendered.install(host, "localhost")
        first_run = puppet.apply(host)
        with oslo_client(host) as server, oslo_client(host) as client:
            yield Deployment(host, rendered, first_run, server, client)


def test_first_run_succeeds(deployment: Deployment):
    """Puppet reports changes and no failure, and the secrets are not in what it prints."""
    assert deployment.first_run.code == 2, deployment.first_run.output
    printed = deployment.first_run.output + deployment.rendered.output
    assert [secret for secret in hieradata.SECRETS.values() if secret in printed] == []


def test_rpc_goes_round(deployment: Deployment):
    """A call is answered, a cast reaches one server, a fanout cast reaches all."""
    url = deployment.rendered.url("rpc")
    for name in ("one", "two"):
        deployment.server.ask("serve", url=url, topic="rpc_topic", server=name)
    answer = deployment.client.ask("call", url=url, topic="rpc_topic", text="a call")
    assert answer in {"one heard a call", "two heard a call"}
    deployment.client.ask("cast", url=url, topic="rpc_topic", text="a cast")
    deployment.client.ask("cast", url=url, topic="rpc_topic", text="a fanout", fanout=True)

    def heard(text: str) -> list[str]:
        return sorted(line for line in deployment.server.ask("received") if line.endswith(text))

    both = ["one heard a fanout", "two heard a fanout"]
    assert brokers.wait_for(lambda: heard("a fanout") == both, "the fanout cast")
    assert brokers.wait_for(lambda: len(heard("a cast")) == 1, "the cast")


def test_notification_goes_round(deployment: Deployment):
    """A notification waits for its reader, who comes later, and arrives whole."""
    url = deployment.rendered.url("notify")
    topic = "notifications"
    deployment.client.ask("notify", url=url, topic=topic, event="instance.created", payload={"id": 7})
    deployment.server.ask("listen", url=url, topic=topic)
    wanted = 'tests instance.created {"id": 7}'
    assert brokers.wait_for(lambda: wanted in deployment.server.ask("received"), "the notification")


def test_second_run_changes_nothing(deployment: Deployment):
    """Puppet reports no change, and the broker is the same process."""
    pid = brokers.broker_pid(deployment.host)
    run = puppet.apply(deployment.host)
    assert (run.code, brokers.broker_pid(deployment.host)) == (0, pid), run.output


def test_command_line_of_the_distribution_reaches_the_broker(deployment: Deployment):
    """The default instance is where the product's own tools look for it."""
    assert "RabbitMQ version" in deployment.host.must_run("rabbitmqctl", "status")
