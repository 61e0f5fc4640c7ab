"""The chart, as Helm renders it: right for Kubernetes, as closed as it can be, and refused where it would not work."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.helm import CHART, LIBRARY, Rendered, render
from tokenrouter import __version__
from tokenrouter.config.load import load
from tokenrouter.testing.processes import make_home

MANY = {
    "TOKENROUTER_DATABASE_URL": "postgresql://torod@db/tokenrouter",
    "TOKENROUTER_REDIS_URL": "redis://cache:6379/0",
    "TOKENROUTER_METRICS_TOKEN": "figures",
}
EVERYTHING: dict[str, Any] = {
    "replicaCount": 3,
    "secrets": {"values": MANY},
    "autoscaling": {"enabled": True},
    "ingress": {"enabled": True, "tlsSecret": "cert", "className": "nginx", "annotations": {"a/b": "off"}},
    "serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
    "networkPolicy": {"from": [{"namespaceSelector": {}}], "egress": [{"ports": [{"port": 443}]}]},
    "persistence": {"storageClass": "fast", "annotations": {"c": "d"}},
    "extraEnv": [{"name": "LOG_LEVEL", "value": "debug"}],
    "extraArgs": ["--sandbox"],
    "extraVolumes": [{"name": "more", "emptyDir": {}}],
    "extraVolumeMounts": [{"name": "more", "mountPath": "/more"}],
    "imagePullSecrets": [{"name": "pull"}],
    "podAnnotations": {"e": "f"},
    "podLabels": {"g": "h"},
    "nodeSelector": {"kubernetes.io/arch": "amd64"},
    "tolerations": [{"key": "i", "operator": "Exists"}],
    "affinity": {"nodeAffinity": {}},
    "priorityClassName": "high",
    "serviceAccount": {"annotations": {"j": "k"}},
    "service": {"annotations": {"l": "m"}},
}
shipping = pytest.mark.shipping


def test_the_chart_is_of_this_version() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())

    assert chart["appVersion"] == chart["version"] == __version__


def test_the_configuration_in_its_values_is_one_that_torod_takes(tmp_path: Path) -> None:
    file = tmp_path / "torod.toml"
    file.write_text(yaml.safe_load((CHART / "values.yaml").read_text())["config"])

    settings = load(config=str(file), environ=make_home(tmp_path).env)

    assert settings.migrate_on_start
    grace = yaml.safe_load((CHART / "values.yaml").read_text())
    assert grace["terminationGracePeriodSeconds"] > settings.drain_s + grace["preStopSeconds"] + 15


def test_every_value_is_in_the_schema_and_every_key_of_the_schema_is_a_value() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text())
    values = yaml.safe_load((CHART / "values.yaml").read_text())

    assert set(schema["properties"]) - {"global"} == set(values)
    for name, value in values.items():
        held = schema["properties"][name]
        if held.get("properties"):
            assert set(held["properties"]) == set(value), name


@pytest.fixture(params=["as shipped", "everything", "existing secret"])
def rendered(request: pytest.FixtureRequest, tmp_path: Path) -> Rendered:
    given = {"everything": EVERYTHING, "existing secret": {"secrets": {"existing": "mine"}, "replicaCount": 2}}
    return helm(tmp_path, given.get(request.param))


def helm(folder: Path, values: dict[str, Any] | None) -> Rendered:
    if not (LIBRARY / "helm_sdkpy").exists():
        pytest.skip("Helm's library is not installed here (Linux on x86-64 only); make test-shipping installs it")
    return render(folder, values)


@shipping
def test_helm_finds_nothing_and_kubernetes_would_take_every_object(rendered: Rendered) -> None:
    validate = pytest.importorskip("kubernetes_validate", reason="make test-shipping installs it").validate

    assert (rendered.problems, rendered.refused) == ([], [])
    for one in rendered.objects():
        if not one["apiVersion"].startswith("monitoring."):
            validate(one, "1.30", strict=True)


@shipping
def test_pods_meet_the_restricted_standard(rendered: Rendered) -> None:
    pods = [rendered.one("StatefulSet")["spec"]["template"]["spec"], rendered.one("Pod")["spec"]]

    for pod in pods:
        (container,) = pod["containers"]
        own = container["securityContext"]
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert own["allowPrivilegeEscalation"] is False
        assert own["readOnlyRootFilesystem"] is True
        assert own["capabilities"] == {"drop": ["ALL"]}
        assert pod["automountServiceAccountToken"] is False


@shipping
def test_as_shipped_it_is_one_pod_with_a_volume_and_a_secret_that_is_kept(tmp_path: Path) -> None:
    rendered = helm(tmp_path, None)
    pods = rendered.one("StatefulSet")["spec"]
    secret = rendered.one("Secret")

    assert pods["replicas"] == 1
    assert pods["volumeClaimTemplates"][0]["metadata"]["name"] == "state"
    container = pods["template"]["spec"]["containers"][0]
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert container["lifecycle"]["preStop"]["exec"]["command"] == ["sleep", "5"]
    assert len(secret["data"]["ENCRYPTION_KEY"]) >= 64
    assert secret["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"
    kinds = {one["kind"] for one in rendered.objects()}
    assert kinds == {"StatefulSet", "Service", "ConfigMap", "ServiceAccount", "Secret", "NetworkPolicy", "Pod"}
    assert "first-start.txt" in rendered.texts["NOTES.txt"]


@shipping
def test_with_everything_it_scales_and_is_watched(tmp_path: Path) -> None:
    rendered = helm(tmp_path, EVERYTHING)

    assert "replicas" not in rendered.one("StatefulSet")["spec"], "the autoscaler says how many"
    assert rendered.one("HorizontalPodAutoscaler")["spec"]["scaleTargetRef"]["kind"] == "StatefulSet"
    assert rendered.one("PodDisruptionBudget")["spec"]["maxUnavailable"] == 1
    assert rendered.one("Ingress")["spec"]["tls"][0]["secretName"] == "cert"
    credentials = rendered.one("ServiceMonitor")["spec"]["endpoints"][0]["authorization"]["credentials"]
    assert credentials["key"] in rendered.one("Secret")["data"]


@shipping
def test_an_existing_secret_is_used_and_none_is_made(tmp_path: Path) -> None:
    rendered = helm(tmp_path, {"secrets": {"existing": "mine"}})
    container = rendered.one("StatefulSet")["spec"]["template"]["spec"]["containers"][0]

    assert container["envFrom"] == [{"secretRef": {"name": "mine"}}]
    assert not [one for one in rendered.objects() if one["kind"] == "Secret"]


@shipping
def test_several_pods_without_what_they_share_are_refused(tmp_path: Path) -> None:
    rendered = helm(tmp_path, {"replicaCount": 2, "secrets": {"values": {"OPENAI_API_KEY": "sk"}}})

    assert any("secrets.values.TOKENROUTER_REDIS_URL" in word for word in rendered.refused)


@shipping
@pytest.mark.parametrize(
    "values", [{"replicaCount": "three"}, {"replicas": 3}, {"secrets": {"values": {"lower-case": "x"}}}]
)
def test_a_value_that_is_none_is_refused(values: dict[str, Any], tmp_path: Path) -> None:
    assert helm(tmp_path, values).problems
