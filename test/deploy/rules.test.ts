// What has to hold of the deploy files whatever they are run by: read from the YAML itself, since neither containers nor a
// cluster can be run here.

import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { settings } from "@rescind/server";
import { at, containerfile, deployFiles, folder, text, yaml } from "./files.ts";

/** Seconds in which a stopping server is gone: CONTRACT.md section 2. */
const stopWithin = 10;

test("every YAML file parses, without a member that stands twice", () => {
  const found = deployFiles().filter((path) => path.endsWith(".yaml"));
  assert.ok(found.length >= 10, found.join(" "));
  for (const path of found)
    for (const document of yaml(path)) assert.ok(typeof document === "object" && document !== null, path);
});

test("no secret stands in a deploy file: no password in a URL, no key, no token", () => {
  for (const path of deployFiles()) {
    const content = text(path);
    for (const [, password] of content.matchAll(/\w+:\/\/[^\s:/@]*:([^\s@/]+)@/g))
      assert.match(password ?? "", /^(…|PASSWORD|\$.*)$/, `${path} has a password`);
    assert.doesNotMatch(content, /-----BEGIN|r[act][ts]_\w{20}|[A-Za-z0-9_-]{43}/, `${path} has a key`);
  }
});

describe("Compose", () => {
  const [compose] = yaml("compose/compose.yaml");
  const services = at(compose, "services") as Record<string, unknown>;

  test("every service is restarted, and none takes privileges it does not need", () => {
    for (const [name, service] of Object.entries(services)) {
      assert.equal(at(service, "restart"), "unless-stopped", name);
      assert.equal(at(service, "privileged"), undefined, name);
    }
    for (const name of ["rescind-a", "rescind-b", "nginx"]) {
      const service = services[name];
      assert.equal(at(service, "read_only"), true, name);
      assert.deepEqual(at(service, "cap_drop"), ["ALL"], name);
      assert.deepEqual(at(service, "security_opt"), ["no-new-privileges:true"], name);
    }
  });

  test("a server gets longer to stop than it takes", () => {
    for (const name of ["rescind-a", "rescind-b"])
      assert.ok(Number.parseInt(String(at(services[name], "stop_grace_period")), 10) > stopWithin, name);
  });

  test("only nginx can be reached from outside, and the database only by the servers", () => {
    for (const [name, service] of Object.entries(services))
      assert.equal(at(service, "ports") !== undefined, name === "nginx", name);
    assert.equal(at(compose, "networks", "back", "internal"), true);
    assert.deepEqual(at(services.postgres, "networks"), ["back"]);
  });

  test("the addresses that nginx.conf sends to are those of the servers", () => {
    const sent = [...text("proxies/nginx.conf").matchAll(/^\s*server (\d[\d.]+):(\d+)/gm)];
    const servers = ["rescind-a", "rescind-b"].map((name) =>
      at(services[name], "networks", "front", "ipv4_address"),
    );
    assert.deepEqual(
      sent.map(([, address]) => address),
      servers,
    );
    assert.deepEqual([...new Set(sent.map(([, , port]) => port))], ["9400"]);
  });

  test("every secret, volume and network that a service names is declared, and the other way round", () => {
    for (const kind of ["secrets", "networks"] as const) {
      const named = Object.values(services).flatMap((service) => names(at(service, kind)));
      assert.deepEqual([...new Set(named)].sort(), names(at(compose, kind)).sort(), kind);
    }
    const mounted = Object.values(services)
      .flatMap((service) => names(at(service, "volumes")))
      .map((volume) => volume.split(":")[0] ?? "")
      .filter((source) => !source.startsWith("."));
    assert.deepEqual(mounted.sort(), names(at(compose, "volumes")).sort());
  });

  test("files that are mounted or built from are there", () => {
    assert.ok(statSync(join(folder, "compose", "../proxies/nginx.conf")).isFile());
    const build = at(services["rescind-a"], "build");
    const context = join(folder, "compose", String(at(build, "context")));
    assert.ok(statSync(join(context, String(at(build, "dockerfile")))).isFile());
  });
});

