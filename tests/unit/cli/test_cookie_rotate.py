# SPDX-License-Identifier: Apache-2.0
"""``passwords cookie rotate``: a new cookie is kept before it is rendered, and none is made twice."""

from __future__ import annotations

import json
import shutil

import attrs
import pytest

from tripleo_messaging.cli.store_options import open_store

INVENTORY = """\
all:
  children:
    rpc_nodes:
      hosts:
        ctl-0: {internal_api_ip: 172.17.0.10, internal_api_hostname: ctl-0.internalapi}
        ctl-1: {internal_api_ip: 172.17.0.11, internal_api_hostname: ctl-1.internalapi}
    notify_nodes:
      hosts:
        msg-0: {internal_api_ip: 172.17.0.20, internal_api_hostname: msg-0.internalapi}
    computes:
      hosts:
        cmp-0: {internal_api_ip: 172.17.0.30, internal_api_hostname: cmp-0.internalapi}
"""
PLAN = "rpc: {nodes: rpc_nodes}\nnotify: {backend: rabbitmq, nodes: notify_nodes}\n"
BY_CLUSTER = {"rpc": "RabbitCookie", "notify": "RabbitNotifyCookie"}


@attrs.frozen
class Cloud:
    """A plan for two clusters, its store and its tree."""

    run: object
    directory: object

    @property
    def options(self):
        """The options of every command that reads the plan and renders it."""
        files = {
            "--plan": "plan.yaml",
            "-i": "inventory.yaml",
            "--store": "secrets.store",
            "--key-file": "store.key",
        }
        words = [word for name, file in files.items() for word in (name, self.directory / file)]
        return (*words, "--output", self.tree)

    @property
    def tree(self):
        """Where the hieradata is."""
        return self.directory / "hieradata"

    def rotate(self, *words):
        """Rotate with further options."""
        return self.run("passwords", "cookie", "rotate", *self.options, *words)

    def snapshot(self):
        """Return what the store holds."""
        return open_store(self.directory / "secrets.store", self.directory / "store.key").read()

    def kept(self):
        """Return the cookies of the store by cluster."""
        secrets = self.snapshot().content.secrets
        return {cluster: secrets[name].secret.reveal() for cluster, name in BY_CLUSTER.items()}

    def rendered(self):
        """Return the cookies of the hieradata by cluster."""
        return {cluster: self._rendered(cluster) for cluster in BY_CLUSTER}

    def _rendered(self, cluster):
        level = json.loads((self.tree / "clusters" / f"{cluster}.json").read_text())
        (secrets,) = level["tripleo_messaging::rabbitmq::instance_secrets"].values()
        return secrets["erlang_cookie"]


@pytest.fixture
def cloud(run, write, tmp_path):
    """A cloud that was rendered once."""
    write("plan.yaml", PLAN)
    write("inventory.yaml", INVENTORY)
    cloud = Cloud(run, tmp_path)
    ran = run("hieradata", "render", *cloud.options, "--generate")
    assert ran.status == 0, ran.err
    return cloud


def test_one_cluster_gets_a_new_cookie(cloud):
    """That of the other cluster stays; store and hieradata have the same, and the audit says who and what."""
    before = cloud.kept()
    assert cloud.rotate("--cluster", "rpc").status == 0
    after = cloud.kept()
    assert after["rpc"] != before["rpc"]
    assert after["notify"] == before["notify"]
    assert cloud.rendered() == after
    entry = cloud.snapshot().content.audit[-1]
    assert (entry.action, entry.names) == ("passwords cookie rotate", ("RabbitCookie",))
    assert cloud.snapshot().content.secrets["RabbitCookie"].source == "generated"


def test_the_report_names_members_alone(cloud):
    """Who needs an apply, what not to do meanwhile, and how to see that all have it; no cookie."""
    ran = cloud.rotate("--cluster", "rpc")
    assert (
        ran.out
        == f"""\
Made RabbitCookie; kept in {cloud.directory}/secrets.store
Hieradata in {cloud.tree}

To run next, as root, and then Puppet, on ctl-0, ctl-1
  tripleo-messaging hieradata install --node HOST --data {cloud.tree}

The cluster rpc: ctl-0, ctl-1
  Puppet tells the running brokers and restarts none. Until all have the new cookie, restart no
  broker there and no host: who starts finds only members that have the same one.
  Then, on ctl-0, each of them answers to the new cookie:
    /etc/rabbitmq/run rabbitmq-diagnostics ping --node rabbit@ctl-0.internalapi
    /etc/rabbitmq/run rabbitmq-diagnostics ping --node rabbit@ctl-1.internalapi
"""
    )
    assert not any(cookie in ran.out + ran.err for cookie in cloud.kept().values())


def test_every_cluster_without_a_choice(cloud):
    """Without --cluster each gets a cookie of its own, and the members of all need an apply."""
    before = cloud.kept()
    ran = cloud.rotate()
    after = cloud.kept()
    assert len({*before.values(), *after.values()}) == len(before) * 2
    assert cloud.rendered() == after
    assert "and then Puppet, on ctl-0, ctl-1, msg-0\n" in ran.out
    assert "rabbit_notify@msg-0.internalapi" in ran.out


