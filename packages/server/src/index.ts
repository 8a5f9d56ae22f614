// Rescind's server: OAuth 2.0 endpoints, the admin API and the revocation feed.

export { type Configuration, ConfigurationError, readConfiguration, settings } from "./configuration.ts";
export { serveFromCommandLine } from "./serve.ts";
export { type RunningServer, startServer } from "./start.ts";
