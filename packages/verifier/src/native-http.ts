// Requests by Node's own client: a piece of a stream costs it half of what `fetch` takes, a small exchange too. Found without
// an import, so that browsers and Workers never look for it. Leaves out compression and proxies.

import type { HttpAnswer, HttpClient, HttpRequest, OpenAnswer } from "./http-client.ts";

interface NativeRequest {
  on(event: "response", listener: (response: NativeResponse) => void): NativeRequest;
  on(event: "error", listener: (cause: unknown) => void): NativeRequest;
  end(body: string | undefined): void;
}

interface NativeResponse {
  readonly statusCode: number;
  readonly headers: { readonly "content-type"?: string };
  readonly destroyed: boolean;
  on(event: "data", listener: (piece: Uint8Array) => void): NativeResponse;
  on(event: "error", listener: (cause: unknown) => void): NativeResponse;
  on(event: "end" | "close", listener: () => void): NativeResponse;
  pause(): void;
  resume(): void;
  destroy(): void;
}

interface NativeModule {
  request(url: string, options: Pick<HttpRequest, "headers" | "method" | "signal">): NativeRequest;
}

// boundary: what the runtime may or may not have; its shape is Node's
const { process } = globalThis as {
  process?: {
    getBuiltinModule?: (name: "node:http" | "node:https") => NativeModule | undefined;
    readonly env: { readonly NODE_USE_ENV_PROXY?: string };
    readonly execArgv: readonly string[];
    readonly versions: { readonly bun?: string; readonly deno?: string };
  };
};

/** Undefined but on Node itself, and where its `fetch` goes through a proxy that the environment names. */
export const nativeHttp: HttpClient | undefined = isNode() ? { ask, open } : undefined;

function isNode(): boolean {
  if (process?.getBuiltinModule === undefined) return false;
  const { bun, deno } = process.versions;
  return bun === undefined && deno === undefined && !usesProxy(process);
}

function usesProxy({ env, execArgv }: NonNullable<typeof process>): boolean {
  return env.NODE_USE_ENV_PROXY === "1" || execArgv.includes("--use-env-proxy");
}

async function ask(url: string, request: HttpRequest): Promise<HttpAnswer> {
  const response = await responseTo(url, request);
  return {
    status: response.statusCode,
    async text() {
      const decoder = new TextDecoder();
      let text = "";
      await readAll(response, (piece) => {
        text += decoder.decode(piece, { stream: true });
      });
      return text + decoder.decode();
    },
  };
}

async function open(url: string, request: HttpRequest): Promise<OpenAnswer> {
  const response = await responseTo(url, request);
  return {
    status: response.statusCode,
    contentType: response.headers["content-type"],
    read: (take) => readAll(response, take),
  };
}

function responseTo(url: string, { method, headers, body, signal }: HttpRequest): Promise<NativeResponse> {
  return new Promise((resolve, reject) => {
    const client = process?.getBuiltinModule?.(url.startsWith("https:") ? "node:https" : "node:http");
    // Whoever names no coding takes any (RFC 9110 section 12.5.3).
    const named = { "accept-encoding": "identity", ...headers };
    client
      ?.request(url, { method, headers: named, signal })
      .on("response", resolve)
      .on("error", reject)
      .end(body);
  });
}

function readAll(
  response: NativeResponse,
  take: (piece: Uint8Array) => Promise<unknown> | undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (response.destroyed) reject(new Error("the connection broke"));
    const fail = (cause: unknown): void => {
      reject(cause);
      response.destroy();
    };
    response.on("data", (piece) => {
      try {
        const taken = take(piece);
        if (taken === undefined) return;
        response.pause();
        taken.then(() => response.resume(), fail);
      } catch (cause) {
        fail(cause);
      }
    });
    response.on("error", reject).on("end", resolve).on("close", resolve);
  });
}
