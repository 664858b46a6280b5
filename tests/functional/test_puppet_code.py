# SPDX-License-Identifier: Apache-2.0
"""The Puppet code by itself: syntax, style, and the catalogs it makes, no broker running."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import levels, puppet
from tests.support.namespaces import NamespaceHost, lab

OWN_CLASS = """
class tripleo::profile::base::own {
  notify { 'a class of the other tripleo': }
}
"""


@pytest.fixture(scope="module")
def node() -> Iterator[NamespaceHost]:
    """A host on which catalogs are compiled."""
    with lab({"ctl-0": "10.99.0.11"}, "internalapi.localdomain") as hosts:
        yield hosts["ctl-0"]


def install_member(node: NamespaceHost, **keys: Any) -> None:
    """Put the hieradata of a member of two clusters on the node."""
    instances = {"rabbit": levels.instance(node), "rabbit_notify": levels.second_instance(node)}
    secrets = {name: levels.secrets() for name in instances}
    member = {"tripleo_messaging::local_backends": ["rabbitmq"]}
    levels.install_levels(node, **{"instances": instances, "instance_secrets": secrets, **member, **keys})


@pytest.mark.parametrize(
    ("command", "suffix"),
    [
        (("puppet", "parser", "validate"), ".pp"),
        (("puppet", "epp", "validate"), ".epp"),
        (("puppet-lint", "--fail-on-warnings"), ".pp"),
    ],
    ids=["parser", "epp", "lint"],
)
def test_code_is_valid_and_in_style(command: tuple[str, ...], suffix: str):
    """Every manifest and template parses, and puppet-lint has nothing to say about the manifests."""
    files = [str(path) for path in sorted(puppet.SHIMS.rglob(f"*{suffix}"))]
    assert files
    done = subprocess.run([*command, *files], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_client_gets_no_broker(node: NamespaceHost):
    """A node that is a member of nothing gets the client's packages alone, each once."""
    packages = ["python3-one", "python3-two"]
    levels.install_levels(
        node, messaging_rpc_client_packages=packages, messaging_notify_client_packages=["python3-two"]
    )
    catalog = puppet.compile_catalog(node, puppet.PROFILE)
    assert list(puppet.resources(catalog, "Package")) == packages
    assert "Tripleo_messaging::Rabbitmq" not in puppet.resources(catalog, "Class")
    assert not puppet.resources(catalog, "Service")
    assert not puppet.resources(catalog, "File")


def authorities(rpc: str, notify: str) -> dict[str, str]:
    """Return the keys by which both services have their authorities in one file."""
    texts = {"rpc": rpc, "notify": notify}
    contents = {f"messaging_{name}_ssl_ca_certificates": text for name, text in texts.items()}
    return {**contents, **{f"messaging_{name}_ssl_ca_file": "/etc/pki/ca.crt" for name in texts}}


def test_services_may_have_one_file_of_authorities(node: NamespaceHost):
    """Two services that name one file with one content get it once, and its directory is left alone."""
    certificate = "-----BEGIN CERTIFICATE-----\n"
    levels.install_levels(node, **authorities(certificate, certificate))
    files = puppet.resources(puppet.compile_catalog(node, puppet.PROFILE), "File")
    assert list(files) == ["/etc/pki/ca.crt"]
    assert (files["/etc/pki/ca.crt"]["mode"], files["/etc/pki/ca.crt"]["content"]) == ("0644", certificate)


def test_one_file_of_authorities_has_one_content(node: NamespaceHost):
    """Two services that want other certificates in one file stop the run with a message of ours."""
    levels.install_levels(node, **authorities("CERTIFICATE of RPC", "CERTIFICATE of Notify"))
    run = puppet.apply(node, puppet.PROFILE, "--noop")
    assert run.code == 1
    assert "/etc/pki/ca.crt is to hold the certificates of notify, and the catalog has" in run.output


def test_disabled_service_brings_nothing(node: NamespaceHost):
    """Without a notify backend its client packages are not installed."""
    packages = {"messaging_notify_client_packages": ["python3-two"]}
    levels.install_levels(node, messaging_notify_enabled=False, **packages)
    assert not puppet.resources(puppet.compile_catalog(node, puppet.PROFILE), "Package")


def test_secrets_are_sensitive_in_the_catalog(node: NamespaceHost):
    """Wherever a cookie or password hash stands in the catalog, that parameter is marked sensitive."""
    install_member(node)
    catalog = puppet.compile_catalog(node, puppet.PROFILE)
    holders = [
        (resource["title"], parameter, parameter in resource.get("sensitive_parameters", []))
        for resource in catalog["resources"]
        for parameter, value in resource.get("parameters", {}).items()
        if levels.COOKIE in json.dumps(value) or "password_hash" in json.dumps(value)
    ]
    assert ("/etc/rabbitmq/erlang_cookie", "content", True) in holders
    assert [holder for holder in holders if not holder[2]] == []


