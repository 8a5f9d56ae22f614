// The three functions of Node that file-store.ts uses, declared by hand: Node's own types would let everything else of
// Node into the entries that have to run everywhere.
declare module "node:fs/promises" {
  function readFile(path: string): Promise<Uint8Array>;
  function writeFile(path: string, bytes: Uint8Array, options: { readonly mode: number }): Promise<void>;
  function rename(from: string, to: string): Promise<void>;
}
