// What is wrong with a setting, by the name under which it was given. How settings are read: configuration.ts.

/** A setting that cannot be used; the message names it and says how to mend it. */
export class ConfigurationError extends Error {
  override readonly name = "ConfigurationError";
}
