// Placeholder until the commands exist.
export {};

if (process.argv[2] === "--version") console.log("0.1.0");
