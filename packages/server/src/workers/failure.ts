// An error on its way from a worker to the main thread, which explains it as if it had been its own.

import { ConfigurationError } from "../configuration.ts";
import type { WorkerFailure } from "./messages.ts";

export function failureOf(error: unknown): WorkerFailure {
  const { message, cause } = error instanceof Error ? error : new Error(String(error));
  const code = error instanceof Error && "code" in error ? String(error.code) : undefined;
  return {
    message,
    why: cause instanceof Error ? cause.message : undefined,
    code,
    isConfiguration: error instanceof ConfigurationError,
  };
}

export function errorOf({ message, why, code, isConfiguration }: WorkerFailure): Error {
  const options = why === undefined ? {} : { cause: new Error(why) };
  const error = isConfiguration ? new ConfigurationError(message, options) : new Error(message, options);
  return code === undefined ? error : Object.assign(error, { code });
}
