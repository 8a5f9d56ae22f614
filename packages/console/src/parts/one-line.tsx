// A longer text on one line, whole when it is pointed at.

import look from "./one-line.module.css";

export function OneLine({ text }: { readonly text: string }) {
  return (
    <div className={look.line} title={text}>
      {text}
    </div>
  );
}
