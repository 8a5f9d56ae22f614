// Apache with Debian's mod_oauth2 and the file of examples/connectors/apache.

import { after, before, test } from "node:test";
import { type Apache, startApache } from "../interop/apache.ts";
import { livesThrough } from "./life.ts";
import { type Application, kitFile, startApplication, startWorld, type World } from "./programs.ts";

let world: World;
let application: Application;
let apache: Apache;

before(async () => {
  world = await startWorld();
  application = await startApplication();
  const modules = ["proxy", "proxy_http", "oauth2"].map(
    (name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`,
  );
  apache = await startApache(async () => [
    ...modules,
    kitFile("apache/rescind.conf", {
      "127.0.0.1:9480": world.follower,
      "127.0.0.1:3000": `127.0.0.1:${application.port}`,
    }),
  ]);
});

after(async () => {
  await apache?.close();
  await application.close();
  await world.close();
});

test("Apache asks the follower: a good token is served, a revoked one refused, and everything while the follower is away", async () => {
  // mod_oauth2 answers 401 to whatever it was not told is active, a lack of scope and silence included.
  const kit = { url: `${apache.origin}/orders`, log: apache.log, forScope: 401, undecided: 401 };
  const follower = await livesThrough(world, kit, () => world.follow());
  await follower.stop();
});
