// A header that proved a client is known again only as long as nothing was registered anew, in bounded room, and not by
// its text (FAULTS E2). That suspensions and the limit of failures count all the same is test/threats.
import assert from "node:assert/strict";
import { test } from "node:test";
import { client } from "../../../core/test/clients.ts";
import { ProvenClients } from "../../src/tokens/proven-clients.ts";
import { RememberedTexts } from "../../src/tokens/remembered-texts.ts";

function headAt(catalog: number) {
  const position = { seq: 7, hash: "" };
  return { position, longest: { accessToken: 900, grant: 900 }, catalog, nowMs: 0 };
}

test("a header proves a client for the registrations it was proved by, and for no others", () => {
  const proven = new ProvenClients();
  const header = "Basic YXBwOnNlY3JldA==";
  assert.equal(proven.find(header, headAt(3)), undefined);
  proven.remember(header, { client, keyId: "key_1" }, headAt(3));
  assert.equal(proven.find(header, headAt(3))?.keyId, "key_1");
  assert.equal(proven.find(`${header} `, headAt(3)), undefined);
  assert.equal(proven.find(header, headAt(4)), undefined, "something was registered since");
  assert.equal(proven.find(header, headAt(2)), undefined, "it was not looked at then");
  proven.remember(header, { client, keyId: "key_2" }, headAt(4));
  assert.equal(proven.find(header, headAt(4))?.keyId, "key_2");
});

test("headers that come again prove what their text proves now, and another text with them nothing", () => {
  const proven = new ProvenClients();
  const [header, headers] = ["Basic YXBwOnNlY3JldA==", {}];
  assert.equal(proven.find(header, headAt(3), headers), undefined);
  proven.remember(header, { client, keyId: "key_1" }, headAt(3));
  assert.equal(proven.find(header, headAt(3), headers)?.keyId, "key_1");
  assert.equal(proven.find(`${header} `, headAt(3), headers), undefined);
  assert.equal(proven.find(header, headAt(3), headers)?.keyId, "key_1");
  assert.equal(proven.find(header, headAt(3), {})?.keyId, "key_1", "over another connection");
  assert.equal(proven.find(header, headAt(4), headers), undefined, "something was registered since");
});

test("of many texts those asked for lately are kept", () => {
  const texts = new RememberedTexts<number>();
  for (let number = 0; number < 50_000; number++) {
    texts.remember(`text ${number}`, number);
    assert.equal(texts.find("text 0"), 0);
  }
  assert.equal(texts.find("text 49999"), 49_999);
  let kept = 0;
  for (let number = 0; number < 50_000; number++) if (texts.find(`text ${number}`) !== undefined) kept++;
  assert.ok(kept <= 20_000, `${kept} are kept`);
});