def test_files_with_secrets_show_no_diff(node: NamespaceHost):
    """Cookie and definitions are never shown as a difference nor kept, and the broker alone reads them."""
    install_member(node)
    files = puppet.resources(puppet.compile_catalog(node, puppet.PROFILE), "File")
    for path in ("/etc/rabbitmq/erlang_cookie", "/etc/rabbitmq/definitions.json"):
        assert (files[path]["owner"], files[path]["group"], files[path]["mode"]) == (
            "root",
            "rabbitmq",
            "0640",
        )
        assert (files[path]["show_diff"], files[path]["backup"]) == (False, False)


def test_missing_secrets_say_the_way_out(node: NamespaceHost):
    """An instance without its secrets stops the run with a message of ours."""
    install_member(node, instance_secrets={})
    run = puppet.apply(node, puppet.PROFILE, "--noop")
    assert run.code == 1
    assert "instance_secrets has no entry 'rabbit': render and install the hieradata again" in run.output


def test_wrong_type_is_named_and_no_secret_told(node: NamespaceHost):
    """A setting of the wrong type is refused by its name, and the secrets beside it stay hidden."""
    install_member(node, instances={"rabbit": {**levels.instance(node), "file_limit": "many"}})
    run = puppet.apply(node, puppet.PROFILE, "--noop")
    assert run.code == 1
    assert "file_limit" in run.output
    assert levels.COOKIE not in run.output


def test_wrong_secret_is_not_told(node: NamespaceHost):
    """A cookie that is refused for its characters is not part of the message."""
    install_member(node, instance_secrets={"rabbit": levels.secrets(cookie=f"{levels.COOKIE} ")})
    run = puppet.apply(node, puppet.PROFILE, "--noop")
    assert run.code == 1
    assert levels.COOKIE not in run.output


def test_unit_files_are_valid(node: NamespaceHost):
    """With systemd the default instance keeps its unit, the other has ours, and systemd accepts both."""
    install_member(node, tripleo_messaging__rabbitmq__systemd=True)
    catalog = puppet.compile_catalog(node, puppet.PROFILE)
    files = puppet.resources(catalog, "File")
    units = {
        path: file["content"]
        for path, file in files.items()
        if path.startswith("/etc/systemd/") and file.get("ensure") != "directory"
    }
    assert set(units) == {
        "/etc/systemd/system/rabbitmq-server.service.d/tripleo_messaging.conf",
        "/etc/systemd/system/rabbitmq-server-rabbit_notify.service",
        "/etc/systemd/system/epmd.socket.d/tripleo_messaging.conf",
    }
    for path, content in units.items():
        node.write(path, content)
    node.must_run("mkdir", "-p", "/var/lib/rabbit_notify")
    services = puppet.resources(catalog, "Service")
    assert set(services) == {"rabbitmq-server", "rabbitmq-server-rabbit_notify"}
    for unit in (*(f"{service}.service" for service in services), "epmd.socket"):
        verdict = node.run("systemd-analyze", "verify", "--man=no", unit)
        assert (verdict.returncode, verdict.stderr) == (0, "")


def test_another_tripleo_module_works_beside_ours(node: NamespaceHost, tmp_path: Path):
    """Behind a `tripleo` module of somebody else our own module still works, and so does that one's class."""
    other = _other_tripleo(tmp_path)
    install_member(node)
    manifest = "include tripleo::profile::base::own\ninclude tripleo_messaging::rabbitmq"
    catalog = puppet.compile_catalog(node, manifest, f"{other}:{puppet.SHIMS}")
    assert "a class of the other tripleo" in puppet.resources(catalog, "Notify")
    assert "rabbitmq-server" in puppet.resources(catalog, "Service")


def test_thin_classes_work_in_another_tripleo_module(node: NamespaceHost, tmp_path: Path):
    """Copied into somebody else's `tripleo` module, our classes do there what they do in ours."""
    other = _other_tripleo(tmp_path)
    shutil.copytree(puppet.SHIMS / "tripleo", other / "tripleo", dirs_exist_ok=True)
    install_member(node)
    manifest = f"include tripleo::profile::base::own\n{puppet.PROFILE}"
    catalog = puppet.compile_catalog(node, manifest, f"{other}:{puppet.SHIMS}")
    assert "a class of the other tripleo" in puppet.resources(catalog, "Notify")
    assert "rabbitmq-server-rabbit_notify" in puppet.resources(catalog, "Service")


def _other_tripleo(directory: Path) -> Path:
    manifest = directory / "modules" / "tripleo" / "manifests" / "profile" / "base" / "own.pp"
    manifest.parent.mkdir(parents=True)
    manifest.write_text(OWN_CLASS, encoding="utf-8")
    return directory / "modules"
