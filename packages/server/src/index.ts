// Rescind's server: OAuth 2.0 endpoints, the admin API and the revocation feed.

export {
  type BackupReceipt,
  backUp,
  type Examined,
  type Moved,
  type MoveReceipt,
  moveDatabase,
  undoMove,
} from "@rescind/store";
export {
  type Configuration,
  ConfigurationError,
  isDatabaseAddress,
  readConfiguration,
  settings,
} from "./configuration.ts";
export { examineHere } from "./moving/examine.ts";
export {
  type DatabaseOptions,
  databaseSettings,
  type Restored,
  restore,
  restoreInPlace,
} from "./moving/verbs.ts";
export { serveFromCommandLine } from "./serve.ts";
export { type RunningServer, startServer } from "./start.ts";
