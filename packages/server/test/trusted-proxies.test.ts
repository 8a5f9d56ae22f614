// Which connections come from a trusted proxy, beside what Fastify makes of the same list.

import assert from "node:assert/strict";
import { test } from "node:test";
import Fastify from "fastify";
import { readTrustedProxies, trustedPeers } from "../src/trusted-proxies.ts";

/** Unlike Fastify in these it trusts nobody, so that Fastify is asked. */
const unusual = ["10.0.0.0/255.0.0.0", "::ffff:10.0.0.0/104"];
const lists = [
  ...["127.0.0.1", "10.0.0.0/8", "10.1.2.3,192.0.2.0/24", "loopback", "linklocal", "uniquelocal,loopback"],
  ...["2001:db8::/32", "::1", "fe80::/10", "2001:db8::7,10.0.0.0/30", ...unusual],
];
const peers = [
  ...[
    "127.0.0.1",
    "127.9.9.9",
    "::1",
    "::ffff:127.0.0.1",
    "10.0.0.1",
    "10.0.0.4",
    "10.1.2.3",
    "::ffff:10.1.2.3",
  ],
  ...[
    "192.0.2.9",
    "192.168.1.1",
    "172.16.0.1",
    "172.32.0.1",
    "169.254.3.4",
    "fe80::1",
    "fc00::2",
    "2001:db8::7",
  ],
  ...["2001:db9::7", "8.8.8.8", "::ffff:8.8.8.8"],
];

test("AC-20 whose X-Forwarded-For is believed without Fastify, it is believed by Fastify, and the other way round", async () => {
  for (const list of lists) {
    const trusted = readTrustedProxies(list);
    const isTrusted = trustedPeers(trusted);
    const app = Fastify({ trustProxy: [...trusted] });
    app.get("/", async (request) => request.ip);
    for (const remoteAddress of peers) {
      const headers = { "x-forwarded-for": "198.51.100.1" };
      const { body } = await app.inject({ url: "/", remoteAddress, headers });
      const believed = body === "198.51.100.1" && !unusual.includes(list);
      assert.equal(isTrusted(remoteAddress), believed, `${remoteAddress} in ${list}`);
    }
  }
  assert.equal(trustedPeers(["fe80::/10"])("fe80::1%eth0"), false);
  assert.equal(trustedPeers([])(""), false);
});