describe("Kubernetes", () => {
  const [kustomization] = yaml("kubernetes/kustomization.yaml");
  const [deployment] = yaml("kubernetes/deployment.yaml");
  const pod = at(deployment, "spec", "template", "spec");
  const container = at(pod, "containers", 0);
  const labels = at(deployment, "spec", "template", "metadata", "labels");

  test("kustomization.yaml names every file but the examples", () => {
    const files = deployFiles()
      .filter((path) => path.startsWith("kubernetes/") && path.endsWith(".yaml"))
      .map((path) => path.slice("kubernetes/".length))
      .filter((name) => name !== "kustomization.yaml" && !name.includes(".example."));
    assert.deepEqual((at(kustomization, "resources") as string[]).toSorted(), files.sort());
  });

  test("a rollout never has fewer servers than before, and draining a machine takes one at a time", () => {
    assert.equal(at(deployment, "spec", "strategy", "rollingUpdate", "maxUnavailable"), 0);
    const [budget] = yaml("kubernetes/disruption-budget.yaml");
    assert.equal(at(budget, "spec", "maxUnavailable"), 1);
    assert.ok(Number(at(deployment, "spec", "replicas")) > 1);
  });

  test("everything that selects the pods selects their labels", () => {
    const [service] = yaml("kubernetes/service.yaml");
    const [budget] = yaml("kubernetes/disruption-budget.yaml");
    const [policy] = yaml("kubernetes/network-policy.yaml");
    const [monitor] = yaml("kubernetes/service-monitor.example.yaml");
    for (const selected of [
      at(deployment, "spec", "selector", "matchLabels"),
      at(service, "spec", "selector"),
      at(budget, "spec", "selector", "matchLabels"),
      at(policy, "spec", "podSelector", "matchLabels"),
      at(pod, "topologySpreadConstraints", 0, "labelSelector", "matchLabels"),
    ])
      assert.deepEqual(selected, labels);
    assert.deepEqual(at(monitor, "spec", "selector", "matchLabels"), at(service, "metadata", "labels"));
  });

  test("probes ask what the server answers, liveness without the database", () => {
    const asked = (probe: string) => at(container, probe, "httpGet", "path");
    assert.equal(asked("startupProbe"), "/readyz");
    assert.equal(asked("readinessProbe"), "/readyz");
    assert.equal(asked("livenessProbe"), "/healthz");
    const [service] = yaml("kubernetes/service.yaml");
    const ports = at(container, "ports") as { name: string; containerPort: number }[];
    assert.deepEqual(ports, [{ name: at(service, "spec", "ports", 0, "targetPort"), containerPort: 9400 }]);
    const [policy] = yaml("kubernetes/network-policy.yaml");
    assert.equal(at(policy, "spec", "ingress", 0, "ports", 0, "port"), 9400);
    assert.match(settings.port.help, /9400/);
  });

  test("a pod gets longer to end than preStop and the server take", () => {
    const [program, seconds] = at(container, "lifecycle", "preStop", "exec", "command") as string[];
    assert.equal(program, "sleep");
    assert.ok(Number(at(pod, "terminationGracePeriodSeconds")) > Number(seconds) + stopWithin);
  });

  test("the pod passes the restricted pod security standard, and writes to its volumes only", () => {
    assert.equal(at(pod, "securityContext", "runAsNonRoot"), true);
    assert.equal(at(pod, "securityContext", "seccompProfile", "type"), "RuntimeDefault");
    assert.deepEqual(at(container, "securityContext"), {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
    assert.equal(at(pod, "automountServiceAccountToken"), false);
    const user = containerfile().find(({ name }) => name === "USER")?.value;
    assert.equal(
      `${at(pod, "securityContext", "runAsUser")}:${at(pod, "securityContext", "runAsGroup")}`,
      user,
    );
    const volumes = (at(pod, "volumes") as { name: string }[]).map(({ name }) => name);
    const mounts = (at(container, "volumeMounts") as { name: string }[]).map(({ name }) => name);
    assert.deepEqual(mounts.sort(), volumes.sort());
  });

  test("names that one file makes are the names that another uses", () => {
    const [settingsMap] = yaml("kubernetes/settings.yaml");
    const [secret] = yaml("kubernetes/secret.example.yaml");
    const [service] = yaml("kubernetes/service.yaml");
    const [ingress] = yaml("kubernetes/ingress.example.yaml");
    assert.equal(at(container, "envFrom", 0, "configMapRef", "name"), at(settingsMap, "metadata", "name"));
    assert.equal(at(pod, "volumes", 0, "secret", "secretName"), at(secret, "metadata", "name"));
    const backend = at(ingress, "spec", "rules", 0, "http", "paths", 0, "backend", "service");
    assert.equal(at(backend, "name"), at(service, "metadata", "name"));
    assert.equal(at(backend, "port", "name"), at(service, "spec", "ports", 0, "name"));
    const issuer = new URL(String(at(settingsMap, "data", "RESCIND_ISSUER")));
    assert.equal(at(ingress, "spec", "rules", 0, "host"), issuer.host);
  });
});

/** The names in a list of names, or of a mapping by name. */
function names(value: unknown): string[] {
  if (Array.isArray(value)) return value.map(String);
  return Object.keys(value ?? {});
}