def test_interrupted_before_the_hieradata_it_goes_on(cloud):
    """As long as the tree has not the store's cookie, none is made: it is rendered, for the same hosts."""
    shutil.copytree(cloud.tree, cloud.directory / "former")
    first = cloud.rotate("--cluster", "rpc")
    kept, revision = cloud.kept(), cloud.snapshot().revision
    shutil.rmtree(cloud.tree)
    (cloud.directory / "former").rename(cloud.tree)
    second = cloud.rotate("--cluster", "rpc")
    assert (cloud.kept(), cloud.rendered(), cloud.snapshot().revision) == (kept, kept, revision)
    assert second.out.splitlines()[0] == (
        "Made no new cookie: the hieradata did not have the store's RabbitCookie yet"
    )
    assert second.out.splitlines()[1:] == first.out.splitlines()[1:]


def test_hieradata_that_cannot_be_written_loses_no_cookie(cloud):
    """The new cookie is kept first, and rendered by the next call."""
    foreign = cloud.tree / "foreign"
    foreign.write_text("not ours")
    before = cloud.kept()
    assert cloud.rotate("--cluster", "rpc").status == 3
    kept = cloud.kept()
    assert kept["rpc"] != before["rpc"]
    assert cloud.rendered() == before
    foreign.unlink()
    assert cloud.rotate("--cluster", "rpc").status == 0
    assert (cloud.kept(), cloud.rendered()) == (kept, kept)


def test_repeated_it_rotates_again(cloud):
    """Once the hieradata has the cookie of the store, the next call makes another, and asks nothing."""
    cookies = {cloud.kept()["rpc"]}
    for _ in range(2):
        assert cloud.rotate("--cluster", "rpc").status == 0
        cookies.add(cloud.kept()["rpc"])
    assert len(cookies) == 3
    assert cloud.rendered() == cloud.kept()


def test_another_change_of_the_plan_names_its_hosts(cloud, write):
    """What else is rendered reaches hosts that the cookie does not concern."""
    write("plan.yaml", PLAN.replace("nodes: rpc_nodes", "nodes: rpc_nodes, port: 5679"))
    ran = cloud.rotate("--cluster", "rpc")
    assert "and then Puppet, on ctl-0, ctl-1, msg-0, cmp-0\n" in ran.out
    assert "The cluster notify" not in ran.out


def test_many_hosts_are_counted(cloud, write):
    """Of a change that reaches a whole fleet the report says so in one line."""
    fleet = "".join(f"        cmp-{number}: {{}}\n" for number in range(1, 30))
    write("inventory.yaml", INVENTORY + fleet)
    write("plan.yaml", PLAN.replace("nodes: rpc_nodes", "nodes: rpc_nodes, port: 5679"))
    ran = cloud.rotate("--cluster", "rpc")
    assert "and then Puppet, on every host of the inventory (33 hosts)\n" in ran.out


def test_a_store_that_is_not_there_is_no_store_afterwards(cloud):
    """What is missing is named with the way out, and nothing is made."""
    (cloud.directory / "secrets.store").unlink()
    ran = cloud.rotate()
    assert ran.status == 1
    assert "'passwords generate'" in ran.err
    assert not (cloud.directory / "secrets.store").exists()


def test_an_error_in_the_plan_changes_nothing(cloud, write):
    """Neither store nor hieradata are touched, and the finding is shown."""
    before, revision = cloud.rendered(), cloud.snapshot().revision
    write("plan.yaml", "rpc: {port: 0}\n")
    ran = cloud.rotate()
    assert (ran.status, ran.out) == (1, "")
    assert "is not a TCP port" in ran.err
    assert (cloud.rendered(), cloud.snapshot().revision) == (before, revision)


def test_a_cluster_that_is_not_there_is_refused(cloud, write):
    """Where RPC's cluster serves both, there is no other to name."""
    write("plan.yaml", "rpc: {nodes: rpc_nodes}\n")
    cloud.run("hieradata", "render", *cloud.options)
    ran = cloud.rotate("--cluster", "notify")
    assert ran.status == 2
    assert ran.err == "error: --cluster: no cluster notify of RabbitMQ is ours in this plan; there is rpc\n"


def test_a_cookie_stated_elsewhere_is_refused(cloud, write):
    """An environment file would bring the old cookie back; file and line are named, and nothing changes."""
    kept = cloud.kept()
    write("inventory.yaml", INVENTORY.replace("rpc_nodes", "oslo_messaging_rpc"))
    environment = write("site.yaml", f"parameter_defaults:\n  RabbitCookie: {kept['rpc']}\n")
    options = ("-e", environment, *cloud.options[2:])
    assert cloud.run("hieradata", "render", *options).status == 0
    ran = cloud.run("passwords", "cookie", "rotate", *options)
    assert ran.status == 1
    expected = (
        f"error: {environment}:2: RabbitCookie is stated there, too; take it out, as the store keeps it\n"
    )
    assert ran.err.endswith(expected)
    assert cloud.kept() == kept


def test_without_a_store_it_is_refused(cloud):
    """A file of plain secrets is not rotated."""
    words = ("--plan", cloud.directory / "plan.yaml", "--output", cloud.tree)
    ran = cloud.run("passwords", "cookie", "rotate", *words)
    assert ran.status == 2
    assert "--store FILE is needed" in ran.err


def test_only_one_command_at_a_time(cloud):
    """While another holds the lease, nothing is read and nothing written."""
    before = cloud.kept()
    store = open_store(cloud.directory / "secrets.store", cloud.directory / "store.key")
    with store.lease():
        assert cloud.rotate().status == 3
    assert cloud.kept() == before
