"""What the files of `deploy/` say, read as their tools read them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.conftest import PROJECT

DEPLOY = PROJECT / "deploy"
KUBERNETES = DEPLOY / "kubernetes"


def documents(path: Path) -> list[dict[str, Any]]:
    """The documents of a YAML file."""
    return list(yaml.safe_load_all(path.read_text(encoding="utf-8")))


def compose() -> dict[str, Any]:
    """The compose file."""
    return documents(DEPLOY / "compose.yaml")[0]


def manifests(kind: str) -> list[dict[str, Any]]:
    """The Kubernetes objects of a kind."""
    every = (one for path in sorted(KUBERNETES.glob("*.yaml")) for one in documents(path))
    return [one for one in every if one["kind"] == kind]


def pod() -> dict[str, Any]:
    """The pod that the Deployment asks for."""
    (deployment,) = manifests("Deployment")
    spec: dict[str, Any] = deployment["spec"]["template"]["spec"]
    return spec


def pod_container(name: str) -> dict[str, Any]:
    """A container of it."""
    return next(one for one in pod()["containers"] if one["name"] == name)


def instructions() -> list[tuple[str, str]]:
    """The instructions of the image's last stage, lines joined."""
    text = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
    lines = re.sub(r"\\\n\s*", "", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE)).splitlines()
    every = [(word, rest) for word, _, rest in (line.partition(" ") for line in lines) if word]
    last = max(number for number, (word, _) in enumerate(every) if word == "FROM")
    return every[last:]


def image() -> Image:
    """What the image brings to each of its containers."""
    found = dict(instructions())
    variables = dict(pair.split("=", 1) for pair in re.split(r"\s+", found["ENV"].strip()))
    user, _, group = found["USER"].partition(":")
    return Image(int(user), int(group), variables, json.loads(found["ENTRYPOINT"]), json.loads(found["CMD"]))


@dataclass(frozen=True)
class Image:
    """User, environment and program of an image."""

    uid: int
    gid: int
    env: Mapping[str, str]
    entrypoint: list[str]
    command: list[str]


@dataclass(frozen=True)
class Contained:
    """A container as the files demand it: who runs what, with which environment, and where it may write.

    `writable` are memory file systems by their place, with mount options; `files` are laid over the image, read-only.
    """

    uid: int
    gid: int
    env: dict[str, str]
    argv: list[str]
    writable: dict[str, str]
    files: dict[str, Path] = field(default_factory=dict)
    read_only: bool = True


def contained_by_compose(name: str, values: Mapping[str, str]) -> Contained:
    """A service of the compose file, its variables filled from `values`."""
    service, made = compose()["services"][name], image()
    uid, gid = service["user"].split(":")
    given = {key: _fill(str(value), values) for key, value in service["environment"].items()}
    volumes = [one for one in service["volumes"] if one["type"] == "bind"]
    assert all(one["read_only"] for one in volumes)
    return Contained(
        uid=int(uid),
        gid=int(gid),
        env={**made.env, **given},
        argv=[*made.entrypoint, *service.get("command", made.command)],
        writable=dict(one.split(":", 1) for one in service["tmpfs"]),
        files={one["target"]: DEPLOY / one["source"] for one in volumes},
        read_only=service["read_only"],
    )


def contained_by_kubernetes(name: str, secrets: Mapping[str, str]) -> Contained:
    """A container of the Deployment; `secrets` are the values of its Secret by key."""
    container, made = pod_container(name), image()
    security = container["securityContext"]
    given = {
        one["name"]: one["value"] if "value" in one else secrets[one["valueFrom"]["secretKeyRef"]["key"]]
        for one in container["env"]
    }
    volumes = {one["name"]: one for one in pod()["volumes"]}
    mounts = container["volumeMounts"]
    group = security["runAsGroup"]
    return Contained(
        uid=security["runAsUser"],
        gid=group,
        env={**made.env, **given},
        argv=[*container.get("command", made.entrypoint), *container.get("args", made.command)],
        # As a cluster makes an emptyDir: open to all.
        writable={
            one["mountPath"]: "mode=0777,size=" + volumes[one["name"]]["emptyDir"]["sizeLimit"].rstrip("i")
            for one in mounts
            if "emptyDir" in volumes[one["name"]]
        },
        files={
            f"{one['mountPath']}/{key}": DEPLOY / key
            for one in mounts
            if "configMap" in volumes[one["name"]]
            for key in ("site.toml",)
        },
        read_only=security["readOnlyRootFilesystem"],
    )


def _fill(text: str, values: Mapping[str, str]) -> str:
    """`${NAME:?what to do}` as compose fills it: a variable that is missing is an error."""
    return re.sub(r"\$\{(\w+):\?[^}]*}", lambda found: values[found[1]], text)


def rules() -> Iterator[dict[str, Any]]:
    """The recording and alerting rules."""
    for path in sorted((DEPLOY / "prometheus").glob("*.rules.yaml")):
        for group in documents(path)[0]["groups"]:
            yield from group["rules"]
