// Holds the arrows of the design between the packages, each with its reason in the message.
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, test } from "node:test";
import {
  filesBelow,
  importsIn,
  importsOf,
  linesMatching,
  packageOf,
  reachableFrom,
  read,
  root,
  target,
} from "./sources.ts";

type Rule = { readonly may: readonly string[]; readonly because: string };

/** What each package may import beside Node itself. */
const arrows: Record<string, Rule> = {
  core: {
    may: [],
    because:
      "core decides over plain data for server, verifier and console alike: whatever it imported, a Worker would carry",
  },
  store: {
    may: ["@rescind/core", "pg"],
    because: "the store applies what core decided and knows nothing of HTTP or of who asks",
  },
  verifier: {
    may: ["@rescind/core", "jose"],
    because: "resource servers install it: every dependency of it is one of theirs",
  },
  "admin-api": {
    may: ["@rescind/core", "typebox"],
    because: "it is the contract between server and clients, so it may know neither side's inside",
  },
  server: {
    may: [
      "@rescind/core",
      "@rescind/store",
      "@rescind/admin-api",
      ...["@simplewebauthn/server", "bcryptjs", "fastify", "@fastify/swagger", "ioredis", "jose"],
      ...["openid-client", "pino", "prom-client", "typebox"],
    ],
    because:
      "a new dependency of the server needs a decision record, and cli, console and verifier are its clients",
  },
  console: {
    may: [
      "@rescind/admin-api",
      ...["@mantine/core", "@mantine/hooks"],
      ...["@tanstack/react-query", "@tanstack/react-router", "@tanstack/react-virtual"],
      ...["oidc-client-ts", "react", "react-dom", "uplot", "uqr"],
    ],
    because:
      "the pages are clients of the public APIs, and every package in them is bytes that people wait for",
  },
  cli: {
    may: ["@rescind/admin-api", "@rescind/server", "commander", "@clack/prompts"],
    because: "the command line is a client of the admin API and knows nothing else",
  },
};

const commandsWithServer = ["serve", "migrate", "backup", "restore", "doctor"];

describe("the arrows between the packages", () => {
  test("every package has its rule here", () => {
    const folders = readdirSync(join(root, "packages"));
    assert.deepEqual(
      folders.filter((folder) => !(folder in arrows)),
      [],
      "a new package needs its place in the design and in this table first",
    );
  });

  for (const [folder, { may, because }] of Object.entries(arrows)) {
    test(`${folder} imports ${may.length === 0 ? "nothing" : may.join(", ")}`, () => {
      for (const found of imports(folder)) {
        const name = packageOf(found.specifier);
        if (name === undefined || name.startsWith("node:")) continue;
        assert.ok(may.includes(name), `${at(found)} imports ${name}: ${because}`);
      }
    });

    test(`${folder} declares what it imports, and nothing that it may not`, () => {
      const { dependencies = {}, devDependencies = {} } = JSON.parse(read(`packages/${folder}/package.json`));
      // The console's are built into the files that the server brings along.
      const declared = Object.keys({ ...dependencies, ...(folder === "console" ? devDependencies : {}) });
      for (const found of imports(folder)) {
        const name = packageOf(found.specifier);
        if (name === undefined || name.startsWith("node:")) continue;
        assert.ok(
          declared.includes(name),
          `${at(found)} imports ${name}, which packages/${folder}/package.json does not declare: it would be missing outside of this tree`,
        );
      }
      if (folder === "console") return;
      for (const name of declared) assert.ok(may.includes(name), `${folder} declares ${name}: ${because}`);
    });

    test(`${folder} reaches other packages by their names only`, () => {
      for (const found of imports(folder)) {
        const path = target(found);
        const inside = path === undefined || path.startsWith(`packages/${folder}/`);
        assert.ok(
          inside,
          `${at(found)} imports ${found.specifier}: a path into another package is lost when packed`,
        );
      }
    });
  }

  test("cli imports server from the commands that run one only", () => {
    for (const found of imports("cli")) {
      if (packageOf(found.specifier) !== "@rescind/server") continue;
      assert.ok(
        commandsWithServer.includes(basename(found.file, ".ts")),
        `${at(found)} imports @rescind/server: all but ${commandsWithServer.join(", ")} must work against a server elsewhere, over its public endpoints`,
      );
    }
  });
});

describe("core is pure", () => {
  const forbidden: [string, RegExp][] = [
    ["the clock", /\bDate\.now\b|\bnew Date\(\s*\)|\bperformance\b|\bprocess\b/],
    ["chance", /\bMath\.random\b|\bcrypto\b/],
    [
      "time to pass",
      /\basync\b|\bawait\b|\bPromise\b|\bset(?:Timeout|Interval|Immediate)\b|\bqueueMicrotask\b/,
    ],
    ["the outside", /\bfetch\b|\bconsole\b|\bglobalThis\b/],
  ];
  for (const [what, pattern] of forbidden) {
    test(`core does not ask for ${what}`, () => {
      for (const file of filesBelow("packages/core/src")) {
        const [first] = linesMatching(read(file), pattern);
        const reason =
          "the same input has to give the same verdict everywhere; take it as an argument (`at`, bytes)";
        assert.equal(first, undefined, `${file}:${first?.line} \`${first?.code}\`: ${reason}`);
      }
    });
  }

  test("core imports nothing of Node", () => {
    for (const found of imports("core")) {
      const isNode = found.specifier.startsWith("node:");
      assert.ok(!isNode, `${at(found)} imports ${found.specifier}: core runs in browsers and Workers too`);
    }
  });
});

describe("the verifier runs everywhere", () => {
  test("nothing that its default entry or its test kit reaches imports Node", () => {
    const entries = ["packages/verifier/src/index.ts", "packages/verifier/src/testing/index.ts"];
    for (const file of entries.flatMap((entry) => [...reachableFrom(entry)])) {
      for (const found of importsOf(file)) {
        const isNode = found.specifier.startsWith("node:");
        assert.ok(!isNode, `${at(found)} imports ${found.specifier}: Bun, Deno and Workers load this entry`);
      }
    }
  });
});

describe("the rules see what they forbid", () => {
  test("imports of every form are found, and those in comments are not", () => {
    const source = [
      'import a from "one";',
      "import {\n  b,\n  type C,\n} from 'two/sub';",
      'export * from "@three/of/it";',
      'import "four";',
      'const five = await import("five");',
      '// import x from "no";',
      '/* import y from "no";\n*/ import type { D } from "node:six";',
    ].join("\n");
    const found = importsIn(source).map(({ specifier }) => packageOf(specifier));
    assert.deepEqual(found.sort(), ["@three/of", "five", "four", "node:six", "one", "two"]);
  });

  test("code is told from comments and strings", () => {
    const source = '// Date.now()\nconst text = "Date.now()";\n/* Date.now() */ const at = Date.now();';
    assert.deepEqual(
      linesMatching(source, /\bDate\.now\b/).map(({ line }) => line),
      [3],
    );
  });
});

function imports(folder: string) {
  return filesBelow(`packages/${folder}/src`).flatMap(importsOf);
}

function at({ file, line }: { file: string; line: number }): string {
  return `${file}:${line}`;
}
