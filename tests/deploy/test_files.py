"""The files of `deploy/` against what reads them: schemas and linters, and the product that they describe."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
from yamllint import linter
from yamllint.config import YamlLintConfig

from cds_service import __version__
from cds_service.commands.serve import STOP_SECONDS
from cds_service.settings import PREFIX, TABLES, Settings
from tests.conftest import PROJECT
from tests.deploy.files import (
    DEPLOY,
    KUBERNETES,
    compose,
    documents,
    image,
    instructions,
    manifests,
    pod,
    pod_container,
)

YAML = sorted(path for path in DEPLOY.rglob("*.yaml") if path.name != ".yamllint.yaml")
KUBERNETES_RELEASE = "1.34"
TOOLS = Path(sys.executable).parent


@pytest.mark.parametrize("path", YAML, ids=lambda path: path.name)
def test_yaml_is_tidy(path: Path) -> None:
    config = YamlLintConfig(file=str(DEPLOY / ".yamllint.yaml"))
    assert [str(one) for one in linter.run(path.read_text(encoding="utf-8"), config)] == []


def test_the_container_file_is_sound() -> None:
    hadolint = shutil.which("hadolint", path=f"{TOOLS}:{os.environ['PATH']}")
    if hadolint is None:
        pytest.skip("no hadolint for this machine")
    done = subprocess.run([hadolint, DEPLOY / "Containerfile"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_compose_file_is_one_by_its_schema() -> None:
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*check, DEPLOY / "compose.yaml"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


OBJECTS = [one for path in sorted(KUBERNETES.glob("*.yaml")) for one in documents(path)]


@pytest.mark.parametrize("one", OBJECTS, ids=lambda one: f"{one['kind']}-{one['metadata']['name']}")
def test_a_manifest_is_one_by_the_schemas_of_kubernetes(one: dict[str, Any]) -> None:
    kubernetes_validate.validate(one, KUBERNETES_RELEASE, strict=True)


def test_the_kustomization_takes_every_manifest_and_its_files_are_there() -> None:
    (whole,) = documents(DEPLOY / "kustomization.yaml")
    assert {DEPLOY / one for one in whole["resources"]} == set(KUBERNETES.glob("*.yaml"))
    for generator in whole["configMapGenerator"]:
        assert all((DEPLOY / one).is_file() for one in generator["files"])
    volumes = {one["configMap"]["name"] for one in pod()["volumes"] if "configMap" in one}
    assert volumes == {generator["name"] for generator in whole["configMapGenerator"]}
    assert {one["newTag"] for one in whole["images"]} == {__version__}


def test_the_image_is_of_this_release_everywhere() -> None:
    assert compose()["services"]["service"]["image"] == f"platelet-hooks:{__version__}"
    assert pod_container("service")["image"] == f"platelet-hooks:{__version__}"


# ----------------------------------------------------------------------------------------- the image


def test_the_image_runs_without_rights_from_locked_packages() -> None:
    made = image()
    assert made.uid >= 10_000
    assert made.gid >= 10_000
    text = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
    assert "--require-hashes" in text
    assert dict(instructions())["STOPSIGNAL"] == "SIGTERM"
    assert f"install -d -o {made.uid} -g {made.gid} -m 0700 {made.env[PREFIX + 'STATE_DIR']}" in text


def test_the_image_is_made_of_files_that_are_let_in() -> None:
    lines = (PROJECT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in lines
    admitted = {line[1:] for line in lines if line.startswith("!")}
    assert [name for name in admitted if not (PROJECT / name).exists()] == []
    text = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE)
    locks = {one for one in admitted if one.endswith(".lock")}
    assert locks == {"requirements.lock", "requirements-otel.lock"}
    assert {name for line in copied for name in line.split()} - {"${LOCK}"} | locks == admitted


# ----------------------------------------------------------------------------------------- settings


def test_every_variable_is_a_setting_and_production_has_what_it_needs() -> None:
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields if name not in TABLES}
    in_compose = set(compose()["services"]["service"]["environment"])
    in_pod = {one["name"] for one in pod_container("service")["env"]}
    by_image = {name for name in image().env if name.startswith(PREFIX)}
    assert in_compose | in_pod | by_image <= known
    needed = {f"{PREFIX}{name}" for name in ("MODE", "PUBLIC_URL", "CONFIG", "DATABASE_URL", "SECRET")}
    assert needed <= in_compose & in_pod


def test_no_secret_stands_in_a_file() -> None:
    environment = compose()["services"]["service"]["environment"]
    for name in ("SECRET", "ADMIN_TOKEN"):
        assert re.fullmatch(r"\$\{\w+:\?set in \.env\}", environment[f"{PREFIX}{name}"])
    secret = {one["name"] for one in pod_container("service")["env"] if "valueFrom" in one}
    assert secret == {f"{PREFIX}{name}" for name in ("DATABASE_URL", "SECRET", "ADMIN_TOKEN")}
    asked = set(re.findall(r"\$\{(\w+):\?", (DEPLOY / "compose.yaml").read_text(encoding="utf-8")))
    offered = re.findall(r"^(\w+)=(.*)$", (DEPLOY / ".env.example").read_text(encoding="utf-8"), re.MULTILINE)
    assert {name for name, _ in offered} == asked
    assert {name for name, value in offered if value} == {"PUBLIC_URL"}
    assert manifests("Secret") == []


# ----------------------------------------------------------------------------------------- hardening


@pytest.mark.parametrize("name", ["database", "service", "proxy"])
def test_compose_gives_no_rights(name: str) -> None:
    service = compose()["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not service["user"].startswith(("0", "root"))
    assert not service.get("privileged")


def test_compose_opens_one_port_and_hides_the_database() -> None:
    whole = compose()
    ports = {name: service.get("ports", []) for name, service in whole["services"].items()}
    assert [name for name, some in ports.items() if some] == ["proxy"]
    assert ports["proxy"][0]["published"] == "443"
    networks = whole["services"]["database"]["networks"]
    assert networks == ["store"]
    assert whole["networks"]["store"] == {"internal": True}


@pytest.mark.parametrize("name", ["service", "proxy"])
def test_kubernetes_gives_no_rights(name: str) -> None:
    container = pod_container(name)
    security = container["securityContext"]
    assert security["runAsUser"] > 0
    assert security["readOnlyRootFilesystem"] is True
    assert security["allowPrivilegeEscalation"] is False
    assert security["capabilities"] == {"drop": ["ALL"]}
    assert "memory" in container["resources"]["limits"]
    assert {"readinessProbe", "livenessProbe"} <= set(container)
    assert pod()["securityContext"] == {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    assert pod()["automountServiceAccountToken"] is False


def test_calls_are_sent_to_a_pod_whose_store_is_away() -> None:
    """Without the store a call is still answered: a probe that asks for it would take all pods away at once."""
    service = pod_container("service")
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert service[probe]["httpGet"]["path"] == "/health/live"


def test_one_pod_stays_and_labels_meet() -> None:
    (deployment,), (budget,) = manifests("Deployment"), manifests("PodDisruptionBudget")
    (policy,) = manifests("NetworkPolicy")
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert deployment["spec"]["replicas"] > budget["spec"]["minAvailable"] >= 1
    selectors = [budget["spec"]["selector"]["matchLabels"], policy["spec"]["podSelector"]["matchLabels"]]
    selectors += [one["spec"]["selector"] for one in manifests("Service")]
    assert all(one == labels for one in selectors)
    assert set(policy["spec"]["policyTypes"]) == {"Ingress", "Egress"}
    for rule in policy["spec"]["ingress"]:
        for port in rule["ports"]:
            assert port["port"] == 8443 or rule["from"], "plain http only for the monitoring"


def test_a_stop_has_time_to_drain() -> None:
    grace = compose()["services"]["service"]["stop_grace_period"]
    assert int(grace.removesuffix("s")) > STOP_SECONDS
    pause = pod_container("service")["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert pod()["terminationGracePeriodSeconds"] > STOP_SECONDS + pause


# ----------------------------------------------------------------------------------------- the guide


def test_the_commands_of_the_guide_make_what_the_files_ask_for() -> None:
    """They need an engine or a cluster, so they are not run: names, keys and files are compared."""
    guide = (PROJECT / "docs/operations.md").read_text(encoding="utf-8")
    (secret,) = re.findall(r"kubectl create secret generic (\S+) --namespace=(\S+) ((?:.|\\\n)+)", guide)
    wanted = {
        (one["valueFrom"]["secretKeyRef"]["name"], one["valueFrom"]["secretKeyRef"]["key"])
        for one in pod_container("service")["env"]
        if "valueFrom" in one
    }
    keys = re.findall(r"--from-literal=([a-z-]+)=", guide)
    assert {(secret[0], key) for key in keys} == wanted
    (tls,) = re.findall(
        r"kubectl create secret tls (\S+) --namespace=(\S+) --cert=tls.crt --key=tls.key", guide
    )
    assert tls[0] in {one["secret"]["secretName"] for one in pod()["volumes"] if "secret" in one}
    (namespace,) = manifests("Namespace")
    assert {secret[1], tls[1], *re.findall(r"kubectl create namespace (\S+)", guide)} == {
        namespace["metadata"]["name"]
    }
    for name in (".env.example", "site.toml", "nginx/nginx.conf", "kustomization.yaml"):
        assert f"`{name}`" in guide or f" {name}" in guide
        assert (DEPLOY / name).is_file()
    command = "platelet-hooks serve --host 127.0.0.1 --port 8080 --workers 2"
    assert command in guide
    assert " ".join([*image().entrypoint, *image().command]) == command.replace("127.0.0.1", "0.0.0.0")


# ----------------------------------------------------------------------------------------- systemd


UNIT = (DEPLOY / "systemd/platelet-hooks.service").read_text(encoding="utf-8")


def test_the_unit_runs_what_the_image_runs() -> None:
    (command,) = re.findall(r"^ExecStart=/opt/platelet-hooks/bin/(.+)$", UNIT, re.MULTILINE)
    assert command.replace("127.0.0.1", "0.0.0.0").split() == [*image().entrypoint, *image().command]
    (state,) = re.findall(r"^StateDirectory=(\S+)$", UNIT, re.MULTILINE)
    assert f"Environment={PREFIX}STATE_DIR=/var/lib/{state}" in UNIT
    (seconds,) = re.findall(r"^TimeoutStopSec=(\d+)$", UNIT, re.MULTILINE)
    assert int(seconds) > STOP_SECONDS
    assert "ProtectSystem=strict" in UNIT


def test_systemd_takes_the_unit_and_finds_it_hardened(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("no systemd-analyze on this machine")
    here = tmp_path / "platelet-hooks.service"
    here.write_text(UNIT.replace("/opt/platelet-hooks", sys.prefix))
    for command in (["verify", "--man=no"], ["security", "--offline=true", "--threshold=20", "--no-pager"]):
        done = subprocess.run([analyze, *command, here], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
