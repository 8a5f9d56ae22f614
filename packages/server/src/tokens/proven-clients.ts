// Authorization headers that proved a client, so that the next request with the same one is neither taken apart nor
// compared with every key anew. What is remembered is whose the secret is as of one state of the registrations, never
// that the client may go on: suspensions and the limit of failures are asked every time.

import type { Client } from "@rescind/core";
import type { Head } from "@rescind/store";
import { RememberedTexts } from "./remembered-texts.ts";

export interface ProvenClient {
  readonly client: Client;
  /** The consumer key used; undefined for public clients and assertions. */
  readonly keyId: string | undefined;
}

export class ProvenClients {
  readonly #headers = new RememberedTexts<ProvenClient & { readonly catalog: number }>();

  /**
   * Whom this header proved while clients and keys were registered as they were when `head` was read.
   * @param headers those it came with, where they are the same object each time they come over a connection
   */
  find(header: string, head: Head, headers?: object): ProvenClient | undefined {
    const found = this.#headers.find(header, headers);
    return found?.catalog === head.catalog ? found : undefined;
  }

  /** `head`: with which the client's registration was found. */
  remember(header: string, { client, keyId }: ProvenClient, { catalog }: Head): void {
    this.#headers.remember(header, { client, keyId, catalog });
  }
}
