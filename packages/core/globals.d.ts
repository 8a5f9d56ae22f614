// The one global that core may use beside the language itself: every runtime has it, and it is pure. Declared by
// hand, since the libraries that declare it (DOM, Node) would also let fetch, crypto and clocks in.
declare global {
  class TextEncoder {
    encode(text?: string): Uint8Array<ArrayBuffer>;
  }
}

export {};
