// A failure of the page's own or of the browser, told in words for the person who reads them.

export class Explained extends Error {
  override readonly name = "Explained";
}
