# SPDX-License-Identifier: Apache-2.0
"""A secret that is looked for wherever it must not be, and the places it is planted in."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

import attrs

#: In every form of every secret here but base64 and hex; no password generator makes it by chance.
CORE = "Zq7c4naryX9w"

#: A password as they are generated.
PLAIN = f"{CORE}2Lk5"

#: A password with all that is written otherwise in a URL, in YAML, in JSON, by repr and by Hiera.
TRICKY = f"{CORE} %{{x}}'\"\\é/#?@:"


def forms(secret: str = CORE) -> tuple[bytes, ...]:
    """Return what betrays a secret, in lower case: the text, its hex, and its base64 at each alignment."""
    raw = secret.encode()
    aligned = (base64.b64encode(b"\0" * shift + raw) for shift in range(3))
    # The first and last characters of base64 hold bits of the neighbours, too.
    inner = (text[4:-4] for text in aligned)
    return tuple(form.lower() for form in (raw, raw.hex().encode(), *inner))


def betrays(content: bytes) -> bool:
    """Tell whether `CORE` can be read out of some bytes."""
    low = content.lower()
    return any(form in low for form in forms())


def files_that_betray(directory: Path) -> Iterator[Path]:
    """Yield the files below a directory that a secret can be read out of."""
    for path in sorted(directory.rglob("*")):
        if path.is_file() and betrays(path.read_bytes()):
            yield path


@attrs.frozen(kw_only=True)
class Case:
    """Files of input with the secret in one place.

    Attributes:
        options: input options of the command line; ``{}`` stands for the directory of the files.
        files: content by name.
    """

    options: tuple[str, ...]
    files: Mapping[str, str]

    def write(self, directory: Path) -> list[str]:
        """Write the files, and return the options that name them."""
        for name, content in self.files.items():
            path = directory / name
            path.write_text(content, encoding="utf-8")
            path.chmod(0o600)
        return [option.replace("{}", str(directory)) for option in self.options]


def _plan(text: str, *, name: str = "plan.yaml") -> Case:
    return Case(options=("--plan", f"{{}}/{name}"), files={name: text})


def _environment(text: str, *, name: str = "environment.yaml") -> Case:
    return Case(options=("-e", f"{{}}/{name}"), files={name: text})


def _secrets(text: str, *, name: str = "passwords.yaml", plan: str = "version: 1\n") -> Case:
    options = ("--plan", "{}/plan.yaml", "--secrets", f"{{}}/{name}")
    return Case(options=options, files={"plan.yaml": plan, name: text})


def _inventory(text: str, *, name: str = "inventory.yaml") -> Case:
    return Case(options=("-i", f"{{}}/{name}"), files={name: text})


_PLAIN_TEXT = json.dumps(PLAIN)
_TRICKY_TEXT = json.dumps(TRICKY)
_URL = f"rabbit://user:{quote(TRICKY, safe='')}@mq.example.org:5672/"
_RAW_URL = f"rabbit://user:{TRICKY}@mq.example.org:5672/"
_URL_TEXT = json.dumps(_URL)
_RAW_URL_TEXT = json.dumps(_RAW_URL)
_SYNTAX_ERRORS: Mapping[str, str] = {
    "unclosed quote": f'RpcPassword: "{PLAIN}\n',
    "unclosed bracket": f"RpcPassword: [{PLAIN}, {{\n",
    "colon in a value": f"RpcPassword: {PLAIN}: {PLAIN}: x\n",
    "tab": f"a:\n\tRpcPassword: {PLAIN}\n",
    "unknown alias": f"RpcPassword: *{PLAIN}\n",
    "tag": f"RpcPassword: !!{PLAIN} {PLAIN}\n",
    "local tag": f"RpcPassword: !{PLAIN} {PLAIN}\n",
    "bad escape": f'RpcPassword: "{PLAIN}\\q"\n',
    "percent directive": f"%{PLAIN} {PLAIN}\n",
    "reserved character": f"RpcPassword: @{PLAIN}\n",
    "duplicate key": f"{PLAIN}: 1\n{PLAIN}: 2\n",
    "second document": f"a: 1\n--- {PLAIN}\nb: {PLAIN}\n",
    "control character": f"RpcPassword: {PLAIN}\x07\n",
}
_JSON_ERRORS: Mapping[str, str] = {
    "unclosed": f'{{"RpcPassword": "{PLAIN}',
    "no comma": f'{{"RpcPassword": "{PLAIN}" "{PLAIN}"}}',
    "bare word": f'{{"RpcPassword": {PLAIN}}}',
    "constant": f'{{"{PLAIN}": NaN}}',
}
_KINDS: Mapping[str, Callable[..., Case]] = {
    "plan": _plan,
    "environment": _environment,
    "secrets": _secrets,
    "inventory": _inventory,
}


def _syntax_errors() -> Iterator[tuple[str, Case]]:
    for kind, make in _KINDS.items():
        for name, text in _SYNTAX_ERRORS.items():
            yield f"{kind}, {name}", make(text)
        for name, text in _JSON_ERRORS.items():
            yield f"{kind} as JSON, {name}", make(text, name=f"{kind}.json")


_KAFKA_OPTIONS = (
    f"{{security_protocol: SSL, ssl_client_key_password: {_PLAIN_TEXT},"
    " ssl_client_key_file: /k, ssl_client_cert_file: /c}"
)
_KAFKA = "{backend: external, scheme: kafka, nodes: [k.example.org], options: " + _KAFKA_OPTIONS + "}"
_IN_PLANS: Mapping[str, str] = {
    "password": f"rpc: {{password: {_PLAIN_TEXT}}}",
    "password as a list": f"rpc: {{password: [{_PLAIN_TEXT}]}}",
    "password for a service": f"rpc_password: {_PLAIN_TEXT}\nrpc: {_PLAIN_TEXT}",
    "URL in nodes": f"rpc: {{nodes: [{_URL_TEXT}]}}",
    "URL for nodes": f"rpc: {{nodes: {_URL_TEXT}}}",
    "raw URL in nodes": f"rpc: {{backend: external, nodes: [{{host: {_RAW_URL_TEXT}}}]}}",
    "URL in transport_url": f"rpc: {{transport_url: {_URL_TEXT}}}",
    "URL for a service": f"rpc: {_URL_TEXT}\nnotify: {_RAW_URL_TEXT}",
    "URL for a port": f"rpc: {{port: {_URL_TEXT}, tls: {_RAW_URL_TEXT}}}",
    "key": f"{PLAIN}: 1\nrpc: {{{PLAIN}: 1}}",
    "tricky key": f"{_TRICKY_TEXT}: 1\nrpc: {{{_TRICKY_TEXT}: 1}}",
    "key of options": f"rpc: {{options: {{{PLAIN}: 1}}}}",
    "key of a node": f"rpc: {{nodes: [{{host: localhost, {PLAIN}: 1}}]}}",
    "key behind an alias": f"a: &{PLAIN} {{b: 1}}\nrpc: *{PLAIN}",
    "password option": f"rpc: {{options: {{rabbit_password: {_PLAIN_TEXT}, password: {_TRICKY_TEXT}}}}}",
    "password option, valid": f"release: '2024.2'\nconsumers: [none]\nnotify: {_KAFKA}",
    "whole document": f"{_PLAIN_TEXT}\n",
}
_IN_ENVIRONMENTS: Mapping[str, str] = {
    "password": f"parameter_defaults: {{RpcPassword: {_PLAIN_TEXT}, NotifyPassword: {_TRICKY_TEXT}}}",
    "legacy password": f"parameter_defaults: {{RabbitPassword: {_PLAIN_TEXT}, RabbitCookie: {_PLAIN_TEXT}}}",
    "tricky legacy password": f"parameter_defaults: {{RabbitPassword: {_TRICKY_TEXT}}}",
    "password as a list": f"parameter_defaults: {{RpcPassword: [{_PLAIN_TEXT}]}}",
    "password as a mapping": f"parameter_defaults: {{RabbitPassword: {{a: {_PLAIN_TEXT}, {PLAIN}: a}}}}",
    "wrong section": f"RpcPassword: {_PLAIN_TEXT}\nparameters: {{NotifyPassword: {_PLAIN_TEXT}}}",
    "section that is the password": f"parameter_defaults: {_PLAIN_TEXT}\nresource_registry: [{_PLAIN_TEXT}]",
    "misspelt name": f"parameter_defaults: {{RpcPasword: {_PLAIN_TEXT}, NotifyPassw0rd: {_PLAIN_TEXT}}}",
    "name": f"parameter_defaults: {{{PLAIN}: x, Rpc{PLAIN}: x}}",
    "section": f"{PLAIN}: x\n{_TRICKY_TEXT}: x",
    "password for a port": f"parameter_defaults: {{RpcUserName: [{_PLAIN_TEXT}], RpcHosts: {_URL_TEXT}}}",
    "registry": f"resource_registry: {{OS::TripleO::Services::OsloMessagingRpc: {_URL_TEXT}}}",
    "external URL": (
        f"parameter_defaults: {{RpcTransportUrl: {_URL_TEXT}}}\n"
        "resource_registry: {OS::TripleO::Services::OsloMessagingRpc: OS::Heat::None}"
    ),
    "external URL that is none": (
        f"parameter_defaults: {{RpcTransportUrl: {_RAW_URL_TEXT}}}\n"
        "resource_registry: {OS::TripleO::Services::OsloMessagingRpc: OS::Heat::None}"
    ),
    "hieradata of all nodes": (
        f"parameter_defaults: {{AllNodesExtraMapData: {{oslo_messaging_rpc_password: {_PLAIN_TEXT}}}}}\n"
        "resource_registry: {OS::TripleO::Services::OsloMessagingRpc: OS::Heat::None}"
    ),
}
_EXTERNAL = "rpc: {backend: external}\nnotify: {backend: external}\n"
_IN_SECRETS: Mapping[str, str] = {
    "password": f"parameter_defaults: {{RpcPassword: {_PLAIN_TEXT}, RabbitCookie: {_PLAIN_TEXT}}}",
    "tricky password": f"parameter_defaults: {{RpcPassword: {_TRICKY_TEXT}}}",
    "as a list": f"parameter_defaults: {{RpcPassword: [{_PLAIN_TEXT}]}}",
    "as a mapping": f"parameter_defaults: {{RabbitCookie: {{{PLAIN}: {_PLAIN_TEXT}}}}}",
    "number": f"parameter_defaults: {{RpcPassword: 1, RabbitCookie: {PLAIN}}}\nother: {PLAIN}",
    "wrong place": f"RpcPassword: {_PLAIN_TEXT}",
    "key": f"{PLAIN}: 1\nparameter_defaults: {{{PLAIN}: 1}}",
    "key of parameter_defaults": f"parameter_defaults: {{{PLAIN}: 1}}",
    "text": _PLAIN_TEXT,
    "list": f"[{_PLAIN_TEXT}]",
    "section": f"parameter_defaults: {_PLAIN_TEXT}",
}
_IN_INVENTORIES: Mapping[str, str] = {
    "host variable": (
        f"all: {{hosts: {{localhost: {{ansible_password: {_PLAIN_TEXT}, rpc_password: [{_TRICKY_TEXT}]}}}}}}"
    ),
    "address": f"all: {{hosts: {{localhost: {{internal_api_ip: {_PLAIN_TEXT}, a_ip: {_URL_TEXT}}}}}}}",
    "host name": f"all: {{hosts: {{localhost: {{internal_api_hostname: {_TRICKY_TEXT}}}}}}}",
    "variables are a text": f"all: {{hosts: {{localhost: {_PLAIN_TEXT}}}}}",
    "hosts are a URL": f"all: {{hosts: {_URL_TEXT}}}",
    "unknown section": f"all: {{{_TRICKY_TEXT}: 1, vars: [{_PLAIN_TEXT}]}}",
    "tricky host": f"all: {{hosts: {{{_TRICKY_TEXT}: {{}}}}}}",
    "meta": f"_meta: {{hostvars: {_PLAIN_TEXT}}}",
    "text": _PLAIN_TEXT,
    "INI": f"[oslo_messaging_rpc]\nlocalhost ansible_password={PLAIN}\n",
}

#: Every place of input that a secret is planted in.
CASES: Mapping[str, Case] = {
    **{f"plan, {name}": _plan(text) for name, text in _IN_PLANS.items()},
    **{f"environment, {name}": _environment(text) for name, text in _IN_ENVIRONMENTS.items()},
    **{f"secrets, {name}": _secrets(text) for name, text in _IN_SECRETS.items()},
    "secrets, external URL": _secrets(
        f"parameter_defaults: {{RpcTransportUrl: {_URL_TEXT}, NotifyTransportUrl: {_URL_TEXT}}}",
        plan=_EXTERNAL,
    ),
    "secrets, external URL that is none": _secrets(
        f"parameter_defaults: {{RpcTransportUrl: {_RAW_URL_TEXT}, NotifyTransportUrl: {_TRICKY_TEXT}}}",
        plan=_EXTERNAL,
    ),
    **{f"inventory, {name}": _inventory(text) for name, text in _IN_INVENTORIES.items()},
    **dict(_syntax_errors()),
}
