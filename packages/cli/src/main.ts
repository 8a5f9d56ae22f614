// The command line. `serve` goes its own way, before anything that only the other verbs need is loaded: a server has
// to answer within 500 ms of the process's start.

const [verb, ...rest] = process.argv.slice(2);

if (verb === "serve") {
  const { serve } = await import("./commands/serve.ts");
  await serve(rest, process.env);
} else {
  const { run } = await import("./program.ts");
  await run(process.argv.slice(2));
}
