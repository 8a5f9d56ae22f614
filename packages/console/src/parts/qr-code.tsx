// A text as a QR code: drawn as a picture, black on white in dark pages too, since readers look for dark on light.

import { encode } from "uqr";

interface QrCodeProps {
  readonly text: string;
  readonly label: string;
}

/** Width of the quiet zone around it, in modules (ISO/IEC 18004 section 5.3.8). */
const quiet = 4;

export function QrCode({ text, label }: QrCodeProps) {
  const { data, size } = encode(text, { border: quiet, ecc: "M" });
  const dark = data.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : [])));
  return (
    <svg
      role="img"
      aria-label={label}
      viewBox={`0 0 ${size} ${size}`}
      width={200}
      height={200}
      shapeRendering="crispEdges"
    >
      <rect width={size} height={size} fill="#fff" />
      <path d={dark.join("")} fill="#000" />
    </svg>
  );
}
