// A line or a few over the last minutes. The last values stand beside it as text, for whoever does not see lines.

import "uplot/dist/uPlot.min.css";
import { Box, Card, Group, Text, useComputedColorScheme, useMantineTheme } from "@mantine/core";
import { useResizeObserver } from "@mantine/hooks";
import { useEffect, useRef } from "react";
import uPlot from "uplot";

export interface Line {
  readonly name: string;
  readonly color: string;
  readonly values: readonly (number | undefined)[];
}

interface PlotProps {
  readonly title: string;
  /** Of what time it tells; the last minutes where absent. */
  readonly span?: string;
  /** Milliseconds since 1970. */
  readonly timesMs: readonly number[];
  readonly lines: readonly Line[];
  readonly show: (value: number) => string;
}

const height = 140;

export function Plot({ title, span = "the last minutes", timesMs, lines, show }: PlotProps) {
  const [measured, { width }] = useResizeObserver<HTMLDivElement>();
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const dark = useComputedColorScheme("light") === "dark";
  const { colors } = useMantineTheme();
  const strokes = lines.map(({ color }) => colors[color]?.[dark ? 3 : 6] ?? "gray").join(" ");
  const names = lines.map(({ name }) => name).join("\n");
  useEffect(() => {
    const element = place.current;
    if (element === null || width === 0) return;
    const ink = (dark ? colors.dark?.[2] : colors.gray?.[6]) ?? "gray";
    const grid = { stroke: dark ? "#2a2f37" : "#dfe2e7", width: 1 };
    const axis = { stroke: ink, grid, ticks: grid, font: "11px system-ui" };
    const options: uPlot.Options = {
      width,
      height,
      legend: { show: false },
      cursor: { show: false },
      axes: [
        { ...axis, values: (_, times, __, ___, step) => times.map((time) => clock(time, step)) },
        { ...axis, size: 46 },
      ],
      scales: {
        // A single point has no width; a minute is the least.
        x: { range: ({ data: [times] }) => spanOf(times) },
        y: { range: (_, __, most) => [0, Math.max(1, most * 1.1)] },
      },
      series: [{}, ...strokes.split(" ").map((stroke) => ({ stroke, width: 2, spanGaps: false }))],
    };
    plot.current = new uPlot(options, [[]], element);
    return () => {
      plot.current?.destroy();
      plot.current = null;
    };
  }, [width, dark, colors, strokes]);
  useEffect(() => {
    const data: uPlot.AlignedData = [
      timesMs.map((ms) => ms / 1000),
      ...lines.map(({ values }) => values.map((value) => (Number.isFinite(value) ? value : null))),
    ];
    if (width > 0) plot.current?.setData(data);
  }, [timesMs, lines, width]);
  return (
    <Card withBorder p="sm">
      <Group justify="space-between" gap="xs">
        <Text size="sm" c="dimmed">
          {title}
        </Text>
        <Group gap="md">
          {lines.map(({ name, color, values }) => (
            <Text key={name} size="sm">
              <Text span c={color} fw={600}>
                {lines.length > 1 ? `${name} ` : ""}
              </Text>
              <Text span fw={600}>
                {shown(values.at(-1), show)}
              </Text>
            </Text>
          ))}
        </Group>
      </Group>
      <Box ref={measured} h={height} role="img" aria-label={`${title} over ${span}: ${names}`}>
        <div ref={place} />
      </Box>
    </Card>
  );
}

const minutes = new Intl.DateTimeFormat("en-GB", { timeStyle: "short" });
const seconds = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });

/** A mark of the axis as times are written elsewhere; `step` is what lies between two marks, in seconds. */
function clock(time: number, step: number): string {
  return (step < 60 ? seconds : minutes).format(time * 1000);
}

/** In seconds, as the plot has them. */
function spanOf(times: ArrayLike<number>): [number, number] {
  const last = times[times.length - 1] ?? 0;
  return [Math.min(times[0] ?? last, last - 60), last];
}

function shown(value: number | undefined, show: (value: number) => string): string {
  return value === undefined ? "–" : show(value);
}
