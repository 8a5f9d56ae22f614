// The operator's brand: which settings are taken, and colours that can be read whatever colour was chosen.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { ConfigurationError, readConfiguration } from "@rescind/server";
import fc from "fast-check";
import { colorsOn, contrast, parse } from "../../src/pages/brand.ts";
import { escapeHtml, html } from "../../src/pages/html.ts";

const folder = mkdtempSync(join(tmpdir(), "rescind-brand-"));
after(() => rmSync(folder, { recursive: true }));
const numRuns = process.env.RESCIND_TEST_LONG === "1" ? 100_000 : 2000;
const seed = Number(process.env.RESCIND_TEST_SEED ?? 1);

function file(name: string, bytes: Uint8Array | string): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

function brandOf(...flags: readonly string[]) {
  return readConfiguration(flags, {}).brand;
}

test("without settings the pages carry the product's own name", () => {
  const { name, color, logo } = brandOf();
  assert.equal(name, "Rescind");
  assert.match(color, /^#[0-9a-f]{6}$/);
  assert.equal(logo, undefined);
});

test("name, colour and logo are taken from the settings; a logo's type from its ending", () => {
  const brand = brandOf(
    "--brand-name",
    "Ünïted 株式会社",
    "--brand-color",
    "#0A7",
    "--brand-logo",
    file("a.SVG", "<svg/>"),
  );
  assert.equal(brand.name, "Ünïted 株式会社");
  assert.equal(brand.color, "#00aa77");
  assert.equal(brand.logo?.type, "image/svg+xml");
  for (const [ending, type] of [
    ["png", "png"],
    ["jpg", "jpeg"],
    ["jpeg", "jpeg"],
    ["webp", "webp"],
  ])
    assert.equal(brandOf("--brand-logo", file(`a.${ending}`, "x")).logo?.type, `image/${type}`);
  const fromFile = file("config.json", JSON.stringify({ brand_name: "Acme", brand_color: "#123456" }));
  assert.deepEqual(brandOf("--config", fromFile), { name: "Acme", color: "#123456", logo: undefined });
});

test("settings that cannot be used are refused by their name", () => {
  const wrong: [string, string][] = [
    ["--brand-name", ""],
    ["--brand-name", "   "],
    ["--brand-name", "x".repeat(61)],
    ["--brand-name", "a\nb"],
    ["--brand-name", "a\u202eb"],
    ["--brand-color", "red"],
    ["--brand-color", "#12345"],
    ["--brand-color", "#12345g"],
    ["--brand-color", "#fff;}body{display:none"],
    ["--brand-logo", join(folder, "missing.png")],
    ["--brand-logo", file("logo.html", "<script>")],
    ["--brand-logo", file("empty.png", "")],
    ["--brand-logo", file("large.png", new Uint8Array(257 * 1024))],
  ];
  for (const [flag, value] of wrong)
    assert.throws(
      () => brandOf(flag, value),
      (error) => error instanceof ConfigurationError && error.message.includes(flag),
      `${flag} ${value}`,
    );
});

test("WCAG 1.4.3 text on buttons and links can be read in any brand colour, on either background", () => {
  const channel = fc.integer({ min: 0, max: 255 });
  fc.assert(
    fc.property(channel, channel, channel, fc.constantFrom("#ffffff", "#15181d"), (r, g, b, background) => {
      const brand = `#${[r, g, b].map((value) => value.toString(16).padStart(2, "0")).join("")}`;
      const { fill, fillHover, onFill, accent } = colorsOn(brand, background);
      assert.ok(contrast(parse(onFill), parse(fill)) >= 4.5, `${brand} on its button`);
      assert.ok(contrast(parse(onFill), parse(fillHover)) >= 4.5, `${brand} under the pointer`);
      assert.ok(contrast(parse(accent), parse(background)) >= 4.5, `${brand} as a link`);
      assert.ok(contrast(parse(fill), parse(background)) >= 1.5, `${brand} as a button's shape`);
    }),
    { seed, numRuns },
  );
});

test("WEB-05 every value in a template is escaped, in text and in attributes alike", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(..."<>&\"'`= /aé\n😀") }), (text) => {
      const written = html`<p title="${text}">${text}</p>`.html;
      const inside = written.slice('<p title="'.length, -"</p>".length);
      assert.doesNotMatch(inside.replace('">', ""), /[<>"']/);
      assert.ok(inside.endsWith(escapeHtml(text)));
    }),
    { seed, numRuns },
  );
  assert.equal(html`<b>${[html`<i>${"<"}</i>`, html`&`]}${undefined}${3}</b>`.html, "<b><i>&lt;</i>&3</b>");
});
